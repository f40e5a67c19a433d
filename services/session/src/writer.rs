//! The batched writer: whatever the door, a change goes through this queue and leaves it in a batch, which is one transaction.

mod batch;
mod lanes;

use std::{sync::Arc, time::Duration};

use evcharging_common::{
    error::{Error, ErrorCode},
    shutdown::CancellationToken,
    trace_propagation,
};
use tokio::{
    sync::{Notify, broadcast, mpsc, oneshot},
    time::Instant,
};
use tracing::Span;

use self::batch::Lane;
use crate::{
    command::{Command, Reply},
    decide::Rules,
    entities::Session,
    store::Store,
};

/// Commands that may wait; more are told to come later.
const QUEUE: usize = 4096;
/// How long a command may wait for a place in the queue and for its decision, together.
const COMMAND_DEADLINE: Duration = Duration::from_secs(5);
/// Changes that a watcher may lag behind before it misses some.
const WATCH_BUFFER: usize = 1024;

type Outcome = Result<Reply, Error>;

enum Job {
    Command {
        command: Box<Command>,
        event_id: Option<String>,
        /// What it belongs to.
        span: Span,
        traceparent: String,
        /// After this it is not decided any more.
        deadline: Instant,
        reply: oneshot::Sender<Outcome>,
    },
    OutboxSent {
        outbox_ids: Vec<i64>,
        done: oneshot::Sender<Result<(), Error>>,
    },
}

/// A handle on the writer. Cheap to clone.
#[derive(Clone)]
pub struct Writer {
    jobs: mpsc::Sender<Job>,
    changed_sessions: broadcast::Sender<Session>,
    outbox_filled: Arc<Notify>,
}

impl Writer {
    /// Starts a writer over a store. It ends once the token is cancelled and its queue is empty.
    pub fn start<S: Store>(
        store: S,
        rules: Rules,
        shutdown: CancellationToken,
    ) -> (Self, tokio::task::JoinHandle<()>) {
        let (jobs, queue) = mpsc::channel(QUEUE);
        let writer = Self {
            jobs,
            changed_sessions: broadcast::channel(WATCH_BUFFER).0,
            outbox_filled: Arc::default(),
        };
        let lane = Lane {
            store,
            rules,
            changed_sessions: writer.changed_sessions.clone(),
            outbox_filled: writer.outbox_filled.clone(),
        };
        let task = tokio::spawn(lanes::run(lane, queue, shutdown));
        (writer, task)
    }

    /// Decides a command and stores its effect.
    ///
    /// # Errors
    /// The command's own; RESOURCE_EXHAUSTED or DEADLINE_EXCEEDED when there is too much to do.
    pub async fn execute(&self, command: Command) -> Outcome {
        self.execute_event(command, None).await
    }

    /// Decides a command that an event brought: the same event again takes no effect.
    ///
    /// # Errors
    /// As [`Writer::execute`].
    pub async fn execute_event(&self, command: Command, event_id: Option<String>) -> Outcome {
        let (reply, replied) = oneshot::channel();
        let span = Span::current();
        let traceparent = trace_propagation::traceparent_of(&span).unwrap_or_default();
        let (command, deadline) = (Box::new(command), Instant::now() + COMMAND_DEADLINE);
        self.enqueue(Job::Command { command, event_id, span, traceparent, deadline, reply }).await?;
        match tokio::time::timeout_at(deadline, replied).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(Error::unavailable(
                "not decided: the service is ending or a batch broke off; try again",
                "no reply",
            )),
            Err(_) => Err(too_late()),
        }
    }

    /// Forgets events that Kafka has taken. Returns once that is stored.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn outbox_sent(&self, outbox_ids: Vec<i64>) -> Result<(), Error> {
        let (done, stored) = oneshot::channel();
        self.enqueue(Job::OutboxSent { outbox_ids, done }).await?;
        stored
            .await
            .unwrap_or_else(|_| Err(Error::unavailable("the service is shutting down", "writer stopped")))
    }

    /// Each session that changes from now on.
    pub fn watch_sessions(&self) -> broadcast::Receiver<Session> {
        self.changed_sessions.subscribe()
    }

    /// Wakes when events were added to the outbox.
    pub fn outbox_filled(&self) -> Arc<Notify> {
        self.outbox_filled.clone()
    }

    async fn enqueue(&self, job: Job) -> Result<(), Error> {
        let sent = self.jobs.send_timeout(job, COMMAND_DEADLINE).await;
        sent.map_err(|error| match error {
            mpsc::error::SendTimeoutError::Timeout(_) => Error::new(
                ErrorCode::ResourceExhausted,
                "TOO_BUSY",
                "too many requests wait; try again later",
            ),
            mpsc::error::SendTimeoutError::Closed(_) => {
                Error::unavailable("the service is shutting down; try again", "writer stopped")
            }
        })
    }
}

fn too_late() -> Error {
    Error::new(ErrorCode::DeadlineExceeded, "DEADLINE_EXCEEDED", "not decided in time; ask again")
}

#[cfg(test)]
mod tests;
