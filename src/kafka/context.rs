//! What librdkafka tells its consumers: errors, partitions that were taken away, how far they are behind.

use rdkafka::{
    ClientContext, Statistics,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, ConsumerContext, Rebalance},
    error::{KafkaError, RDKafkaErrorCode},
};
use tokio::sync::mpsc;

/// Records of a partition that this replica reads and has not worked on yet.
const CONSUMER_LAG: &str = "evcharging_kafka_consumer_lag_records";

/// Says that reading failed, unless others say why.
pub(super) fn log_consumer_error(topic: &str, error: &KafkaError) {
    match error.rdkafka_error_code() {
        // The first are said by the producer for the whole process; a topic that does not exist is named at the start.
        Some(
            RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::Resolve
            | RDKafkaErrorCode::Authentication
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownTopic,
        ) => tracing::debug!(%error, topic, "Kafka consumer"),
        _ => tracing::warn!(%error, topic, "reading from Kafka failed; it goes on by itself"),
    }
}

/// Tells which partitions were taken away, and keeps librdkafka's own words out of our log: what matters of them is said in ours.
#[derive(Default)]
pub(super) struct ConsumerEvents {
    revoked: Option<mpsc::UnboundedSender<i32>>,
    lag: Option<Lag>,
}

impl ConsumerEvents {
    /// Of a group that reads this topic; `revoked` gets each partition that is taken away.
    pub(super) fn of_group(topic: &'static str, revoked: mpsc::UnboundedSender<i32>) -> Self {
        Self { revoked: Some(revoked), lag: Some(Lag { topic }) }
    }
}

impl ClientContext for ConsumerEvents {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(?level, facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "Kafka consumer");
    }

    fn stats(&self, statistics: Statistics) {
        if let Some(lag) = &self.lag {
            lag.observe(&statistics);
        }
    }
}

impl ConsumerContext for ConsumerEvents {
    fn pre_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let (Rebalance::Revoke(partitions), Some(revoked)) = (rebalance, &self.revoked) {
            for partition in partitions.elements() {
                // Fails only when the reader has ended, and its tasks with it.
                let _ = revoked.send(partition.partition());
            }
        }
    }
}

/// How far a group is behind the end of its topic, told as a metric.
struct Lag {
    topic: &'static str,
}

impl Lag {
    fn observe(&self, statistics: &Statistics) {
        let partitions = statistics.topics.values().flat_map(|topic| topic.partitions.values());
        // One more stands for records whose partition is not known.
        for partition in partitions.filter(|partition| partition.partition >= 0) {
            let number = partition.partition.to_string();
            // Partitions of other replicas have -1, and no lag here.
            let records = u32::try_from(partition.consumer_lag_stored.max(0)).unwrap_or(u32::MAX);
            metrics::gauge!(CONSUMER_LAG, "topic" => self.topic, "partition" => number).set(records);
        }
    }
}
