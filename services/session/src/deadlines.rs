//! Nothing stays stuck: due deadlines and lost presences come back as commands through the same queue as everything else.

use std::time::Duration;

use evcharging_common::{
    clock::{self, ClockWatch},
    error::Error,
    outage::Outage,
    shutdown::CancellationToken,
};
use futures::future::join_all;

use crate::{command::Command, leadership::Leadership, store::Store, writer::Writer};

/// How often the database is asked what is due.
const LOOK: Duration = Duration::from_millis(500);
/// How many of each are moved on at a time.
const PAGE: u32 = 256;
/// How long a recorded reply is kept: a request that is repeated later is decided anew.
const RECORDED_RETENTION_MS: i64 = 7 * 24 * 3_600 * 1_000;
/// How often old recorded replies are removed, a page at a time.
const CLEANING: Duration = Duration::from_secs(60);

/// Moves on what is due while this replica leads, until the token is cancelled.
pub async fn run<S: Store>(
    mut store: S,
    writer: Writer,
    leadership: Leadership,
    shutdown: CancellationToken,
) {
    let mut look = tokio::time::interval(LOOK);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut outage = Outage::of("moving on what is due");
    let mut next_cleaning = tokio::time::Instant::now() + CLEANING;
    let mut clock_watch = ClockWatch::start();
    while shutdown.run_until_cancelled(look.tick()).await.is_some() {
        if let Some(set_back) = clock_watch.look() {
            tracing::warn!(
                seconds = set_back.as_secs(),
                "the clock was set back: reservations and other deadlines from before wait so much longer; cancel those that should not, and \
                 keep the clocks of all replicas synchronised"
            );
        }
        if !leadership.is_held() {
            continue;
        }
        outage.note(&move_on(&mut store, &writer).await);
        if tokio::time::Instant::now() >= next_cleaning {
            next_cleaning += CLEANING;
            let before_ms = clock::now_ms() - RECORDED_RETENTION_MS;
            if let Err(error) = store.remove_recorded_before(before_ms, PAGE).await {
                tracing::warn!(%error, "old recorded replies could not be removed; it is tried again");
            }
        }
    }
}

async fn move_on<S: Store>(store: &mut S, writer: &Writer) -> Result<(), Error> {
    let due = store.due(clock::now_ms(), PAGE).await?;
    let sessions = due.session_ids.into_iter().map(|session_id| Command::ExpireSession { session_id });
    let charge_points = due.cp_ids.into_iter().map(|cp_id| Command::ExpirePresence { cp_id });
    let commands = sessions.chain(charge_points).map(|command| writer.execute(command));
    for outcome in join_all(commands).await {
        outcome?;
    }
    Ok(())
}
