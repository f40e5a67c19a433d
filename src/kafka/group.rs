//! Reading a topic in a consumer group: each partition by a task of its own, in batches, offsets stored only after the work is durable.

use std::{collections::HashMap, future::Future, marker::PhantomData, sync::Arc, time::Duration};

use futures::FutureExt;
use rdkafka::{
    Message, TopicPartitionList,
    consumer::{Consumer, StreamConsumer},
    message::BorrowedMessage,
};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
};

use super::{
    DeadLetters, KafkaConfig, Producer, Received,
    config::refused,
    context::{ConsumerEvents, log_consumer_error},
    partition::{Partition, Queued, READ_AT_ONCE, Worker},
};
use crate::{error::Error, events::Event, shutdown::CancellationToken};

/// A batch that suits work of which each record is a command of its own.
pub const MAX_BATCH: usize = 512;
/// How long leaving the group may take.
const CLOSING: Duration = Duration::from_secs(5);

/// Reads the topic of `E` until shutdown. `handle` gets batches of one partition in order, each of what has come and at most `max_batch`
/// records, and returns when their work is durable (it retries by itself whatever may be retried); only then are the offsets stored.
///
/// # Errors
/// When the consumer can't be made, or the work on a partition broke off. A broker that is away is waited for.
pub async fn run_group<E, F, H>(
    config: &KafkaConfig,
    group_id: &str,
    max_batch: usize,
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
    let context = ConsumerEvents::of_group(E::TOPIC, revoked_sender);
    let consumer: StreamConsumer<ConsumerEvents> = config
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
        // What is full asks again soon, not in a second: a backlog is worked off as fast as the work goes.
        .set("fetch.queue.backoff.ms", "20")
        .set("socket.timeout.ms", "10000")
        .set("statistics.interval.ms", "5000")
        .create_with_context(context)
        .map_err(refused)?;
    let topic: Arc<str> = config.name_of(E::TOPIC).into();
    consumer.subscribe(&[&topic]).map_err(Error::internal)?;
    let mut group = Group {
        consumer: Arc::new(consumer),
        topic,
        max_batch,
        dead_letters: DeadLetters::new(producer),
        handle: Arc::new(handle),
        took: Arc::new(Notify::new()),
        partitions: HashMap::new(),
        stopping: HashMap::new(),
    };

    let consumer = group.consumer.clone();
    let mut failed = None;
    'reading: loop {
        tokio::select! {
            // What was taken away is stopped before anything new is looked at.
            biased;
            () = shutdown.cancelled() => break,
            Some(partition) = revoked.recv() => group.stop_partition(partition),
            () = group.took.notified() => group.resume_those_with_room(),
            first = consumer.recv() => {
                let mut next = Some(first);
                let mut left = READ_AT_ONCE;
                while let Some(received) = next {
                    match received {
                        Ok(message) => {
                            if let Err(error) = group.push(&message).await {
                                failed = Some(error);
                                break 'reading;
                            }
                        }
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
    // Leaving the group asks the brokers and blocks meanwhile; one that does not answer must not hold up the end.
    let closing = tokio::task::spawn_blocking(move || drop(consumer));
    if tokio::time::timeout(CLOSING, closing).await.is_err() {
        tracing::warn!(
            topic = E::TOPIC,
            "Kafka did not let the group go in time; what was worked on last may come again"
        );
    }
    failed.map_or(Ok(()), Err)
}

/// The partitions that are this replica's for now.
struct Group<E, H> {
    consumer: Arc<StreamConsumer<ConsumerEvents>>,
    topic: Arc<str>,
    max_batch: usize,
    dead_letters: DeadLetters,
    handle: Arc<H>,
    took: Arc<Notify>,
    partitions: HashMap<i32, Partition<E>>,
    stopping: HashMap<i32, JoinHandle<()>>,
}

impl<E: Event, H> Group<E, H> {
    async fn push<F>(&mut self, message: &BorrowedMessage<'_>) -> Result<(), Error>
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
                max_batch: self.max_batch,
                dead_letters: self.dead_letters.clone(),
                handle: self.handle.clone(),
                stop: CancellationToken::new(),
                took: self.took.clone(),
                event: PhantomData,
            };
            Partition::start(worker, self.stopping.remove(&number))
        });
        if partition.push(Queued::new(message.offset(), Received::read(message))).await {
            return Ok(());
        }
        // Without its task, the partition would stand still for ever: the service ends and is started anew.
        Err(Error::internal(format!("the work on partition {number} of {} broke off", E::TOPIC)))
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
