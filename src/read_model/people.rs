//! Who may log in, the keys that tokens are checked with, what drivers ask for, and what was earned.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sqlx::{Row, any::AnyRow};

use super::{
    ReadModel,
    question::{Question, Value},
};
use crate::{
    access::TokenKey, columns::word, database::Dialect, error::Error, pb::types::v1 as pb, vocabulary::Role,
};

/// Wishes for money that are told at a time.
const MAX_TOP_UPS: i64 = 200;
/// One that is longer is missing in the hour in which it ends.
const LONGEST_SESSION_MS: i64 = 7 * 24 * 3_600_000;

/// A person who may log in.
#[derive(Debug, Clone)]
pub struct User {
    /// The name at login.
    pub user_id: String,
    /// What it may do.
    pub role: Role,
    /// Argon2id, in PHC's format.
    pub password_hash: String,
    /// What was signed for the user before this instant is void.
    pub changed_at_ms: i64,
}

impl ReadModel {
    /// A person who may log in.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn user(&self, user_id: &str) -> Result<Option<User>, Error> {
        let mut question = Question::new("SELECT * FROM user_rows WHERE TRUE");
        question.equals("user_id", user_id);
        self.one(question, user).await
    }

    /// The public keys of tokens, those that have run out included.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn token_keys(&self) -> Result<Vec<TokenKey>, Error> {
        let found = self.all(Question::new("SELECT * FROM token_key_rows WHERE TRUE")).await?;
        Ok(found.iter().map(token_key).collect::<Result<_, _>>()?)
    }

    /// A wish for money.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn top_up(&self, top_up_id: &str) -> Result<Option<pb::TopUp>, Error> {
        let mut question = Question::new("SELECT * FROM top_up_rows WHERE TRUE");
        question.equals("top_up_id", top_up_id);
        self.one(question, top_up).await
    }

    /// Wishes for money: those that wait first, then the newest.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn top_ups(&self, driver_id: &str) -> Result<Vec<pb::TopUp>, Error> {
        let mut question = Question::new("SELECT * FROM top_up_rows WHERE TRUE");
        if !driver_id.is_empty() {
            question.equals("driver_id", driver_id);
        }
        let order = "CASE WHEN state IN ('REQUESTED', 'CREDITING') THEN 0 ELSE 1 END, requested_at_ms DESC";
        question.order_and_limit(order, MAX_TOP_UPS);
        let found = self.all(question).await?;
        Ok(found.iter().map(top_up).collect::<Result<_, _>>()?)
    }

    /// What was billed in each hour since an instant.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hours(&self, from_ms: i64) -> Result<Vec<pb::Hour>, Error> {
        let mut question = Question::new(match self.dialect {
            Dialect::Sqlite | Dialect::Postgres => include_str!("queries/hours.sql"),
            Dialect::MySql => include_str!("queries/hours_mysql.sql"),
        });
        // Ids grow with time (UUID version 7) and have an index, which the instants of the view have not.
        let first_id = first_session_id(from_ms - LONGEST_SESSION_MS);
        question.values = vec![Value::Text(first_id), Value::Number(from_ms)];
        let found = self.all(question).await?;
        Ok(found.iter().map(hour).collect::<Result<_, _>>()?)
    }
}

/// What the ids of sessions that began at this instant or later are not before.
fn first_session_id(from_ms: i64) -> String {
    let digits = format!("{:012x}", from_ms.max(0));
    format!("{}-{}", &digits[..8], &digits[8..])
}

fn user(row: &AnyRow) -> Result<User, sqlx::Error> {
    Ok(User {
        user_id: row.try_get("user_id")?,
        role: word(row, "role")?,
        password_hash: row.try_get("password_hash")?,
        changed_at_ms: row.try_get("changed_at_ms")?,
    })
}

fn token_key(row: &AnyRow) -> Result<TokenKey, sqlx::Error> {
    let public_key: String = row.try_get("public_key")?;
    Ok(TokenKey {
        key_id: row.try_get("key_id")?,
        // One that can't be read checks nothing.
        public_key: URL_SAFE_NO_PAD.decode(public_key).unwrap_or_default(),
        until_ms: row.try_get("until_ms")?,
    })
}

fn top_up(row: &AnyRow) -> Result<pb::TopUp, sqlx::Error> {
    let state: String = row.try_get("state")?;
    let state = match state.as_str() {
        "APPROVED" => pb::TopUpState::Approved,
        "DECLINED" => pb::TopUpState::Declined,
        // Approved, but not yet on the balance: to be approved once more.
        _ => pb::TopUpState::Requested,
    };
    let decided = state != pb::TopUpState::Requested;
    Ok(pb::TopUp {
        top_up_id: row.try_get("top_up_id")?,
        driver_id: row.try_get("driver_id")?,
        amount_micros: row.try_get("amount_micros")?,
        state: state.into(),
        requested_at_ms: row.try_get("requested_at_ms")?,
        decided_at_ms: row.try_get::<Option<i64>, _>("decided_at_ms")?.filter(|_| decided),
        decided_by: row.try_get::<Option<String>, _>("decided_by")?.filter(|_| decided).unwrap_or_default(),
    })
}

fn hour(row: &AnyRow) -> Result<pb::Hour, sqlx::Error> {
    Ok(pb::Hour {
        from_ms: row.try_get("from_ms")?,
        tickets: row.try_get("tickets")?,
        energy_mwh: row.try_get("energy_mwh")?,
        cost_micros: row.try_get("cost_micros")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_sessions_are_bounded_by_their_instant() {
        // 2026-01-31 12:00:00 UTC.
        let instant_ms = 1_769_860_800_000;
        let first = first_session_id(instant_ms);
        let at = |instant_ms: u64| {
            uuid::Builder::from_unix_timestamp_millis(instant_ms, &[0; 10]).into_uuid().to_string()
        };
        assert!(at(1_769_860_800_000) >= first && at(1_769_860_799_999) < first, "{first}");
    }
}
