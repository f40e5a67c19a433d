//! Which conversations wait for what a driver is told.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use evcharging_common::{
    error::Error,
    kafka::{self, KafkaConfig},
    pb::events::v1::{DriverNotification, driver_notification::Notification},
    shutdown::CancellationToken,
};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
};
use tracing::Span;

/// How long a request waits until its answer can be heard.
const HEARD_DEADLINE: Duration = Duration::from_secs(8);
/// What may wait for a conversation before it counts as too slow.
const WAITING: usize = 16;

/// Something that a driver is told, and the span in which that is worked on.
#[derive(Clone)]
pub struct Heard {
    /// What.
    pub notification: Arc<Notification>,
    /// In which span.
    pub span: Span,
}

/// A handle on the drivers that somebody listens for. Cheap to clone.
#[derive(Clone)]
pub struct Drivers {
    listeners: Arc<Mutex<HashMap<String, Vec<mpsc::Sender<Heard>>>>>,
    /// Somebody has listened: charge points alone need no client of Kafka that hears what drivers are told.
    is_wanted: Arc<watch::Sender<bool>>,
    is_following: Arc<watch::Sender<bool>>,
}

impl Drivers {
    /// Nobody listens yet, and nothing is heard.
    pub fn new() -> Self {
        let no = || Arc::new(watch::Sender::new(false));
        Self { listeners: Arc::default(), is_wanted: no(), is_following: no() }
    }

    /// What this driver is told, once it is heard. A listener that falls behind finds its channel closed.
    pub fn listen(&self, driver_id: &str) -> mpsc::Receiver<Heard> {
        self.is_wanted.send_replace(true);
        let (sender, receiver) = mpsc::channel(WAITING);
        self.lock().entry(driver_id.to_owned()).or_default().push(sender);
        receiver
    }

    /// Waits until what drivers are told is heard: who asks before that could miss the answer.
    ///
    /// # Errors
    /// UNAVAILABLE when Kafka is away.
    pub async fn heard(&self) -> Result<(), Error> {
        let mut is_following = self.is_following.subscribe();
        match timeout(HEARD_DEADLINE, is_following.wait_for(|is_following| *is_following)).await {
            Ok(Ok(_)) => Ok(()),
            _ => {
                let message = "the network's messages can't be heard now; ask again";
                Err(Error::unavailable(message, "Kafka is not followed"))
            }
        }
    }

    /// Follows the topic from when somebody listens until the token is cancelled.
    ///
    /// # Errors
    /// When the client can't be made.
    pub async fn run(&self, kafka: &KafkaConfig, shutdown: CancellationToken) -> Result<(), Error> {
        let mut is_wanted = self.is_wanted.subscribe();
        let wanted = is_wanted.wait_for(|is_wanted| *is_wanted);
        if shutdown.run_until_cancelled(wanted).await.is_none() {
            return Ok(());
        }
        let followed = kafka::follow::<DriverNotification>(kafka, "gateway", shutdown.clone()).await;
        let mut heard = match followed {
            Err(_) if shutdown.is_cancelled() => return Ok(()),
            followed => followed?,
        };
        self.is_following.send_replace(true);
        while let Some(Some(seen)) = shutdown.run_until_cancelled(heard.recv()).await {
            if !self.lock().contains_key(&seen.key) {
                continue;
            }
            let span = seen.process_span();
            if let Some(notification) = seen.event.notification {
                self.tell(&seen.key, &Heard { notification: Arc::new(notification), span });
            }
        }
        Ok(())
    }

    /// Who does not listen any more, or too slowly, is forgotten.
    fn tell(&self, driver_id: &str, heard: &Heard) {
        let mut listeners = self.lock();
        if let Some(of_driver) = listeners.get_mut(driver_id) {
            of_driver.retain(|listener| listener.try_send(heard.clone()).is_ok());
            if of_driver.is_empty() {
                listeners.remove(driver_id);
            }
        }
    }

    /// Forgets those who have left, whether anything is said to them or not.
    pub fn forget_closed(&self, driver_id: &str) {
        let mut listeners = self.lock();
        if let Some(of_driver) = listeners.get_mut(driver_id) {
            of_driver.retain(|listener| !listener.is_closed());
            if of_driver.is_empty() {
                listeners.remove(driver_id);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<mpsc::Sender<Heard>>>> {
        // No change is left half done by a panic.
        self.listeners.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
