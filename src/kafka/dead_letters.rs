//! Records that could not be used are set aside with the reason, and the partition goes on.

use super::{
    Producer, Received,
    received::{Raw, Unreadable},
};
use crate::{backoff::Backoff, clock, events::Event, pb::events::v1::DeadLetter};

/// The most of a value that a dead letter keeps, in bytes.
const MAX_DEAD_LETTER_BYTES: usize = 64 * 1024;

/// Sets records aside that can't be used.
#[derive(Clone)]
pub struct DeadLetters {
    producer: Producer,
}

impl DeadLetters {
    pub(super) fn new(producer: Producer) -> Self {
        Self { producer }
    }

    /// Sets a record aside that was read but makes no sense. Returns once it is kept.
    pub async fn reject<E: Event>(&self, received: &Received<E>, reason: &str) {
        self.keep(&received.raw, reason).await;
    }

    pub(super) async fn reject_unreadable(&self, unreadable: &Unreadable) {
        self.keep(&unreadable.raw, &unreadable.reason).await;
    }

    /// Tries until the dead letter is kept: without it, the record would be lost.
    async fn keep(&self, raw: &Raw, reason: &str) {
        tracing::warn!(
            topic = raw.topic,
            partition = raw.partition,
            offset = raw.offset,
            reason,
            "a record could not be used and went to dead_letters"
        );
        let letter = DeadLetter {
            source_topic: raw.topic.to_owned(),
            source_partition: raw.partition,
            source_offset: raw.offset,
            key: raw.key.clone(),
            value: raw.value[..raw.value.len().min(MAX_DEAD_LETTER_BYTES)].to_vec(),
            value_bytes: i64::try_from(raw.value.len()).unwrap_or(i64::MAX),
            content_type: raw.content_type.clone().unwrap_or_default(),
            reason: reason.to_owned(),
            rejected_at: Some(clock::to_timestamp(clock::now_ms())),
            event_id: raw.event_id.clone().unwrap_or_default(),
            traceparent: raw.traceparent.clone().unwrap_or_default(),
        };
        let mut backoff = Backoff::reconnect();
        while let Err(error) = self.producer.send(raw.topic, &letter).await {
            tracing::debug!(%error, "a dead letter waits for Kafka");
            backoff.wait().await;
        }
    }
}
