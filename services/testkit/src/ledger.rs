//! Looking into the database beside the services: what must add up, adds up.

use evcharging_common::database::{Access, Database};
use sqlx::{AnyConnection, FromRow, any::AnyRow};

/// A read-only look into the database.
pub struct Ledger {
    connection: AnyConnection,
}

impl Ledger {
    /// Opens the database with a reader's credentials.
    pub async fn open(reader_url: &str) -> Self {
        let database = Database::parse(reader_url, Access::Read).expect("a database's URL");
        Self { connection: database.connect().await.expect("the database opens") }
    }

    /// One number.
    pub async fn number(&mut self, query: &'static str) -> i64 {
        sqlx::query_scalar(query).fetch_one(&mut self.connection).await.expect("a number")
    }

    /// Every row of an answer.
    pub async fn rows<T>(&mut self, query: &'static str) -> Vec<T>
    where
        T: for<'row> FromRow<'row, AnyRow> + Send + Unpin,
    {
        sqlx::query_as(query).fetch_all(&mut self.connection).await.expect("rows")
    }

    /// I2-I4, I7 and I6 as far as rows can tell; `context` goes into the message.
    ///
    /// # Panics
    /// When one of them is broken.
    pub async fn check(&mut self, context: &str) {
        let broken = self.broken_invariants().await;
        assert!(broken.is_empty(), "{broken:?} ({context})");
    }

    /// What does not add up.
    pub async fn broken_invariants(&mut self) -> Vec<&'static str> {
        let mut broken = Vec::new();
        for (what, query) in [
            (
                "I3: a balance is not its ledger's sum",
                "SELECT COUNT(*) FROM drivers d WHERE balance_micros <> \
                 (SELECT COALESCE(SUM(amount_micros), 0) FROM ledger_entries l WHERE l.driver_id = d.driver_id)",
            ),
            (
                "I2: a billed session has not exactly one ledger entry",
                "SELECT COUNT(*) FROM session_rows s WHERE (s.cost_micros IS NOT NULL) <> \
                 ((SELECT COUNT(*) FROM ledger_entries l WHERE l.session_id = s.session_id AND l.amount_micros = -s.cost_micros) = 1)",
            ),
            (
                "I2: a session that was not billed has a ledger entry",
                "SELECT COUNT(*) FROM session_rows s WHERE s.cost_micros IS NULL \
                 AND EXISTS (SELECT 1 FROM ledger_entries l WHERE l.session_id = s.session_id)",
            ),
            (
                "I4: a charge point and its open session disagree",
                "SELECT COUNT(*) FROM charge_points c WHERE COALESCE(c.session_id, '') <> COALESCE( \
                 (SELECT s.session_id FROM session_rows s WHERE s.cp_id = c.cp_id AND s.ended_at_ms IS NULL), '')",
            ),
            (
                "I4: a driver and its open session disagree",
                "SELECT COUNT(*) FROM drivers d WHERE COALESCE(d.session_id, '') <> COALESCE( \
                 (SELECT s.session_id FROM session_rows s WHERE s.driver_id = d.driver_id AND s.ended_at_ms IS NULL), '')",
            ),
            (
                "I6: a waiting state has no deadline",
                "SELECT COUNT(*) FROM session_rows WHERE state IN ('RESERVED', 'STARTING', 'STOPPING') AND deadline_ms IS NULL",
            ),
        ] {
            if self.number(query).await != 0 {
                broken.push(what);
            }
        }
        broken
    }
}
