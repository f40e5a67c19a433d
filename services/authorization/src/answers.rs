//! Telling the driver on driver_notifications what was decided.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use evcharging_common::{
    backoff::Backoff,
    error::Error,
    kafka::{OutgoingRecord, Producer},
};
use tokio::{sync::Semaphore, time::Instant};

use crate::{charge_request::ChargeRequest, decision::Decision};

/// Answers that may be on their way to Kafka without anybody waiting for them.
const MAX_IN_BACKGROUND: u32 = 1024;
/// Between two lines about answers that were not delivered.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Sends answers. Cheap to clone.
#[derive(Clone)]
pub struct Answers {
    producer: Producer,
    background: Arc<Semaphore>,
    undelivered: Arc<Mutex<Undelivered>>,
}

impl Answers {
    /// Sends by `producer`.
    pub fn new(producer: Producer) -> Self {
        let background = Arc::new(Semaphore::new(MAX_IN_BACKGROUND as usize));
        Self { producer, background, undelivered: Arc::default() }
    }

    /// Sends an answer in the current trace and waits until Kafka has it, however long it is away.
    pub async fn deliver(&self, request: &ChargeRequest, decision: &Decision) {
        let record = record(request, decision);
        let mut backoff = Backoff::reconnect();
        while let Err(error) = self.producer.send_record(&record).await {
            if !error.is_retryable() {
                self.note_undelivered(request, &error);
                return;
            }
            tracing::debug!(request_id = request.request_id, %error, "an answer waits for Kafka");
            backoff.wait().await;
        }
    }

    /// Sends an answer in the current trace without waiting: the driver has it already, by gRPC.
    pub fn deliver_in_background(&self, request: &ChargeRequest, decision: &Decision) {
        let Ok(place) = self.background.clone().try_acquire_owned() else {
            let busy = Error::unavailable("too many answers wait for Kafka", "no place left");
            return self.note_undelivered(request, &busy);
        };
        let (record, request, answers) = (record(request, decision), request.clone(), self.clone());
        tokio::spawn(async move {
            if let Err(error) = answers.producer.send_record(&record).await {
                answers.note_undelivered(&request, &error);
            }
            drop(place);
        });
    }

    fn note_undelivered(&self, request: &ChargeRequest, error: &Error) {
        let ChargeRequest { request_id, driver_id, .. } = request;
        tracing::debug!(request_id, driver_id, %error, "an answer did not get to driver_notifications");
        self.undelivered.lock().unwrap_or_else(PoisonError::into_inner).note(error);
    }

    /// Waits until nothing is on its way in the background, for at most `timeout`.
    pub async fn drain(&self, timeout: Duration) {
        let all_places = self.background.acquire_many(MAX_IN_BACKGROUND);
        if tokio::time::timeout(timeout, all_places).await.is_err() {
            tracing::warn!("some answers were still on their way to Kafka at the end");
        }
    }
}

fn record(request: &ChargeRequest, decision: &Decision) -> OutgoingRecord {
    OutgoingRecord::new(&request.driver_id, &decision.to_notification(request))
}

/// Answers that did not get to Kafka. Thousands of them in a second make one line.
#[derive(Debug, Default)]
struct Undelivered {
    since_said: u64,
    said_at: Option<Instant>,
}

impl Undelivered {
    fn note(&mut self, error: &Error) {
        self.since_said += 1;
        if self.said_at.is_none_or(|at| at.elapsed() >= BETWEEN_LINES) {
            tracing::warn!(count = self.since_said, %error, "answers did not get to driver_notifications");
            *self = Self { since_said: 0, said_at: Some(Instant::now()) };
        }
    }
}
