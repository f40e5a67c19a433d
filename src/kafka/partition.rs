//! The work on one partition: a task of its own, with a bounded queue in front of it.

use std::{future::Future, sync::Arc, time::Duration};

use rdkafka::consumer::{Consumer, StreamConsumer};
use tokio::{
    sync::{Notify, mpsc},
    task::JoinHandle,
};

use super::{DeadLetters, Received, context::ConsumerEvents, received::Unreadable};
use crate::{events::Event, shutdown::CancellationToken};

/// Records that are read between two looks at which partitions have enough.
pub(super) const READ_AT_ONCE: usize = 512;
/// How long work that was begun may take once the partition was taken away or the process ends.
const GRACE: Duration = Duration::from_secs(3);

/// One record for the task.
pub(super) struct Queued<E> {
    offset: i64,
    record: Result<Received<E>, Box<Unreadable>>,
}

impl<E> Queued<E> {
    pub(super) fn new(offset: i64, record: Result<Received<E>, Box<Unreadable>>) -> Self {
        Self { offset, record }
    }
}

/// A partition that is ours, as the task that reads from Kafka sees it.
pub(super) struct Partition<E> {
    queue: mpsc::Sender<Queued<E>>,
    max_batch: usize,
    stop: CancellationToken,
    task: JoinHandle<()>,
    /// Whether fetching is paused.
    pub(super) is_paused: bool,
}

impl<E: Event> Partition<E> {
    /// Starts the task. It begins after `before`, the task that had the partition earlier, if that still finishes its last batch.
    pub(super) fn start<F>(
        worker: Worker<E, impl Fn(Vec<Received<E>>, DeadLetters) -> F + Send + Sync + 'static>,
        before: Option<JoinHandle<()>>,
    ) -> Self
    where
        F: Future<Output = ()> + Send,
    {
        let max_batch = worker.max_batch;
        // A batch more than is under work, and what is read before fetching is paused.
        let (queue, records) = mpsc::channel(2 * max_batch + READ_AT_ONCE);
        let stop = worker.stop.clone();
        let task = tokio::spawn(async move {
            if let Some(before) = before {
                // Its failure was its own.
                drop(before.await);
            }
            worker.run(records).await;
        });
        Self { queue, max_batch, stop, task, is_paused: false }
    }

    /// Queues a record. There is room: fetching pauses well before there is none. `false` when the task has ended, which it does by itself
    /// only when the work panicked.
    pub(super) async fn push(&self, record: Queued<E>) -> bool {
        self.queue.send(record).await.is_ok()
    }

    /// Whether no more should be fetched for now.
    pub(super) fn is_full(&self) -> bool {
        self.queue.capacity() < READ_AT_ONCE
    }

    /// Whether fetching may go on.
    pub(super) fn has_room(&self) -> bool {
        self.queue.capacity() >= self.max_batch
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
    pub(super) topic: Arc<str>,
    pub(super) partition: i32,
    /// The most records that are worked on at a time.
    pub(super) max_batch: usize,
    pub(super) dead_letters: DeadLetters,
    pub(super) handle: Arc<H>,
    pub(super) stop: CancellationToken,
    /// Told whenever the queue got shorter.
    pub(super) took: Arc<Notify>,
    pub(super) event: std::marker::PhantomData<fn() -> E>,
}

impl<E: Event, H> Worker<E, H> {
    async fn run<F>(self, mut records: mpsc::Receiver<Queued<E>>)
    where
        H: Fn(Vec<Received<E>>, DeadLetters) -> F,
        F: Future<Output = ()> + Send,
    {
        let mut queued = Vec::new();
        loop {
            let taken = self.stop.run_until_cancelled(records.recv_many(&mut queued, self.max_batch)).await;
            let Some(last) = taken.and_then(|_| queued.last()).map(|last| last.offset) else { return };
            self.took.notify_one();
            if self.finish(self.work(queued.drain(..))).await.is_none() {
                return;
            }
            // Only now: what is not durable must come again.
            if let Err(error) = self.consumer.store_offset(&self.topic, self.partition, last) {
                // The partition was taken away: its new reader gets these records again, and they change nothing.
                tracing::debug!(%error, topic = %self.topic, partition = self.partition, "an offset was not stored");
            }
        }
    }

    async fn work<F>(&self, queued: impl Iterator<Item = Queued<E>>)
    where
        H: Fn(Vec<Received<E>>, DeadLetters) -> F,
        F: Future<Output = ()> + Send,
    {
        let mut batch = Vec::new();
        for queued in queued {
            match queued.record {
                Ok(received) => batch.push(received),
                Err(unreadable) => self.dead_letters.reject(&unreadable.record, &unreadable.reason).await,
            }
        }
        if !batch.is_empty() {
            (self.handle)(batch, self.dead_letters.clone()).await;
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
