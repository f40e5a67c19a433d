//! The driver's side of Kafka: what is told to it, and its own messages, delivered in order however long Kafka is away.

use evcharging_common::{
    backoff::Backoff,
    error::Error,
    events::Event,
    kafka::{self, KafkaConfig, OutgoingRecord, Producer},
    pb::events::v1::{DriverNotification, driver_notification::Notification},
    shutdown::CancellationToken,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tracing::Instrument;

use crate::charge::Outgoing;

/// Notifications that may wait for the driver to look at them.
const NOTIFICATION_QUEUE: usize = 256;
/// A charge has three messages.
const OUTGOING_QUEUE: usize = 4;

/// Both directions, for one driver.
pub(crate) struct Messaging {
    pub producer: Producer,
    pub config: KafkaConfig,
    /// What this driver is told.
    pub notifications: mpsc::Receiver<Notification>,
    following: watch::Receiver<bool>,
    end: CancellationToken,
}

impl Messaging {
    /// Connects in the background, for as long as it takes.
    ///
    /// # Errors
    /// When Kafka's client refuses the configuration.
    pub fn connect(config: KafkaConfig, driver_id: &str) -> Result<Self, Error> {
        let producer = Producer::new(&config, "driver")?;
        let end = CancellationToken::new();
        let (sender, notifications) = mpsc::channel(NOTIFICATION_QUEUE);
        let (following_sender, following) = watch::channel(false);
        tokio::spawn(follow(config.clone(), driver_id.to_owned(), sender, following_sender, end.clone()));
        Ok(Self { producer, config, notifications, following, end })
    }

    /// A delivery for the messages of one charge.
    pub fn delivery(&self) -> Delivery {
        let (queue, records) = mpsc::channel(OUTGOING_QUEUE);
        let (confirm, confirmed) = mpsc::channel(OUTGOING_QUEUE);
        let task = tokio::spawn(deliver(self.producer.clone(), self.following.clone(), records, confirm));
        Delivery { queue, confirmed, task, waiting: 0 }
    }
}

impl Drop for Messaging {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

/// Hands on what this driver is told.
async fn follow(
    config: KafkaConfig,
    driver_id: String,
    sender: mpsc::Sender<Notification>,
    following: watch::Sender<bool>,
    end: CancellationToken,
) {
    let client_id = format!("driver-{driver_id}");
    let mut seen = match kafka::follow::<DriverNotification>(&config, &client_id, end.clone()).await {
        Ok(seen) => seen,
        Err(_) if end.is_cancelled() => return,
        Err(error) => return tracing::error!(%error, "the driver's notifications can't be read"),
    };
    following.send_replace(true);
    while let Some(seen) = seen.recv().await {
        if seen.event.notification.as_ref().is_none_or(|notification| addressee(notification) != driver_id) {
            continue;
        }
        let span = seen.process_span();
        let Some(notification) = seen.event.notification else { continue };
        if sender.send(notification).instrument(span).await.is_err() {
            return;
        }
    }
}

fn addressee(notification: &Notification) -> &str {
    match notification {
        Notification::AuthorizationResponse(told) => &told.driver_id,
        Notification::SessionStarted(told) => &told.driver_id,
        Notification::ConsumptionUpdate(told) => &told.driver_id,
        Notification::SupplyError(told) => &told.driver_id,
        Notification::Ticket(told) => &told.driver_id,
        Notification::ReservationExpired(told) => &told.driver_id,
        Notification::CpError(told) => &told.driver_id,
        Notification::CpFixed(told) => &told.driver_id,
    }
}

/// Delivers the messages of one charge, one after another. Dropping it gives up what was not delivered.
pub(crate) struct Delivery {
    queue: mpsc::Sender<(Outgoing, OutgoingRecord)>,
    confirmed: mpsc::Receiver<Outgoing>,
    task: JoinHandle<()>,
    waiting: usize,
}

impl Delivery {
    /// Queues a message in the current trace.
    pub fn push<E: Event>(&mut self, outgoing: Outgoing, driver_id: &str, event: &E) {
        let record = OutgoingRecord::new(driver_id, event);
        // The queue holds every message that a charge can have.
        if self.queue.try_send((outgoing, record)).is_ok() {
            self.waiting += 1;
        }
    }

    /// Whether something is not delivered yet.
    pub fn is_waiting(&self) -> bool {
        self.waiting > 0
    }

    /// Waits for the next message to be delivered.
    pub async fn next(&mut self) -> Outgoing {
        match self.confirmed.recv().await {
            Some(outgoing) => {
                self.waiting = self.waiting.saturating_sub(1);
                outgoing
            }
            None => std::future::pending().await,
        }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn deliver(
    producer: Producer,
    mut following: watch::Receiver<bool>,
    mut records: mpsc::Receiver<(Outgoing, OutgoingRecord)>,
    confirm: mpsc::Sender<Outgoing>,
) {
    // Whoever asks before it listens could miss the answer.
    if following.wait_for(|following| *following).await.is_err() {
        return;
    }
    while let Some((outgoing, record)) = records.recv().await {
        let mut backoff = Backoff::reconnect();
        while let Err(error) = producer.send_record(&record).await {
            tracing::debug!(%error, topic = record.topic, "a message waits for Kafka");
            backoff.wait().await;
        }
        if confirm.send(outgoing).await.is_err() {
            return;
        }
    }
}
