//! Reading a topic in a consumer group: each partition by a task of its own, in batches, offsets stored only after the work is durable.

use std::{collections::HashMap, future::Future, marker::PhantomData, sync::Arc};

use futures::FutureExt;
use rdkafka::{
    ClientContext, Message, Statistics, TopicPartitionList,
    config::RDKafkaLogLevel,
    consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance, StreamConsumer},
    error::{KafkaError, RDKafkaErrorCode},
    message::BorrowedMessage,
};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
};

use super::{
    DeadLetters, KafkaConfig, Producer, Received,
    config::refused,
    partition::{Partition, Queued, Worker},
};
use crate::{error::Error, events::Event, shutdown::CancellationToken};

/// The most records that are worked on at a time.
pub(super) const MAX_BATCH: usize = 512;
/// Records of a partition that this replica reads and has not worked on yet.
const CONSUMER_LAG: &str = "evcharging_kafka_consumer_lag_records";

/// Reads the topic of `E` until shutdown. `handle` gets batches of one partition in order and returns when their work is durable (it
/// retries by itself whatever may be retried); only then are the offsets stored.
///
/// # Errors
/// When the consumer can't be made. A broker that is away is waited for.
pub async fn run_group<E, F, H>(
    config: &KafkaConfig,
    group_id: &str,
    producer: Producer,
    shutdown: CancellationToken,
    handle: H,
) -> Result<(), Error>
where
    E: Event,
    F: Future<Output = ()> + Send,
    H: Fn(Vec<Received<E>>, DeadLetters) -> F + Send + Sync + 'static,
{
    let (revoked_sender, mut revoked) = mpsc::unbounded_channel();
    let context = GroupContext { revoked: Some(revoked_sender), lag: Some(Lag { topic: E::TOPIC }) };
    let consumer: StreamConsumer<GroupContext> = config
        .client(group_id)
        .set("group.id", config.name_of(group_id))
        // Partitions that stay are not taken away for a moment whenever a replica comes or goes.
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "true")
        .set("enable.auto.offset.store", "false")
        .set("auto.commit.interval.ms", "1000")
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "1500")
        .set("queued.max.messages.kbytes", "2048")
        .set("fetch.wait.max.ms", "500")
        .set("statistics.interval.ms", "5000")
        .create_with_context(context)
        .map_err(refused)?;
    let topic: Arc<str> = config.name_of(E::TOPIC).into();
    consumer.subscribe(&[&topic]).map_err(Error::internal)?;
    let mut group = Group {
        consumer: Arc::new(consumer),
        topic,
        dead_letters: DeadLetters::new(producer),
        handle: Arc::new(handle),
        took: Arc::new(Notify::new()),
        partitions: HashMap::new(),
        stopping: HashMap::new(),
    };

    let consumer = group.consumer.clone();
    loop {
        tokio::select! {
            // What was taken away is stopped before anything new is looked at.
            biased;
            () = shutdown.cancelled() => break,
            Some(partition) = revoked.recv() => group.stop_partition(partition),
            () = group.took.notified() => group.resume_those_with_room(),
            first = consumer.recv() => {
                let mut next = Some(first);
                let mut left = MAX_BATCH;
                while let Some(received) = next {
                    match received {
                        Ok(message) => group.push(&message).await,
                        Err(error) => log_consumer_error(E::TOPIC, &error),
                    }
                    left -= 1;
                    next = if left > 0 { consumer.recv().now_or_never() } else { None };
                }
                group.pause_those_that_are_full();
            }
        }
    }
    group.stop().await;
    Ok(())
}

/// The partitions that are this replica's for now.
struct Group<E, H> {
    consumer: Arc<StreamConsumer<GroupContext>>,
    topic: Arc<str>,
    dead_letters: DeadLetters,
    handle: Arc<H>,
    took: Arc<Notify>,
    partitions: HashMap<i32, Partition<E>>,
    stopping: HashMap<i32, JoinHandle<()>>,
}

impl<E: Event, H> Group<E, H> {
    async fn push<F>(&mut self, message: &BorrowedMessage<'_>)
    where
        F: Future<Output = ()> + Send,
        H: Fn(Vec<Received<E>>, DeadLetters) -> F + Send + Sync + 'static,
    {
        let number = message.partition();
        let partition = self.partitions.entry(number).or_insert_with(|| {
            let worker = Worker {
                consumer: self.consumer.clone(),
                topic: self.topic.clone(),
                partition: number,
                dead_letters: self.dead_letters.clone(),
                handle: self.handle.clone(),
                stop: CancellationToken::new(),
                took: self.took.clone(),
                event: PhantomData,
            };
            Partition::start(worker, self.stopping.remove(&number))
        });
        partition.push(Queued::new(message.offset(), Received::read(message))).await;
    }

    /// What waits in its queue is dropped: whoever has the partition now reads it again.
    fn stop_partition(&mut self, number: i32) {
        self.stopping.retain(|_, task| !task.is_finished());
        if let Some(partition) = self.partitions.remove(&number) {
            if partition.is_paused {
                // Should it come back, it must not come back paused.
                self.resume(std::iter::once(number));
            }
            self.stopping.insert(number, partition.stop());
        }
    }

    fn pause_those_that_are_full(&mut self) {
        let mut full = TopicPartitionList::new();
        for (number, partition) in &mut self.partitions {
            if !partition.is_paused && partition.is_full() {
                partition.is_paused = true;
                full.add_partition(&self.topic, *number);
            }
        }
        if full.count() > 0
            && let Err(error) = self.consumer.pause(&full)
        {
            tracing::debug!(%error, topic = E::TOPIC, "partitions were not paused; their queues hold the reader back");
        }
    }

    fn resume_those_with_room(&mut self) {
        let mut roomy = Vec::new();
        for (number, partition) in &mut self.partitions {
            if partition.is_paused && partition.has_room() {
                partition.is_paused = false;
                roomy.push(*number);
            }
        }
        if !roomy.is_empty() {
            self.resume(roomy.into_iter());
        }
    }

    fn resume(&self, numbers: impl Iterator<Item = i32>) {
        let mut resumed = TopicPartitionList::new();
        for number in numbers {
            resumed.add_partition(&self.topic, number);
        }
        if let Err(error) = self.consumer.resume(&resumed) {
            tracing::warn!(%error, topic = E::TOPIC, "partitions could not be resumed");
        }
    }

    /// Waits for each batch under work, within bounds, so that its offset is committed when the consumer closes.
    async fn stop(self) {
        let stopped: Vec<_> = self.partitions.into_values().map(Partition::stop).collect();
        for task in stopped.into_iter().chain(self.stopping.into_values()) {
            drop(task.await);
        }
    }
}

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
pub(super) struct GroupContext {
    revoked: Option<mpsc::UnboundedSender<i32>>,
    lag: Option<Lag>,
}

impl ClientContext for GroupContext {
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

impl ConsumerContext for GroupContext {
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
