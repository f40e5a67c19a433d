//! The work on one partition: a task of its own, which reads the partition's own queue in librdkafka.

use std::{future::Future, marker::PhantomData, sync::Arc, time::Duration};

use futures::StreamExt;
use rdkafka::{
    Message,
    consumer::{Consumer, StreamConsumer},
    error::KafkaError,
    message::BorrowedMessage,
};
use tokio::{task::JoinHandle, time::Instant};

use super::{
    DeadLetters, Received, Record,
    context::{ConsumerEvents, log_consumer_error},
    received::decode,
};
use crate::{error::Error, events::Event, metric, shutdown::CancellationToken};

/// How long work that was begun may take once the partition was taken away or the process ends.
const GRACE: Duration = Duration::from_secs(3);

/// What is done with the records of a topic.
pub trait Handler<E>: Send + Sync + 'static {
    /// Works on a batch of one partition, in order. It returns when the work is durable, and retries by itself whatever may be retried.
    fn handle(
        &self,
        batch: Vec<Received<'_, E>>,
        dead_letters: &DeadLetters,
    ) -> impl Future<Output = ()> + Send;
}

/// A partition that is ours.
pub(super) struct Partition {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Partition {
    /// Starts the task. It begins after `before`, the task that had the partition earlier, if that still finishes its last batch.
    pub(super) fn start<E: Event>(
        worker: Worker<E, impl Handler<E>>,
        before: Option<JoinHandle<()>>,
    ) -> Self {
        let stop = worker.stop.clone();
        let task = tokio::spawn(async move {
            // Also when the work panics.
            let broke_off = worker.broke_off.clone().drop_guard();
            if let Some(before) = before {
                // Its failure was its own.
                drop(before.await);
            }
            match worker.run().await {
                Ok(()) => drop(broke_off.disarm()),
                Err(error) => {
                    tracing::error!(%error, topic = %worker.topic, partition = worker.partition, "a partition can't be read")
                }
            }
        });
        Self { stop, task }
    }

    /// Stops the task after the batch under work.
    pub(super) fn stop(self) -> JoinHandle<()> {
        self.stop.cancel();
        self.task
    }
}

/// What the task needs.
pub(super) struct Worker<E, H> {
    pub(super) consumer: Arc<StreamConsumer<ConsumerEvents>>,
    /// The topic as Kafka names it.
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    /// The most records that are worked on at a time.
    pub(super) max_batch: usize,
    pub(super) dead_letters: DeadLetters,
    pub(super) handler: Arc<H>,
    pub(super) stop: CancellationToken,
    /// Cancelled when the work ends though nothing stopped it.
    pub(super) broke_off: CancellationToken,
    pub(super) event: PhantomData<fn() -> E>,
}

impl<E: Event, H: Handler<E>> Worker<E, H> {
    async fn run(&self) -> Result<(), Error> {
        // Only now, as there is one waker for each queue: the task before may have had it.
        let queue = self.consumer.split_partition_queue(&self.topic, self.partition);
        let queue = queue.ok_or_else(|| Error::internal("Kafka's client does not know it"))?;
        let mut batches = queue.stream().ready_chunks(self.max_batch);
        while let Some(Some(batch)) = self.stop.run_until_cancelled(batches.next()).await {
            let (began, records) = (Instant::now(), batch.len() as u64);
            let last = batch.iter().rev().find_map(|read| read.as_ref().ok().map(Message::offset));
            if self.finish(self.work(batch)).await.is_none() {
                break;
            }
            metrics::counter!(metric::KAFKA_HANDLED, "topic" => E::TOPIC).increment(records);
            metrics::histogram!(metric::KAFKA_BATCH_DURATION, "topic" => E::TOPIC)
                .record(began.elapsed().as_secs_f64());
            // Only now: what is not durable must come again.
            if let Some(last) = last
                && let Err(error) = self.consumer.store_offset(&self.topic, self.partition, last)
            {
                // The partition was taken away: its new reader gets these records again, and they change nothing.
                tracing::debug!(%error, topic = %self.topic, partition = self.partition, "an offset was not stored");
            }
        }
        Ok(())
    }

    async fn work(&self, read: Vec<Result<BorrowedMessage<'_>, KafkaError>>) {
        let mut batch = Vec::with_capacity(read.len());
        for read in read {
            let message = match read {
                Ok(message) => message,
                Err(error) => {
                    log_consumer_error(E::TOPIC, &error);
                    continue;
                }
            };
            let event = decode(&message);
            let record = Record::new(E::TOPIC, message);
            match event {
                Ok(event) => batch.push(Received { event, record }),
                Err(reason) => self.dead_letters.reject(&record, &reason).await,
            }
        }
        if !batch.is_empty() {
            self.handler.handle(batch, &self.dead_letters).await;
        }
    }

    /// Gives work that was begun a few seconds to end: what was decided must not be decided again without need. `None` when it did
    /// not.
    async fn finish(&self, work: impl Future<Output = ()>) -> Option<()> {
        let grace = async {
            self.stop.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            () = work => Some(()),
            () = grace => None,
        }
    }
}
