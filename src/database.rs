//! The databases that the network can be kept in, told apart by their URLs: SQLite, PostgreSQL, MySQL and MariaDB.

use std::{str::FromStr, sync::Once, time::Duration};

use sqlx::{
    AnyConnection, AnyPool, ConnectOptions, Connection,
    any::{AnyConnectOptions, AnyPoolOptions},
};

use crate::error::{Error, ErrorCode};

/// How long a database may take to let us in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Where the database is.
#[derive(Clone, clap::Args)]
pub struct DatabaseConfig {
    /// Database of the network: sqlite:FILE, postgres://USER:PASSWORD@HOST/NAME or mysql://USER:PASSWORD@HOST/NAME
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite:evcharging-data/evcharging.db",
        hide_env_values = true,
        value_name = "URL"
    )]
    pub database_url: String,
}

impl std::fmt::Debug for DatabaseConfig {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The password stays out of logs.
        formatter.write_str("DatabaseConfig { .. }")
    }
}

/// What kind of database it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// A file, or many readers and one writer.
    Sqlite,
    /// A server, the primary one.
    Postgres,
    /// A server, MySQL 8 or MariaDB 10.11 and newer.
    MySql,
}

impl Dialect {
    fn of_scheme(scheme: &str) -> Option<Self> {
        match scheme {
            "sqlite" => Some(Self::Sqlite),
            "postgres" | "postgresql" => Some(Self::Postgres),
            "mysql" | "mariadb" => Some(Self::MySql),
            _ => None,
        }
    }

    /// How OpenTelemetry's conventions name it; MariaDB is not told from MySQL.
    pub fn system_name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgresql",
            Self::MySql => "mysql",
        }
    }

    /// A statement that was written with `?` for each value, as this database wants it.
    pub fn with_placeholders(self, statement: &str) -> String {
        if self != Self::Postgres {
            return statement.to_owned();
        }
        let mut numbered = String::with_capacity(statement.len() + 16);
        for (index, part) in statement.split('?').enumerate() {
            if index > 0 {
                numbered.push_str(&format!("${index}"));
            }
            numbered.push_str(part);
        }
        numbered
    }
}

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Session's: changes what it reads. SQLite makes a file that is missing.
    Write,
    /// Everyone else's.
    Read,
}

/// A database that can be connected to.
#[derive(Debug, Clone)]
pub struct Database {
    dialect: Dialect,
    access: Access,
    options: AnyConnectOptions,
}

impl Database {
    /// Reads a URL. Nothing is connected yet.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when it is no URL of a database that we know.
    pub fn parse(database_url: &str, access: Access) -> Result<Self, Error> {
        static DRIVERS: Once = Once::new();
        DRIVERS.call_once(sqlx::any::install_default_drivers);
        let wrong = |problem: &str| Error::invalid_argument("--database-url", problem);
        let mut options = AnyConnectOptions::from_str(database_url).map_err(|_| {
            wrong("must be a URL such as sqlite:evcharging.db or postgres://user:password@host/name")
        })?;
        let dialect = Dialect::of_scheme(options.database_url.scheme())
            .ok_or_else(|| wrong("must begin with sqlite:, postgres: or mysql:"))?;
        if dialect == Dialect::Sqlite {
            let mode = if access == Access::Write { "rwc" } else { "ro" };
            options.database_url.query_pairs_mut().append_pair("mode", mode);
        }
        Ok(Self { dialect, access, options: options.disable_statement_logging() })
    }

    /// What kind it is.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Where it is, for people: without the password.
    pub fn place(&self) -> String {
        let url = &self.options.database_url;
        match (self.dialect, url.host_str()) {
            (Dialect::Sqlite, _) | (_, None) => format!("{}:{}", url.scheme(), url.path()),
            (_, Some(host)) => {
                let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
                format!("{}://{host}{port}{}", url.scheme(), url.path())
            }
        }
    }

