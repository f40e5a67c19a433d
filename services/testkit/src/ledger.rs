//! Looking into the database beside the services: what must add up, adds up.

use std::path::Path;

use sqlx::{ConnectOptions, SqliteConnection, sqlite::SqliteConnectOptions};

/// A read-only look into the database.
pub struct Ledger {
    connection: SqliteConnection,
}

impl Ledger {
    /// Opens the file.
    pub async fn open(file: &Path) -> Self {
        let connection = SqliteConnectOptions::new().filename(file).read_only(true).connect().await;
        Self { connection: connection.expect("the database opens") }
    }

    /// One number.
    pub async fn number(&mut self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&mut self.connection).await.expect("a number")
    }

    /// I2-I4, I7 and I6 as far as rows can tell; `context` goes into the message.
    ///
    /// # Panics
    /// When one of them is broken.
    pub async fn check(&mut self, context: &str) {
        for (what, query) in [
            (
                "I3: a balance is not its ledger's sum",
                "SELECT COUNT(*) FROM drivers d WHERE balance_micros <> \
                 (SELECT COALESCE(SUM(amount_micros), 0) FROM ledger_entries l WHERE l.driver_id = d.driver_id)",
            ),
            (
                "I2: a billed session has not exactly one ledger entry",
                "SELECT COUNT(*) FROM sessions s WHERE (s.cost_micros IS NOT NULL) <> \
                 ((SELECT COUNT(*) FROM ledger_entries l WHERE l.session_id = s.session_id AND l.amount_micros = -s.cost_micros) = 1)",
            ),
            (
                "I4: a charge point and its open session disagree",
                "SELECT COUNT(*) FROM charge_points c WHERE session_id IS NOT \
                 (SELECT session_id FROM sessions s WHERE s.cp_id = c.cp_id AND s.ended_at_ms IS NULL)",
            ),
            (
                "I4: a driver and its open session disagree",
                "SELECT COUNT(*) FROM drivers d WHERE session_id IS NOT \
                 (SELECT session_id FROM sessions s WHERE s.driver_id = d.driver_id AND s.ended_at_ms IS NULL)",
            ),
            (
                "I6: a waiting state has no deadline",
                "SELECT COUNT(*) FROM sessions WHERE state IN ('RESERVED', 'STARTING', 'STOPPING') AND deadline_ms IS NULL",
            ),
        ] {
            assert_eq!(self.number(query).await, 0, "{what} ({context})");
        }
    }
}
