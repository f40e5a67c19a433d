//! The driver's way to the network and back: Kafka, or frames over TCP. What it says is delivered in order, however long the network is away.

use evcharging_common::{
    error::Error,
    kafka::{KafkaConfig, OutgoingRecord},
    pb::events::v1::driver_notification::Notification,
    shutdown::CancellationToken,
    tls::Tls,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use crate::{
    by_frames,
    by_kafka::ByKafka,
    charge::Outgoing,
    said::{OUTGOING_QUEUE, Said},
};

/// Notifications that may wait for the driver to look at them.
const NOTIFICATION_QUEUE: usize = 256;
/// Both directions, for one driver.
pub(crate) struct Messaging {
    /// What this driver is told.
    pub notifications: mpsc::Receiver<Notification>,
    way: Way,
    end: CancellationToken,
}

enum Way {
    Kafka(Box<ByKafka>),
    Frames { letters: mpsc::Sender<by_frames::Letter>, is_connected: watch::Receiver<bool> },
}

impl Messaging {
    /// Connects in the background, for as long as it takes.
    ///
    /// # Errors
    /// When Kafka's client refuses the configuration.
    pub fn by_kafka(config: KafkaConfig, driver_id: &str) -> Result<Self, Error> {
        let end = CancellationToken::new();
        let (sender, notifications) = mpsc::channel(NOTIFICATION_QUEUE);
        let way = Way::Kafka(Box::new(ByKafka::connect(config, driver_id, sender, end.clone())?));
        Ok(Self { notifications, way, end })
    }

    /// The same through the gateway at this address.
    pub fn by_frames(address: String, tls: Option<Tls>, driver_id: &str) -> Self {
        let end = CancellationToken::new();
        let (sender, notifications) = mpsc::channel(NOTIFICATION_QUEUE);
        let (letters, received) = mpsc::channel(OUTGOING_QUEUE);
        let (connected, is_connected) = watch::channel(false);
        let talk = by_frames::talk(address, tls, driver_id.to_owned(), received, sender, connected);
        let stop = end.clone();
        tokio::spawn(async move { stop.run_until_cancelled(talk).await });
        Self { notifications, way: Way::Frames { letters, is_connected }, end }
    }

    /// Whether the network can be reached, as far as is known.
    pub fn is_up(&self) -> bool {
        match &self.way {
            Way::Kafka(kafka) => kafka.producer.is_broker_up(),
            Way::Frames { is_connected, .. } => *is_connected.borrow(),
        }
    }

    /// How Kafka is reached, by those who go by it.
    pub fn kafka(&self) -> Option<&KafkaConfig> {
        match &self.way {
            Way::Kafka(kafka) => Some(&kafka.config),
            Way::Frames { .. } => None,
        }
    }

    /// A delivery for the messages of one charge.
    pub fn delivery(&self) -> Delivery {
        let (confirm, confirmed) = mpsc::channel(OUTGOING_QUEUE);
        let post = match &self.way {
            Way::Kafka(kafka) => {
                let (queue, task) = kafka.deliver(confirm);
                Post::Kafka(queue, task)
            }
            Way::Frames { letters, .. } => Post::Frames(letters.clone(), confirm),
        };
        Delivery { post, confirmed, waiting: 0 }
    }
}

impl Drop for Messaging {
    fn drop(&mut self) {
        self.end.cancel();
    }
}

enum Post {
    Kafka(mpsc::Sender<(Outgoing, OutgoingRecord)>, JoinHandle<()>),
    Frames(mpsc::Sender<by_frames::Letter>, mpsc::Sender<Outgoing>),
}

/// Delivers the messages of one charge, one after another. Dropping it gives up what was not delivered.
pub(crate) struct Delivery {
    post: Post,
    confirmed: mpsc::Receiver<Outgoing>,
    waiting: usize,
}

impl Delivery {
    /// Queues a message in the current trace.
    pub fn push(&mut self, said: Said) {
        // The queues hold every message that a charge can have.
        let is_queued = match &self.post {
            Post::Kafka(queue, _) => queue.try_send((said.outgoing(), said.record())).is_ok(),
            Post::Frames(letters, confirm) => {
                letters.try_send(by_frames::Letter { said, confirm: confirm.clone() }).is_ok()
            }
        };
        self.waiting += usize::from(is_queued);
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
        if let Post::Kafka(_, task) = &self.post {
            task.abort();
        }
    }
}
