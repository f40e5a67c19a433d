//! Records that could not be used are set aside with the reason, and the partition goes on.

use rdkafka::Message;

use super::{Producer, Record, received::Headers};
use crate::{backoff::Backoff, clock, metric, pb::events::v1::DeadLetter};

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
    pub async fn reject(&self, record: &Record<'_>, reason: &str) {
        let (topic, message) = (record.topic(), record.message());
        let (partition, offset) = (message.partition(), message.offset());
        tracing::warn!(
            topic,
            partition,
            offset,
            reason,
            "a record could not be used and went to dead_letters"
        );
        metrics::counter!(metric::DEAD_LETTERS, "topic" => topic).increment(1);
        let value = message.payload().unwrap_or_default();
        let headers = Headers::of(message);
        let letter = DeadLetter {
            source_topic: topic.to_owned(),
            source_partition: partition,
            source_offset: offset,
            key: message.key().unwrap_or_default().to_vec(),
            value: value[..value.len().min(MAX_DEAD_LETTER_BYTES)].to_vec(),
            value_bytes: i64::try_from(value.len()).unwrap_or(i64::MAX),
            content_type: headers.content_type.unwrap_or_default(),
            reason: reason.to_owned(),
            rejected_at: Some(clock::to_timestamp(clock::now_ms())),
            event_id: headers.event_id.unwrap_or_default(),
            traceparent: headers.traceparent.unwrap_or_default(),
        };
        let mut backoff = Backoff::reconnect();
        while let Err(error) = self.producer.send(topic, &letter).await {
            tracing::debug!(%error, "a dead letter waits for Kafka");
            backoff.wait().await;
        }
    }
}
