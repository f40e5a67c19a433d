//! What librdkafka tells its consumers: errors, partitions that were given or taken away, how far they are behind.

use std::sync::{Arc, OnceLock, Weak};

use rdkafka::{
    ClientContext, Statistics,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, ConsumerContext, Rebalance, StreamConsumer},
    error::{KafkaError, RDKafkaErrorCode},
};
use tokio::sync::mpsc;

use crate::metric;

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

/// A change of which partitions are ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PartitionChange {
    /// It is ours from now on.
    Given(i32),
    /// It is somebody else's.
    Taken(i32),
}

/// Tells which partitions are ours, and keeps librdkafka's own words out of our log: what matters of them is said in ours.
#[derive(Default)]
pub(super) struct ConsumerEvents {
    group: Option<OfGroup>,
}

struct OfGroup {
    topic: &'static str,
    /// The topic as Kafka names it.
    name: String,
    /// Set before the group is joined.
    consumer: OnceLock<Weak<StreamConsumer<ConsumerEvents>>>,
    changes: mpsc::UnboundedSender<PartitionChange>,
}

impl ConsumerEvents {
    /// Of a group that reads this topic, which Kafka knows by `name`; `changes` gets each partition that is given or taken.
    pub(super) fn of_group(
        topic: &'static str,
        name: String,
        changes: mpsc::UnboundedSender<PartitionChange>,
    ) -> Self {
        Self { group: Some(OfGroup { topic, name, consumer: OnceLock::new(), changes }) }
    }

    /// Tells it whose context it is, once, before the group is joined.
    pub(super) fn belongs_to(&self, consumer: &Arc<StreamConsumer<ConsumerEvents>>) {
        if let Some(group) = &self.group {
            // Never set before: there is one consumer for each context.
            let _ = group.consumer.set(Arc::downgrade(consumer));
        }
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
        if let Some(group) = &self.group {
            observe_lag(group.topic, &statistics);
        }
    }
}

impl ConsumerContext for ConsumerEvents {
    fn pre_rebalance(&self, _consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Some(group) = &self.group else { return };
        let (partitions, is_given) = match rebalance {
            Rebalance::Assign(partitions) => (partitions, true),
            Rebalance::Revoke(partitions) => (partitions, false),
            Rebalance::Error(_) => return,
        };
        for partition in partitions.elements() {
            let number = partition.partition();
            if is_given && let Some(consumer) = group.consumer.get().and_then(Weak::upgrade) {
                // Before anything is fetched: from now on, its records wait in a queue of its own.
                drop(consumer.split_partition_queue(&group.name, number));
            }
            let change = if is_given { PartitionChange::Given } else { PartitionChange::Taken };
            // Fails only when the reader has ended, and its tasks with it.
            let _ = group.changes.send(change(number));
        }
    }
}

/// Tells as a metric how far a group is behind the end of its topic.
fn observe_lag(topic: &'static str, statistics: &Statistics) {
    let partitions = statistics.topics.values().flat_map(|topic| topic.partitions.values());
    // One more stands for records whose partition is not known.
    for partition in partitions.filter(|partition| partition.partition >= 0) {
        let number = partition.partition.to_string();
        // Until this process has stored an offset, what the group committed before counts. Partitions of other replicas are not fetched.
        let lag = match partition.consumer_lag_stored {
            ..0 if partition.fetch_state == "active" => partition.consumer_lag,
            stored => stored,
        };
        let records = u32::try_from(lag.max(0)).unwrap_or(u32::MAX);
        metrics::gauge!(metric::KAFKA_LAG, "topic" => topic, "partition" => number).set(records);
    }
}
