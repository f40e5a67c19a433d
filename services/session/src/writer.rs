//! The batched writer: whatever the door, a change goes through this queue. It takes what is there, reads what that touches, decides
//! each command in turn in memory, writes everything in one transaction, and only then answers.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use evcharging_common::{
    backoff::Backoff,
    clock,
    error::{Error, ErrorCode},
    shutdown::CancellationToken,
    trace_propagation,
};
use tokio::sync::{Notify, broadcast, mpsc, oneshot};

use crate::{
    command::{Command, Reply, Touched},
    decide::{Rules, decide},
    entities::Session,
    idempotency,
    store::{BatchKeys, BatchWrites, Loaded, RecordedReply, Store},
    world::Changes,
};

/// Commands that may wait; more are told to come later.
const QUEUE: usize = 4096;
/// The most commands in one transaction.
const MAX_BATCH: usize = 512;
/// How long a command may wait for a place in the queue and for its reply.
const COMMAND_DEADLINE: Duration = Duration::from_secs(5);
/// How often a batch is run anew when another replica's change came first.
const CONFLICT_TRIES: usize = 5;
/// Changes that a watcher may lag behind before it misses some.
const WATCH_BUFFER: usize = 1024;

type Outcome = Result<Reply, Error>;

enum Job {
    Command {
        command: Box<Command>,
        event_id: Option<String>,
        traceparent: String,
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
        let batches = Batches { store, rules, writer: writer.clone() };
        let task = tokio::spawn(batches.run(queue, shutdown));
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
        let traceparent = trace_propagation::current_traceparent().unwrap_or_default();
        self.enqueue(Job::Command { command: Box::new(command), event_id, traceparent, reply }).await?;
        // Once it is in the queue it will be decided; whoever asks again after this deadline gets the same answer.
        match tokio::time::timeout(COMMAND_DEADLINE, replied).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => {
                Err(Error::unavailable("the service is shutting down; try again", "writer stopped"))
            }
            Err(_) => Err(Error::new(
                ErrorCode::DeadlineExceeded,
                "DEADLINE_EXCEEDED",
                "not decided in time; ask again",
            )),
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

struct Batches<S> {
    store: S,
    rules: Rules,
    writer: Writer,
}

impl<S: Store> Batches<S> {
    async fn run(mut self, mut queue: mpsc::Receiver<Job>, shutdown: CancellationToken) {
        let mut jobs = Vec::new();
        loop {
            if shutdown.is_cancelled() {
                // Nothing new comes in; what waits is still done.
                queue.close();
            }
            let Some(taken) = shutdown.run_until_cancelled(queue.recv_many(&mut jobs, MAX_BATCH)).await
            else {
                queue.close();
                if queue.recv_many(&mut jobs, MAX_BATCH).await == 0 {
                    return;
                }
                self.run_batch(std::mem::take(&mut jobs)).await;
                continue;
            };
            if taken == 0 {
                return;
            }
            self.run_batch(std::mem::take(&mut jobs)).await;
            // Whoever was answered and asks again at once gets into the next batch, which costs the same for many as for one.
            tokio::task::yield_now().await;
        }
    }

    /// Runs a batch; when the database refuses it as a whole, each job alone, so that only the culprit fails.
    async fn run_batch(&mut self, jobs: Vec<Job>) {
        match self.try_batch(&jobs).await {
            Ok(outcomes) => answer(jobs, outcomes),
            // No command is to blame when the database is away, and each would wait for it in turn.
            Err(error) if jobs.len() == 1 || error.code == ErrorCode::Unavailable => {
                let outcomes = vec![Err(error); jobs.len()];
                answer(jobs, outcomes);
            }
            Err(error) => {
                tracing::warn!(%error, commands = jobs.len(), "a batch failed; its commands are tried one by one");
                for job in jobs {
                    let outcomes = self.try_batch(std::slice::from_ref(&job)).await;
                    answer(vec![job], outcomes.unwrap_or_else(|error| vec![Err(error)]));
                }
            }
        }
    }

    /// Runs the jobs in one transaction, and anew when another replica's change came first: what is decided then takes it into account.
    async fn try_batch(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, Error> {
        let mut backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(200));
        let mut tries = 1;
        loop {
            let error = match self.transact(jobs).await {
                Ok(outcomes) => return Ok(outcomes),
                Err(error) => error,
            };
            self.store.roll_back().await;
            if error.reason != "CONFLICT" || tries == CONFLICT_TRIES {
                return Err(error);
            }
            tracing::debug!(%error, commands = jobs.len(), tries, "a batch is run anew");
            tries += 1;
            backoff.wait().await;
        }
    }

    /// One transaction for all the jobs.
    async fn transact(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, Error> {
        let began = tokio::time::Instant::now();
        let keys = batch_keys(jobs);
        let Loaded { mut world, recorded } = self.store.begin(&keys).await?;
        let known_sessions: HashSet<String> = world.sessions.keys().cloned().collect();
        let now_ms = clock::now_ms();
        let mut changes = Changes::default();
        let mut new_records: HashMap<String, RecordedReply> = HashMap::new();
        let mut sent_outbox_ids = Vec::new();
        let mut outcomes = Vec::with_capacity(jobs.len());

        for job in jobs {
            let (command, event_id, traceparent) = match job {
                Job::Command { command, event_id, traceparent, .. } => (command, event_id, traceparent),
                Job::OutboxSent { outbox_ids, .. } => {
                    sent_outbox_ids.extend_from_slice(outbox_ids);
                    outcomes.push(Ok(Reply::Done));
                    continue;
                }
            };
            let identity = idempotency::identity(command, event_id.as_deref());
            if let Some(identity) = &identity
                && let Some(seen) = new_records.get(&identity.key).or_else(|| recorded.get(&identity.key))
            {
                outcomes.push(idempotency::recall(seen, identity));
                continue;
            }
            let decided = decide(&world, command, &self.rules, now_ms, traceparent);
            let outcome = decided.map(|(finished, reply)| {
                world.apply(finished, &mut changes);
                reply
            });
            if let Some(record) =
                identity.and_then(|identity| idempotency::record(identity, now_ms, &outcome))
            {
                new_records.insert(record.idempotency_key.clone(), record);
            }
            outcomes.push(outcome);
        }

        if changes.is_empty() && new_records.is_empty() && sent_outbox_ids.is_empty() {
            self.store.roll_back().await;
            return Ok(outcomes);
        }
        let new_records: Vec<RecordedReply> = new_records.into_values().collect();
        let sessions = changes.session_ids.iter().filter_map(|id| world.sessions.get(id));
        let (changed_sessions, new_sessions) =
            sessions.partition(|session| known_sessions.contains(&session.session_id));
        self.store
            .commit(&BatchWrites {
                charge_points: changes.cp_ids.iter().filter_map(|id| world.charge_points.get(id)).collect(),
                drivers: changes.driver_ids.iter().filter_map(|id| world.drivers.get(id)).collect(),
                changed_sessions,
                new_sessions,
                ledger_entries: &changes.ledger_entries,
                audit_events: &changes.audit_events,
                outbox_events: &changes.outbox_events,
                recorded: &new_records,
                sent_outbox_ids: &sent_outbox_ids,
            })
            .await?;
        tracing::debug!(
            commands = jobs.len(),
            charge_points = changes.cp_ids.len(),
            sessions = changes.session_ids.len(),
            events = changes.outbox_events.len(),
            duration_us = began.elapsed().as_micros(),
            "a batch was stored"
        );
        if !changes.outbox_events.is_empty() {
            self.writer.outbox_filled.notify_one();
        }
        if self.writer.changed_sessions.receiver_count() > 0 {
            for session in changes.session_ids.iter().filter_map(|id| world.sessions.get(id)) {
                // Nobody watching any more is as good.
                drop(self.writer.changed_sessions.send(session.clone()));
            }
        }
        Ok(outcomes)
    }
}

fn batch_keys(jobs: &[Job]) -> BatchKeys {
    let mut touched = Touched::default();
    let mut idempotency_keys = HashSet::new();
    for job in jobs {
        if let Job::Command { command, event_id, .. } = job {
            command.touch(&mut touched);
            idempotency_keys
                .extend(idempotency::identity(command, event_id.as_deref()).map(|identity| identity.key));
        }
    }
    BatchKeys {
        cp_ids: each_once(touched.cp_ids),
        driver_ids: each_once(touched.driver_ids),
        session_ids: each_once(touched.session_ids),
        idempotency_keys: idempotency_keys.into_iter().collect(),
    }
}

fn each_once(mut ids: Vec<&str>) -> Vec<String> {
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(str::to_owned).collect()
}

/// Answers whoever still listens.
fn answer(jobs: Vec<Job>, outcomes: Vec<Outcome>) {
    for (job, outcome) in jobs.into_iter().zip(outcomes) {
        match job {
            Job::Command { reply, .. } => drop(reply.send(outcome)),
            Job::OutboxSent { done, .. } => drop(done.send(outcome.map(|_| ()))),
        }
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
