//! Several batches at a time, each in a transaction of its own: while the database works for one, another is read or decided. They meet as
//! batches of two replicas do: in the locks of the database.

use std::time::Duration;

use evcharging_common::shutdown::CancellationToken;
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::{Job, batch::Lane};
use crate::store::Store;

/// The most commands in one transaction.
const MAX_BATCH: usize = 512;
/// Commands that are worth a transaction of their own beside one that runs already; fewer wait for its end, and cost less together.
const WORTH_ANOTHER: usize = 128;
/// How long they wait for it: it may itself wait for a lock.
const PATIENCE: Duration = Duration::from_millis(50);

/// Runs what comes through the queue until the token is cancelled and the queue is empty.
pub(super) async fn run<S: Store>(
    lane: Lane<S>,
    mut queue: mpsc::Receiver<Job>,
    shutdown: CancellationToken,
) {
    let mut idle: Vec<Lane<S>> = (1..lane.store.transactions_at_a_time()).map(|_| lane.another()).collect();
    let spare = lane.another();
    idle.push(lane);
    let mut busy = JoinSet::new();
    let mut jobs = Vec::new();
    let mut is_over = false;
    let mut patient_until = Instant::now();
    loop {
        if jobs.is_empty() {
            patient_until = Instant::now() + PATIENCE;
        }
        while jobs.len() < MAX_BATCH
            && let Ok(job) = queue.try_recv()
        {
            jobs.push(job);
        }
        let is_time = busy.is_empty() || jobs.len() >= WORTH_ANOTHER || Instant::now() >= patient_until;
        if is_time
            && !jobs.is_empty()
            && let Some(mut lane) = idle.pop()
        {
            let jobs = std::mem::take(&mut jobs);
            busy.spawn(async move {
                lane.run(jobs).await;
                lane
            });
            continue;
        }
        if is_over && busy.is_empty() {
            return;
        }
        tokio::select! {
            Some(finished) = busy.join_next() => {
                idle.push(finished.unwrap_or_else(|error| {
                    // Whoever waited for its batch is told to try again.
                    tracing::error!(%error, "a batch broke off");
                    spare.another()
                }));
                // Whoever was answered and asks again at once gets into the next batch, which costs the same for many as for one.
                tokio::task::yield_now().await;
            }
            taken = queue.recv_many(&mut jobs, 1), if jobs.len() < MAX_BATCH && !is_over => is_over = taken == 0,
            () = sleep_until(patient_until), if !jobs.is_empty() && !idle.is_empty() => {}
            // Nothing new comes in; what waits is still done.
            () = shutdown.cancelled(), if !queue.is_closed() => queue.close(),
        }
    }
}
