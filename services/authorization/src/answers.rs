//! Telling the driver on driver_notifications what was decided.

use std::{sync::Arc, time::Duration};

use evcharging_common::{
    backoff::Backoff,
    error::Error,
    kafka::{OutgoingRecord, Producer},
};
use tokio::sync::Semaphore;

use crate::{charge_request::ChargeRequest, decision::Decision};

/// Answers that may be on their way to Kafka without anybody waiting for them.
const MAX_IN_BACKGROUND: u32 = 1024;

/// Sends answers. Cheap to clone.
#[derive(Clone)]
pub struct Answers {
    producer: Producer,
    background: Arc<Semaphore>,
}

impl Answers {
    /// Sends by `producer`.
    pub fn new(producer: Producer) -> Self {
        Self { producer, background: Arc::new(Semaphore::new(MAX_IN_BACKGROUND as usize)) }
    }

    /// Sends an answer in the current trace and waits until Kafka has it, however long it is away.
    pub async fn deliver(&self, request: &ChargeRequest, decision: &Decision) {
        let record = record(request, decision);
        let mut backoff = Backoff::reconnect();
        while let Err(error) = self.producer.send_record(&record).await {
            if !error.is_retryable() {
                log_undelivered(request, &error);
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
            return log_undelivered(request, &busy);
        };
        let (record, request, producer) = (record(request, decision), request.clone(), self.producer.clone());
        tokio::spawn(async move {
            if let Err(error) = producer.send_record(&record).await {
                log_undelivered(&request, &error);
            }
            drop(place);
        });
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

fn log_undelivered(request: &ChargeRequest, error: &Error) {
    let ChargeRequest { request_id, driver_id, .. } = request;
    tracing::warn!(request_id, driver_id, %error, "an answer did not get to driver_notifications");
}
