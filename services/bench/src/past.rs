//! A network that has been there for years: past sessions in PostgreSQL, so that what is measured is measured beside them.

use evcharging_common::{
    database::{Access, Database},
    error::Error,
};
use sqlx::AssertSqlSafe;

use crate::servers;

const PLACES: &str = include_str!("../sql/past_places.sql");
const SESSIONS: &str = include_str!("../sql/past_sessions.sql");
/// Charge points, and as many drivers.
const COUNT: u64 = 100_000;
/// Sessions in one transaction.
const STEP: u64 = 250_000;

/// Puts so many past sessions into a database, with their ledger entries.
pub async fn fill(admin_url: &str, sessions: u64) -> Result<(), Error> {
    servers::migrate(admin_url).await?;
    let mut connection = Database::parse(admin_url, Access::Read)?.connect().await?;
    let places = PLACES.replace("{places}", &COUNT.to_string());
    // Set-based, and long: the deadline of a statement is for those that someone waits for.
    sqlx::raw_sql("SET statement_timeout = 0").execute(&mut connection).await?;
    sqlx::raw_sql(AssertSqlSafe(places)).execute(&mut connection).await?;
    for first in (1..=sessions).step_by(usize::try_from(STEP).unwrap_or(usize::MAX)) {
        let last = (first + STEP - 1).min(sessions);
        let statements = SESSIONS
            .replace("{places}", &COUNT.to_string())
            .replace("{first}", &first.to_string())
            .replace("{last}", &last.to_string());
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&mut connection).await?;
        eprintln!("  {last} of {sessions} past sessions are there");
    }
    sqlx::raw_sql("ANALYZE").execute(&mut connection).await?;
    Ok(())
}
