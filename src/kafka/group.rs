//! Reading a topic in a consumer group: each partition by a task of its own, in batches, offsets stored only after the work is durable.

use std::{collections::HashMap, marker::PhantomData, sync::Arc, time::Duration};

use rdkafka::{
    Message,
    consumer::{Consumer, StreamConsumer},
};
use tokio::{sync::mpsc, task::JoinHandle};

use super::{
    DeadLetters, KafkaConfig, Producer,
    config::refused,
    context::{ConsumerEvents, PartitionChange, log_consumer_error},
    partition::{Handler, Partition, Worker},
};
use crate::{error::Error, events::Event, metric, shutdown::CancellationToken};

/// A batch that suits work of which each record is a command of its own.
pub const MAX_BATCH: usize = 512;
/// Small records cost librdkafka more than their values: they are bounded by number too.
const QUEUED_RECORDS: &str = "4096";
/// How long leaving the group may take.
const CLOSING: Duration = Duration::from_secs(5);

/// Reads the topic of `E` until shutdown. `handler` gets batches of one partition in order, each of what has come and at most `max_batch`
/// records; the offsets are stored once it returns.
///
/// # Errors
/// When the consumer can't be made, or the work on a partition broke off. A broker that is away is waited for.
pub async fn run_group<E: Event>(
    config: &KafkaConfig,
    group_id: &str,
    max_batch: usize,
    producer: Producer,
    shutdown: CancellationToken,
    handler: impl Handler<E>,
) -> Result<(), Error> {
    // From the beginning, so that the first of them shows as an increase.
    metrics::counter!(metric::DEAD_LETTERS, "topic" => E::TOPIC).increment(0);
    let topic: Arc<str> = config.name_of(E::TOPIC).into();
    let (sender, mut changes) = mpsc::unbounded_channel();
    let context = ConsumerEvents::of_group(E::TOPIC, topic.to_string(), sender);
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
        // What waits for the task of a partition; no more is fetched of it meanwhile.
        .set("queued.max.messages.kbytes", "1024")
        .set("queued.min.messages", QUEUED_RECORDS)
        .set("fetch.wait.max.ms", "500")
        // What is full asks again soon, not in a second: a backlog is worked off as fast as the work goes.
        .set("fetch.queue.backoff.ms", "20")
        .set("socket.timeout.ms", "10000")
        .set("statistics.interval.ms", "5000")
        .create_with_context(context)
        .map_err(refused)?;
    let consumer = Arc::new(consumer);
    consumer.context().belongs_to(&consumer);
    consumer.subscribe(&[&topic]).map_err(Error::internal)?;
    // Should this be given up midway, its tasks end too.
    let working = CancellationToken::new();
    let _working = working.clone().drop_guard();
    let mut group = Group {
        working,
        consumer: consumer.clone(),
        topic,
        max_batch,
        dead_letters: DeadLetters::new(producer),
        handler: Arc::new(handler),
        broke_off: CancellationToken::new(),
        partitions: HashMap::new(),
        stopping: HashMap::new(),
        event: PhantomData,
    };

    let outcome = loop {
        tokio::select! {
            () = shutdown.cancelled() => break Ok(()),
            // Without its task, a partition would stand still for ever: the service ends and is started anew.
            () = group.broke_off.cancelled() => {
                break Err(Error::internal(format!("the work on a partition of {} broke off", E::TOPIC)));
            }
            Some(change) = changes.recv() => group.change(change),
            // Drives the client. Records come to their partitions' tasks, not here.
            received = consumer.recv() => match received {
                Ok(message) => {
                    let (partition, offset) = (message.partition(), message.offset());
                    let problem = format!("record {offset} of {} came past partition {partition}'s task", E::TOPIC);
                    break Err(Error::internal(problem));
                }
                Err(error) => log_consumer_error(E::TOPIC, &error),
            }
        }
    };
    group.stop().await;
    // Leaving the group asks the brokers and blocks meanwhile; one that does not answer must not hold up the end.
    let closing = tokio::task::spawn_blocking(move || drop(consumer));
    if tokio::time::timeout(CLOSING, closing).await.is_err() {
        tracing::warn!(
            topic = E::TOPIC,
            "Kafka did not let the group go in time; what was worked on last may come again"
        );
    }
    outcome
}

/// The partitions that are this replica's for now.
struct Group<E, H> {
    working: CancellationToken,
    consumer: Arc<StreamConsumer<ConsumerEvents>>,
    topic: Arc<str>,
    max_batch: usize,
    dead_letters: DeadLetters,
    handler: Arc<H>,
    broke_off: CancellationToken,
    partitions: HashMap<i32, Partition>,
    stopping: HashMap<i32, JoinHandle<()>>,
    event: PhantomData<fn() -> E>,
}

impl<E: Event, H: Handler<E>> Group<E, H> {
    fn change(&mut self, change: PartitionChange) {
        let (PartitionChange::Given(partition) | PartitionChange::Taken(partition)) = change;
        self.stopping.retain(|_, task| !task.is_finished());
        if let Some(partition_before) = self.partitions.remove(&partition) {
            self.stopping.insert(partition, partition_before.stop());
        }
        if change == PartitionChange::Given(partition) {
            let worker = Worker {
                consumer: self.consumer.clone(),
                topic: self.topic.clone(),
                partition,
                max_batch: self.max_batch,
                dead_letters: self.dead_letters.clone(),
                handler: self.handler.clone(),
                stop: self.working.child_token(),
                broke_off: self.broke_off.clone(),
                event: PhantomData,
            };
            let started = Partition::start(worker, self.stopping.remove(&partition));
            self.partitions.insert(partition, started);
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
