//! Which replica does what is done once for all of them: sending the outbox and moving on what is due.
//!
//! One replica holds a lease in the database and renews it. Each looks at its own clock to know how long it still has it, and gives up
//! a second earlier than the others think: clocks of one cluster agree far better than that.

use std::time::Duration;

use evcharging_common::{clock, outage::Outage, shutdown::CancellationToken};
use tokio::{
    sync::watch,
    time::{Instant, MissedTickBehavior},
};

use crate::store::Store;

/// The lease's name.
const LEASE: &str = "background";
/// How long it lasts unless it is renewed. A replica that dies leaves the work to another after this.
const LEASE_TIME: Duration = Duration::from_secs(4);
/// How much earlier its holder stops.
const MARGIN: Duration = Duration::from_secs(1);
/// How often it is renewed, or tried for.
const RENEWAL: Duration = Duration::from_secs(1);

/// Whether this replica leads, as far as its tasks are told. Cheap to clone.
#[derive(Clone)]
pub struct Leadership {
    held_until: watch::Receiver<Option<Instant>>,
}

impl Leadership {
    /// Whether it leads right now.
    pub fn is_held(&self) -> bool {
        self.held_until.borrow().is_some_and(|held_until| Instant::now() < held_until)
    }

    /// Waits until it leads.
    pub async fn wait_until_held(&mut self) {
        while !self.is_held() {
            if self.held_until.changed().await.is_err() {
                // Nobody tries for it any more: the service ends, and with it whoever waits here.
                std::future::pending().await
            }
        }
    }
}

/// Begins to try for the lease, until the token is cancelled.
pub fn campaign<S: Store>(
    mut store: S,
    replica_id: String,
    shutdown: CancellationToken,
) -> (Leadership, tokio::task::JoinHandle<()>) {
    let (told, held_until) = watch::channel(None);
    let task = tokio::spawn(async move {
        let mut outage = Outage::of("the lease of the background work");
        let mut renewal = tokio::time::interval(RENEWAL);
        renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(renewal.tick()).await.is_some() {
            let (asked_at, now_ms) = (Instant::now(), clock::now_ms());
            let until_ms = now_ms + i64::try_from(LEASE_TIME.as_millis()).unwrap_or(i64::MAX);
            let claimed = store.claim_lease(LEASE, &replica_id, now_ms, until_ms).await;
            outage.note(&claimed);
            // Without an answer, what is held stays held until its time is over.
            let Ok(is_held) = claimed else { continue };
            let was_held = told.borrow().is_some();
            if is_held != was_held {
                let does =
                    if is_held { "sends events and moves on what is due" } else { "leaves that to another" };
                tracing::info!(replica_id, "this replica {does}");
            }
            told.send_replace(is_held.then_some(asked_at + LEASE_TIME - MARGIN));
        }
    });
    (Leadership { held_until }, task)
}
