//! One batch: reads what its commands touch, decides each in turn in memory, writes everything in one transaction, and only then answers.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use evcharging_common::{
    backoff::Backoff,
    clock,
    error::{Error, ErrorCode},
    metric,
    money::CURRENCY,
    spans,
    vocabulary::EndReason,
};
use tokio::{
    sync::{Notify, broadcast},
    time::Instant,
};
use tracing::{Instrument, Span};

use super::{Job, Outcome, too_late};
use crate::{
    command::{Reply, Touched},
    decide::{Rules, decide},
    entities::Session,
    idempotency,
    store::{BatchKeys, BatchWrites, Loaded, RecordedReply, Store},
    world::{Changes, World},
};

/// How often a batch is run anew when another one's change came first.
pub(super) const CONFLICT_TRIES: usize = 5;

/// A connection that runs one batch at a time.
pub(super) struct Lane<S> {
    pub(super) store: S,
    pub(super) rules: Rules,
    /// Told of each session that changes.
    pub(super) changed_sessions: broadcast::Sender<Session>,
    /// Told when events were added to the outbox.
    pub(super) outbox_filled: Arc<Notify>,
}

impl<S: Store> Lane<S> {
    /// A second one beside it.
    pub(super) fn another(&self) -> Self {
        Self {
            store: self.store.another(),
            rules: self.rules,
            changed_sessions: self.changed_sessions.clone(),
            outbox_filled: self.outbox_filled.clone(),
        }
    }

    /// Runs a batch; when the database refuses it as a whole, each job alone, so that only the culprit fails.
    pub(super) async fn run(&mut self, jobs: Vec<Job>) {
        match self.try_traced(&jobs).await {
            Ok(outcomes) => answer(jobs, outcomes),
            // No command is to blame when the database is away, and each would wait for it in turn.
            Err(error) if jobs.len() == 1 || error.code == ErrorCode::Unavailable => {
                let outcomes = vec![Err(error); jobs.len()];
                answer(jobs, outcomes);
            }
            Err(error) => {
                tracing::warn!(%error, commands = jobs.len(), "a batch failed; its commands are tried one by one");
                for job in jobs {
                    let outcomes = self.try_traced(std::slice::from_ref(&job)).await;
                    answer(vec![job], outcomes.unwrap_or_else(|error| vec![Err(error)]));
                }
            }
        }
    }

    async fn try_traced(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, Error> {
        let span = batch_span(jobs);
        self.try_batch(jobs).instrument(span).await
    }

    /// Runs the jobs in one transaction, and anew when another one's change came first: what is decided then takes it into account.
    async fn try_batch(&mut self, jobs: &[Job]) -> Result<Vec<Outcome>, Error> {
        let mut backoff = Backoff::new(Duration::from_millis(10), Duration::from_millis(200));
        let mut tries = 1;
        metrics::histogram!(metric::BATCH_COMMANDS).record(jobs.len() as f64);
        loop {
            let began = Instant::now();
            let transacted = self.transact(jobs).await;
            let outcome = if transacted.is_ok() { "done" } else { "failed" };
            metrics::histogram!(metric::BATCH_DURATION, "outcome" => outcome)
                .record(began.elapsed().as_secs_f64());
            let error = match transacted {
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
        let began = Instant::now();
        let keys = batch_keys(jobs);
        let Loaded { mut world, recorded } = self.store.begin(&keys).await?;
        let now_ms = clock::now_ms();
        let mut changes = Changes::default();
        let mut new_records: HashMap<String, RecordedReply> = HashMap::new();
        let mut sent_outbox_ids = Vec::new();
        let mut outcomes = Vec::with_capacity(jobs.len());

        for job in jobs {
            let (command, event_id, traceparent) = match job {
                // Whoever sent it was told so, and may have sent it again, and more after it.
                Job::Command { deadline, .. } if *deadline <= Instant::now() => {
                    outcomes.push(Err(too_late()));
                    continue;
                }
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
        let (charge_points, new_charge_points) =
            changed_and_new(&changes.cp_ids, &world.charge_points, &changes.new_cp_ids);
        let (drivers, new_drivers) =
            changed_and_new(&changes.driver_ids, &world.drivers, &changes.new_driver_ids);
        let (changed_sessions, new_sessions) =
            changed_and_new(&changes.session_ids, &world.sessions, &changes.new_session_ids);
        self.store
            .commit(&BatchWrites {
                charge_points,
                new_charge_points,
                drivers,
                new_drivers,
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
        tell_what_ended(&world, &changes);
        if !changes.outbox_events.is_empty() {
            self.outbox_filled.notify_one();
        }
        if self.changed_sessions.receiver_count() > 0 {
            for session in changes.session_ids.iter().filter_map(|id| world.sessions.get(id)) {
                // Nobody watching any more is as good.
                drop(self.changed_sessions.send(session.clone()));
            }
        }
        Ok(outcomes)
    }
}

/// The span of a batch, in which its statements are.
fn batch_span(jobs: &[Job]) -> Span {
    let served = jobs.iter().filter_map(|job| match job {
        Job::Command { span, .. } => Some(span),
        Job::OutboxSent { .. } => None,
    });
    spans::serving_many(|| tracing::info_span!(parent: None, "batch", commands = jobs.len()), served)
}

/// Counts the sessions that a stored batch ended, and what they were billed.
fn tell_what_ended(world: &World, changes: &Changes) {
    let changed = changes.session_ids.iter().filter_map(|id| world.sessions.get(id));
    for session in changed.filter(|session| !session.is_open()) {
        let reason = session.end_reason.map_or("", EndReason::as_str);
        metrics::counter!(metric::SESSIONS_ENDED, "state" => session.state.as_str(), "reason" => reason)
            .increment(1);
        // Neither is ever negative.
        metrics::counter!(metric::BILLED_ENERGY).increment(session.energy_mwh().unsigned_abs());
        let cost_micros = session.cost_micros.unwrap_or_default();
        metrics::counter!(metric::BILLED_MONEY, "currency" => CURRENCY).increment(cost_micros.unsigned_abs());
    }
}

/// The entities of these ids: those that were there before, and those that are new.
fn changed_and_new<'a, T>(
    ids: &HashSet<String>,
    entities: &'a HashMap<String, T>,
    new_ids: &HashSet<String>,
) -> (Vec<&'a T>, Vec<&'a T>) {
    let (new, changed): (Vec<_>, Vec<_>) = ids.iter().partition(|id| new_ids.contains(*id));
    let of = |ids: Vec<&String>| ids.into_iter().filter_map(|id| entities.get(id)).collect();
    (of(changed), of(new))
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
        unplaced_driver_ids: each_once(touched.unplaced_driver_ids),
        unplaced_session_ids: each_once(touched.unplaced_session_ids),
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