    /// One connection.
    ///
    /// # Errors
    /// UNAVAILABLE when the database does not answer, FAILED_PRECONDITION when it does not let us in, in words that name it.
    pub async fn connect(&self) -> Result<AnyConnection, Error> {
        let connecting = async {
            let mut connection = self.options.connect().await?;
            prepare(&mut connection, self.dialect, self.access).await?;
            Ok::<_, sqlx::Error>(connection)
        };
        let place = self.place();
        match tokio::time::timeout(CONNECT_TIMEOUT, connecting).await {
            Ok(Ok(connection)) => Ok(connection),
            Ok(Err(sqlx::Error::Database(error))) if is_refused(error.as_ref()) => {
                let message = format!("the database {place} does not let us in: {error}");
                Err(Error::failed_precondition("DATABASE_REFUSED", message))
            }
            Ok(Err(error)) => {
                Err(Error::unavailable(format!("cannot open the database {place}: {error}"), &error))
            }
            Err(_) => Err(Error::unavailable(format!("the database {place} does not answer"), "timeout")),
        }
    }

    /// A pool that connects on first use.
    pub fn pool(&self, max_connections: u32) -> AnyPool {
        let (dialect, access) = (self.dialect, self.access);
        AnyPoolOptions::new()
            .max_connections(max_connections)
            .min_connections(0)
            .acquire_timeout(Duration::from_secs(3))
            .after_connect(move |connection, _| {
                Box::pin(async move { prepare(connection, dialect, access).await })
            })
            .connect_lazy_with(self.options.clone())
    }
}

/// What each connection is told first.
async fn prepare(
    connection: &mut AnyConnection,
    dialect: Dialect,
    access: Access,
) -> Result<(), sqlx::Error> {
    let settings: &[&'static str] = match (dialect, access) {
        (Dialect::Sqlite, Access::Write) => &[
            "PRAGMA busy_timeout = 5000",
            "PRAGMA journal_mode = WAL",
            // A commit is on the disk before it is answered (I5).
            "PRAGMA synchronous = FULL",
            "PRAGMA foreign_keys = ON",
            "PRAGMA cache_size = -8192",
            // A large batch writes hundreds of pages: the log is copied back after 16 MiB of them, not after every other batch.
            "PRAGMA wal_autocheckpoint = 4000",
        ],
        // Few pages each: the operating system holds the file in memory anyway.
        (Dialect::Sqlite, Access::Read) => &["PRAGMA busy_timeout = 2000", "PRAGMA cache_size = -1024"],
        (Dialect::Postgres, Access::Write) => &[
            // Whoever waits longer for a row waits for a replica that hangs.
            "SET lock_timeout = '4s'",
            "SET statement_timeout = '10s'",
            "SET idle_in_transaction_session_timeout = '15s'",
            // Plans are for a few rows each: compiling them takes longer than running them.
            "SET jit = off",
        ],
        (Dialect::Postgres, Access::Read) => &["SET statement_timeout = '10s'", "SET jit = off"],
        (Dialect::MySql, _) => &[
            // As on PostgreSQL: a statement sees what was committed when it began, and locks the rows that it names, not the gaps.
            "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
            "SET SESSION innodb_lock_wait_timeout = 4",
        ],
    };
    for setting in settings {
        sqlx::query(*setting).execute(&mut *connection).await?;
    }
    connection.ping().await
}

/// Whether a connection can't be used any more.
pub fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) | sqlx::Error::Tls(_) | sqlx::Error::WorkerCrashed => {
            true
        }
        // PostgreSQL's class of administrators' shutdowns, and what MySQL says to a connection that was idle for hours.
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| code.starts_with("57P"))
                || error
                    .message()
                    .starts_with("The client was disconnected by the server because of inactivity")
        }
        _ => false,
    }
}

