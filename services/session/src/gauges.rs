//! The network in numbers for whoever collects metrics: every replica of session tells the same.

use std::time::Duration;

use evcharging_common::{
    clock, metric,
    outage::Outage,
    read_model::{Counts, ReadModel},
    shutdown::CancellationToken,
    vocabulary::{
        ChargePointStatus,
        SessionState::{Charging, Reserved, Starting, Stopping},
    },
};
use tokio::time::{MissedTickBehavior, interval};

use crate::leadership::Leadership;

/// Between two looks: counting a hundred thousand charge points takes a database some ten milliseconds.
const LOOK: Duration = Duration::from_secs(15);

/// Tells them until the token is cancelled.
pub async fn run(read_model: ReadModel, leadership: Leadership, shutdown: CancellationToken) {
    let mut outage = Outage::of("counting for metrics");
    let mut looks = interval(LOOK);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(looks.tick()).await.is_some() {
        metrics::gauge!(metric::LEADER).set(u8::from(leadership.is_held()));
        let counted = read_model.counts().await;
        outage.note(&counted);
        if let Ok(counts) = counted {
            tell(&counts);
        }
    }
    metrics::gauge!(metric::LEADER).set(0);
}

/// Words that nothing has now are told as 0: what is not told keeps its last value.
fn tell(counts: &Counts) {
    for status in ChargePointStatus::ALL {
        let number = counts.charge_points.get(status.as_str()).copied().unwrap_or_default();
        metrics::gauge!(metric::CHARGE_POINTS, "status" => status.as_str()).set(number as f64);
    }
    for state in [Reserved, Starting, Charging, Stopping] {
        let number = counts.open_sessions.get(state.as_str()).copied().unwrap_or_default();
        metrics::gauge!(metric::SESSIONS, "state" => state.as_str()).set(number as f64);
    }
    metrics::gauge!(metric::OUTBOX_EVENTS).set(counts.outbox_events as f64);
    let waited_ms =
        counts.outbox_oldest_at_ms.map_or(0, |at_ms| clock::now_ms().saturating_sub(at_ms).max(0));
    metrics::gauge!(metric::OUTBOX_OLDEST).set(Duration::from_millis(waited_ms.unsigned_abs()));
}
