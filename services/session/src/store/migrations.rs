//! The tables of each database, brought up to date step by step.

use evcharging_common::{
    database::{Database, Dialect},
    error::Error,
};
use sqlx::{AnyConnection, migrate::Migrator};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");
static MYSQL: Migrator = sqlx::migrate!("migrations/mysql");

fn migrator(database: &Database) -> &'static Migrator {
    match database.dialect() {
        Dialect::Sqlite => &SQLITE,
        Dialect::Postgres => &POSTGRES,
        Dialect::MySql => &MYSQL,
    }
}

/// Brings the tables up to date.
///
/// # Errors
/// Names the database and the step that failed.
pub(crate) async fn apply(database: &Database, connection: &mut AnyConnection) -> Result<(), Error> {
    migrator(database).run(connection).await.map_err(|error| {
        let place = database.place();
        if let sqlx::migrate::MigrateError::VersionMissing(version) = error {
            let message = format!(
                "the tables of {place} are at version {version}, which is newer than this program knows; use a newer one"
            );
            return Error::failed_precondition("TABLES_NEWER", message);
        }
        Error::unavailable(format!("the tables of {place} can't be brought up to date: {error}"), error)
    })
}

/// The newest step that this program knows, and the newest that the database has had; `None` when it has had none.
///
/// # Errors
/// When the database fails.
pub(crate) async fn versions(
    database: &Database,
    connection: &mut AnyConnection,
) -> Result<(i64, Option<i64>), Error> {
    let known = migrator(database).iter().map(|migration| migration.version).max().unwrap_or_default();
    let statement = "SELECT MAX(version) FROM _sqlx_migrations";
    // Without a table, or without the right to read it, there is nothing for us.
    let applied = sqlx::query_scalar::<_, Option<i64>>(statement).fetch_one(connection).await;
    Ok((known, applied.ok().flatten()))
}

/// Checks that the tables are there and not older than this program. Newer ones are fine: a step never breaks the program before it.
///
/// # Errors
/// FAILED_PRECONDITION with what to do.
pub(crate) async fn check(database: &Database, connection: &mut AnyConnection) -> Result<(), Error> {
    let (known, applied) = versions(database, connection).await?;
    if applied.is_some_and(|applied| applied >= known) {
        return Ok(());
    }
    let message = format!(
        "the tables of {} are missing or older than this program; run `evcharging migrate` with an administrator's URL first",
        database.place()
    );
    Err(Error::failed_precondition("TABLES_OUTDATED", message))
}
