//! Records that could not be used are set aside with the reason, and the partition goes on.

use super::{Producer, Record};
use crate::{backoff::Backoff, clock, pb::events::v1::DeadLetter};

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

    /// Sets a record aside. Tries until it is kept: without its dead letter, the record would be lost.
    pub async fn reject(&self, record: &Record, reason: &str) {
        tracing::warn!(
            topic = record.topic,
            partition = record.partition,
            offset = record.offset,
            reason,
            "a record could not be used and went to dead_letters"
        );
        let letter = DeadLetter {
            source_topic: record.topic.to_owned(),
            source_partition: record.partition,
            source_offset: record.offset,
            key: record.key.clone(),
            value: record.value[..record.value.len().min(MAX_DEAD_LETTER_BYTES)].to_vec(),
            value_bytes: i64::try_from(record.value.len()).unwrap_or(i64::MAX),
            content_type: record.headers.content_type.clone().unwrap_or_default(),
            reason: reason.to_owned(),
            rejected_at: Some(clock::to_timestamp(clock::now_ms())),
            event_id: record.headers.event_id.clone().unwrap_or_default(),
            traceparent: record.headers.traceparent.clone().unwrap_or_default(),
        };
        let mut backoff = Backoff::reconnect();
        while let Err(error) = self.producer.send(record.topic, &letter).await {
            tracing::debug!(%error, "a dead letter waits for Kafka");
            backoff.wait().await;
        }
    }
}
