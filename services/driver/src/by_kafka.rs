//! The driver's side of Kafka.

use evcharging_common::{
    backoff::Backoff,
    error::Error,
    kafka::{self, KafkaConfig, OutgoingRecord, Producer},
    pb::events::v1::{DriverNotification, driver_notification::Notification},
    shutdown::CancellationToken,
};
use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};
use tracing::Instrument;

use crate::{charge::Outgoing, said::OUTGOING_QUEUE};

/// A driver's clients of Kafka.
pub(crate) struct ByKafka {
    pub producer: Producer,
    pub config: KafkaConfig,
    following: watch::Receiver<bool>,
}

impl ByKafka {
    /// Connects in the background, for as long as it takes; hands on what the driver is told.
    pub fn connect(
        config: KafkaConfig,
        driver_id: &str,
        sender: mpsc::Sender<Notification>,
        end: CancellationToken,
    ) -> Result<Self, Error> {
        let producer = Producer::new(&config, "driver")?;
        let (following_sender, following) = watch::channel(false);
        tokio::spawn(follow(config.clone(), driver_id.to_owned(), sender, following_sender, end));
        Ok(Self { producer, config, following })
    }

    /// A queue whose records are delivered, each confirmed once Kafka has it.
    pub fn deliver(
        &self,
        confirm: mpsc::Sender<Outgoing>,
    ) -> (mpsc::Sender<(Outgoing, OutgoingRecord)>, JoinHandle<()>) {
        let (queue, records) = mpsc::channel(OUTGOING_QUEUE);
        let task = tokio::spawn(deliver(self.producer.clone(), self.following.clone(), records, confirm));
        (queue, task)
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