/// Another transaction came first: the same again, on what is there now, may go well.
fn is_conflict(error: &dyn sqlx::error::DatabaseError) -> bool {
    let code = error.code();
    error.is_unique_violation()
        // Serialization failure and deadlock: in the SQL standard, and as PostgreSQL and MySQL say it.
        || matches!(code.as_deref(), Some("40001" | "40P01" | "55P03"))
        || error.message().starts_with("Lock wait timeout exceeded")
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            lost if is_lost(lost) => Self::unavailable("the database is not available; try again", error),
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed => {
                Self::unavailable("the database is not available; try again", error)
            }
            sqlx::Error::Database(database) if is_conflict(database.as_ref()) => {
                let mut conflict =
                    Self::new(ErrorCode::Aborted, "CONFLICT", "another change came first; try again");
                conflict.cause = Some(error.to_string());
                conflict
            }
            sqlx::Error::Database(database) if is_login_refused(database.as_ref()) => Self::unavailable(
                "the database does not let us in: check the user and the password of --database-url",
                error,
            ),
            sqlx::Error::Database(database) if is_table_missing(database.as_ref()) => {
                let mut missing = Self::failed_precondition(
                    "TABLES_MISSING",
                    "the database lacks our tables: run `evcharging migrate` with an administrator's URL",
                );
                missing.cause = Some(error.to_string());
                missing
            }
            sqlx::Error::Database(database) if is_full(database.as_ref()) => {
                Self::unavailable("the disk of the database is full: make room; nothing was changed", error)
            }
            sqlx::Error::Database(database) if is_read_only(database.as_ref()) => Self::unavailable(
                "the database takes no changes: it is read-only; nothing was changed",
                error,
            ),
            _ => Self::internal(error),
        }
    }
}

/// A wrong user, password or name of a database: waiting does not help.
fn is_refused(error: &dyn sqlx::error::DatabaseError) -> bool {
    is_login_refused(error) || matches!(error.code().as_deref(), Some("3D000" | "42000"))
}

/// A wrong user or password, as PostgreSQL and MySQL say it.
fn is_login_refused(error: &dyn sqlx::error::DatabaseError) -> bool {
    matches!(error.code().as_deref(), Some("28P01" | "28000"))
}

/// PostgreSQL's and MySQL's codes, SQLite's words.
fn is_table_missing(error: &dyn sqlx::error::DatabaseError) -> bool {
    matches!(error.code().as_deref(), Some("42P01" | "42S02")) || error.message().starts_with("no such table")
}

/// No room is left. SQLite says 13, PostgreSQL 53100, MySQL says it in words.
fn is_full(error: &dyn sqlx::error::DatabaseError) -> bool {
    matches!(error.code().as_deref(), Some("13" | "53100")) || error.message().ends_with("is full")
}

/// It is read-only: its disk, or a replica that follows another server. SQLite says 8 and a number of details above it.
fn is_read_only(error: &dyn sqlx::error::DatabaseError) -> bool {
    matches!(error.code().as_deref(), Some("8" | "776" | "1032" | "1544" | "25006"))
        || error.message().contains("read-only")
        || error.message().contains("read only")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_database_is_known_by_its_url_and_its_password_stays_secret() {
        for (url, dialect, place) in [
            ("sqlite:a/b.db", Dialect::Sqlite, "sqlite:a/b.db"),
            ("postgres://ana:secret@db:5433/network", Dialect::Postgres, "postgres://db:5433/network"),
            ("mysql://ana:secret@db/network", Dialect::MySql, "mysql://db/network"),
        ] {
            let database = Database::parse(url, Access::Read).unwrap();
            assert_eq!((database.dialect(), database.place().as_str()), (dialect, place));
        }
        for wrong in ["", "db", "oracle://db/network"] {
            assert!(Database::parse(wrong, Access::Read).is_err(), "{wrong}");
        }
        let config = DatabaseConfig { database_url: "postgres://ana:secret@db/network".to_owned() };
        assert!(!format!("{config:?}").contains("secret"));
    }

    #[test]
    fn placeholders_are_numbered_where_the_database_wants_it() {
        let statement = "SELECT * FROM drivers WHERE driver_id > ? LIMIT ?";
        assert_eq!(Dialect::Sqlite.with_placeholders(statement), statement);
        assert_eq!(
            Dialect::Postgres.with_placeholders(statement),
            "SELECT * FROM drivers WHERE driver_id > $1 LIMIT $2"
        );
    }
}
