//! How much of everything there is, for metrics.

use std::collections::HashMap;

use sqlx::Row;

use super::{ReadModel, question::Question};
use crate::{database::Dialect, error::Error};

/// The network in numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Charge points by status, as the database spells it.
    pub charge_points: HashMap<String, i64>,
    /// Sessions that have not ended, by state.
    pub open_sessions: HashMap<String, i64>,
    /// Events that wait for Kafka.
    pub outbox_events: i64,
    /// Since when the oldest of them waits.
    pub outbox_oldest_at_ms: Option<i64>,
}

impl ReadModel {
    /// Counts it all.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn counts(&self) -> Result<Counts, Error> {
        // As their indexes have it: past sessions are many.
        let open_sessions = match self.dialect {
            Dialect::Sqlite => {
                "SELECT state AS word, COUNT(*) AS number FROM sessions WHERE ended_at_ms IS NULL GROUP BY state"
            }
            Dialect::Postgres => {
                "SELECT state AS word, COUNT(*) AS number FROM sessions WHERE ended_at IS NULL GROUP BY state"
            }
            Dialect::MySql => {
                "SELECT state AS word, COUNT(*) AS number FROM sessions WHERE open_cp_id IS NOT NULL GROUP BY state"
            }
        };
        let outbox = self
            .all(Question::new("SELECT COUNT(*) AS number, MIN(at_ms) AS at_ms FROM outbox_rows"))
            .await?;
        let outbox = outbox.first().ok_or_else(|| Error::internal("a count has no row"))?;
        Ok(Counts {
            charge_points: self
                .by_word("SELECT status AS word, COUNT(*) AS number FROM charge_points GROUP BY status")
                .await?,
            open_sessions: self.by_word(open_sessions).await?,
            outbox_events: outbox.try_get("number")?,
            outbox_oldest_at_ms: outbox.try_get("at_ms")?,
        })
    }

    async fn by_word(&self, statement: &'static str) -> Result<HashMap<String, i64>, Error> {
        let found = self.all(Question::new(statement)).await?;
        found.iter().map(|row| Ok((row.try_get("word")?, row.try_get("number")?))).collect()
    }
}
