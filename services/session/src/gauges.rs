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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::{
        decide::Rules,
        fixtures,
        store::{SqlStore, test_database::TestDatabase},
        writer::Writer,
    };

    async fn counted(database: TestDatabase) {
        let store = SqlStore::open(&database.url).await.unwrap();
        let writer = Writer::start(store, Rules::default(), CancellationToken::new());
        for command in [
            fixtures::create_driver("driver1"),
            fixtures::top_up("driver1", "first", 5_000_000),
            fixtures::register("MAD-01", "link1"),
            fixtures::register("MAD-02", "link2"),
            fixtures::reserve("r1", "driver1", "MAD-01"),
        ] {
            writer.0.execute(command).await.unwrap();
        }
        let counts = ReadModel::open_lazily(&database.url).unwrap().counts().await.unwrap();
        let words = |words: &[(&str, i64)]| {
            words.iter().map(|(word, number)| ((*word).to_owned(), *number)).collect()
        };
        assert_eq!(counts.charge_points, words(&[("RESERVED", 1), ("AVAILABLE", 1)]));
        assert_eq!(counts.open_sessions, words(&[("RESERVED", 1)]));
        assert!(counts.outbox_events > 0, "nobody sends them here");
        assert!(counts.outbox_oldest_at_ms.is_some_and(|at_ms| at_ms <= clock::now_ms()));
    }

    #[tokio::test]
    async fn the_network_is_counted_in_a_file() {
        counted(TestDatabase::sqlite().await).await;
    }

    #[tokio::test]
    async fn the_network_is_counted_on_postgres() {
        counted(TestDatabase::postgres().await).await;
    }

    #[tokio::test]
    async fn the_network_is_counted_on_mysql() {
        counted(TestDatabase::mysql().await).await;
    }

    #[tokio::test]
    async fn the_network_is_counted_on_mariadb() {
        counted(TestDatabase::mariadb().await).await;
    }
}
