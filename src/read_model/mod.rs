//! Reading the network's state without a way to change it: what authorization, cp-registry and session answer questions from.

mod counts;
mod pages;
mod people;
mod question;
mod rows;

use std::time::Duration;

use sqlx::{AnyPool, AssertSqlSafe, Row, any::AnyRow};

pub use counts::Counts;
pub use pages::{Page, PageRequest};
pub use people::User;
use question::{Question, Value};
use tokio::time::MissedTickBehavior;

use crate::{
    backoff::Backoff,
    database::{Access, Database, Dialect},
    error::Error,
    grpc_server::Health,
    outage::Outage,
    pb::types::v1 as pb,
    shutdown::CancellationToken,
    vocabulary::ChargePointStatus,
};

/// Connections of one process, at most.
const MAX_CONNECTIONS: u32 = 3;

/// How often a service looks whether its database answers.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);
/// How long it may take.
const LOOK_TIMEOUT: Duration = Duration::from_secs(3);

/// Which sessions, tickets or events are wanted; empty means all.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this driver's.
    pub driver_id: String,
    /// Only this charge point's.
    pub cp_id: String,
    /// Only this session's.
    pub session_id: String,
    /// Only what has not ended.
    pub open_only: bool,
}

/// Which charge points are wanted.
#[derive(Debug, Clone, Default)]
pub struct ChargePointFilter {
    /// Only those with this status.
    pub status: Option<ChargePointStatus>,
    /// Only those whose location contains this text.
    pub location_contains: String,
}

/// PostgreSQL's and MySQL's code for a right that is missing.
fn is_denied(code: Option<&str>) -> bool {
    matches!(code, Some("42501" | "42000"))
}

/// A read-only view of the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ReadModel {
    pool: AnyPool,
    dialect: Dialect,
}

impl ReadModel {
    /// A view that connects on first use, so that the writer may start later. SQLite itself refuses a write over these connections, a
    /// server does by the rights of the role.
    ///
    /// # Errors
    /// When the URL is none of a database that we know.
    pub fn open_lazily(database_url: &str) -> Result<Self, Error> {
        let database = Database::parse(database_url, Access::Read)?;
        Ok(Self { pool: database.pool(MAX_CONNECTIONS), dialect: database.dialect() })
    }

    /// Whether the database answers and has our tables.
    ///
    /// # Errors
    /// Says what is wrong.
    pub async fn check(&self) -> Result<(), Error> {
        sqlx::query("SELECT COUNT(*) FROM leases").fetch_one(&self.pool).await?;
        Ok(())
    }

    async fn check_in_time(&self) -> Result<(), Error> {
        let checked = tokio::time::timeout(LOOK_TIMEOUT, self.check()).await;
        checked.unwrap_or_else(|_| Err(Error::unavailable("the database does not answer", "timeout")))
    }

    /// Makes sure that the database itself would refuse a write: only session's credentials may.
    ///
    /// A database that is away is waited for.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when it would not.
    pub async fn refuse_writing_credentials(&self) -> Result<(), Error> {
        let mut backoff = Backoff::reconnect();
        loop {
            match self.try_to_write().await {
                Err(error) if error.is_retryable() => backoff.wait().await,
                tried => return tried,
            }
        }
    }

    async fn try_to_write(&self) -> Result<(), Error> {
        if self.dialect == Dialect::Sqlite {
            // The file is opened read-only.
            return Ok(());
        }
        // Changes nothing: the rights are checked before a row is looked for.
        let write = "UPDATE replicas SET replica_id = replica_id WHERE 1 = 0";
        match sqlx::query(write).execute(&self.pool).await {
            Ok(_) => Err(Error::failed_precondition(
                "WRITING_CREDENTIALS",
                "this service was given database credentials that may write, which only session's may; \
                 give it those of the role evcharging_reader",
            )),
            Err(sqlx::Error::Database(error)) if is_denied(error.code().as_deref()) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }

    /// Waits until the database answers and has our tables. Says once why it has to.
    pub async fn wait_until_ready(&self) {
        let mut backoff = Backoff::reconnect();
        let mut outage = Outage::of("reading from the database");
        loop {
            let checked = self.check_in_time().await;
            outage.note(&checked);
            if checked.is_ok() {
                return;
            }
            backoff.wait().await;
        }
    }

    /// Looks again and again whether the database answers, and keeps health at NOT_SERVING while it does not.
    pub async fn watch(&self, health: &Health, shutdown: &CancellationToken) {
        const DATABASE: &str = "database";
        let mut outage = Outage::of("reading from the database");
        let mut look = tokio::time::interval(LOOK_INTERVAL);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(look.tick()).await.is_some() {
            let checked = self.check_in_time().await;
            outage.note(&checked);
            match checked {
                Ok(()) => health.unblock(DATABASE).await,
                Err(_) => health.block(DATABASE).await,
            }
        }
    }

    /// One driver.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn driver(&self, driver_id: &str) -> Result<Option<pb::Driver>, Error> {
        let mut question = Question::new("SELECT * FROM driver_rows WHERE TRUE");
        question.equals("driver_id", driver_id);
        self.one(question, rows::driver).await
    }

    /// Drivers, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drivers(&self, page: &PageRequest) -> Result<Page<pb::Driver>, Error> {
        let mut question = Question::new("SELECT * FROM driver_rows WHERE TRUE");
        question.and("driver_id > ?", Value::Text(page.after.clone()));
        question.order_and_limit("driver_id", page.limit_and_one());
        let found = self.all(question).await?;
        Page::build(page, &found, rows::driver, |driver, _| driver.driver_id.clone())
    }

    /// One charge point.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn charge_point(&self, cp_id: &str) -> Result<Option<pb::ChargePoint>, Error> {
        let mut question = Question::new("SELECT * FROM charge_point_rows WHERE TRUE");
        question.equals("cp_id", cp_id);
        self.one(question, rows::charge_point).await
    }

    /// Charge points, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn charge_points(
        &self,
        filter: &ChargePointFilter,
        page: &PageRequest,
    ) -> Result<Page<pb::ChargePoint>, Error> {
        let mut question = Question::new("SELECT * FROM charge_point_rows WHERE TRUE");
        question.and("cp_id > ?", Value::Text(page.after.clone()));
        if let Some(status) = filter.status {
            question.equals("status", status.as_str());
        }
        if !filter.location_contains.is_empty() {
            let contains = match self.dialect {
                Dialect::Postgres => "strpos(lower(location), lower(?)) > 0",
                Dialect::Sqlite | Dialect::MySql => "instr(lower(location), lower(?)) > 0",
            };
            question.and(contains, Value::Text(filter.location_contains.clone()));
        }
        question.order_and_limit("cp_id", page.limit_and_one());
        let found = self.all(question).await?;
        Page::build(page, &found, rows::charge_point, |charge_point, _| charge_point.cp_id.clone())
    }

    /// Up to `limit` ids of available charge points, in random order so that many requests spread.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn available_charge_points(&self, limit: u32) -> Result<Vec<String>, Error> {
        let mut question = Question::new("SELECT cp_id FROM charge_points WHERE TRUE");
        question.equals("status", ChargePointStatus::Available.as_str());
        let random = if self.dialect == Dialect::MySql { "rand()" } else { "random()" };
        question.order_and_limit(random, i64::from(limit));
        let found = self.all(question).await?;
        found.iter().map(|row| Ok(row.try_get("cp_id")?)).collect()
    }

    /// One session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(&self, session_id: &str) -> Result<Option<pb::Session>, Error> {
        let mut question = Question::new("SELECT * FROM session_rows WHERE TRUE");
        question.equals("session_id", session_id);
        self.one(question, rows::session).await
    }

    /// Sessions, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions(&self, filter: &Filter, page: &PageRequest) -> Result<Page<pb::Session>, Error> {
        // Open ones are told by the indexed ids: the view's own instants have no index.
        let mut question = Question::new(match (filter.open_only, self.dialect) {
            (false, _) => "SELECT * FROM session_rows WHERE TRUE",
            (true, Dialect::Sqlite) => "SELECT * FROM session_rows WHERE ended_at_ms IS NULL",
            (true, Dialect::Postgres | Dialect::MySql) => {
                "SELECT * FROM session_rows WHERE session_id IN (SELECT session_id FROM sessions WHERE ended_at IS NULL)"
            }
        });
        question.filter("", filter);
        if !page.after.is_empty() {
            question.and("session_id < ?", Value::Text(page.after.clone()));
        }
        question.order_and_limit("session_id DESC", page.limit_and_one());
        let found = self.all(question).await?;
        Page::build(page, &found, rows::session, |session, _| session.session_id.clone())
    }

    /// The ticket of a session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn ticket(&self, session_id: &str) -> Result<Option<pb::Ticket>, Error> {
        let filter = Filter { session_id: session_id.to_owned(), ..Filter::default() };
        let page = self.tickets(&filter, &PageRequest::first(1)).await?;
        Ok(page.items.into_iter().next())
    }

    /// Tickets, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn tickets(&self, filter: &Filter, page: &PageRequest) -> Result<Page<pb::Ticket>, Error> {
        let mut question = Question::new(
            "SELECT s.*, l.entry_id, l.balance_micros FROM ledger_entry_rows l \
             JOIN session_rows s ON s.session_id = l.session_id WHERE TRUE",
        );
        question.filter("s.", filter);
        if let Some(before) = page.after_number()? {
            question.and("l.entry_id < ?", Value::Number(before));
        }
        question.order_and_limit("l.entry_id DESC", page.limit_and_one());
        let found = self.all(question).await?;
        Page::build(page, &found, rows::ticket, |_, row| row.get::<i64, _>("entry_id").to_string())
    }

    /// What happened, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(&self, filter: &Filter, page: &PageRequest) -> Result<Page<pb::AuditEvent>, Error> {
        let mut question = Question::new("SELECT * FROM audit_event_rows WHERE TRUE");
        question.filter("", filter);
        if let Some(before) = page.after_number()? {
            question.and("event_id < ?", Value::Number(before));
        }
        question.order_and_limit("event_id DESC", page.limit_and_one());
        let found = self.all(question).await?;
        Page::build(page, &found, rows::audit_event, |event, _| event.event_id.to_string())
    }

    async fn all(&self, question: Question) -> Result<Vec<AnyRow>, Error> {
        let statement = self.dialect.with_placeholders(&question.statement);
        // Made of our own texts alone: whatever a caller said is a bound value.
        let mut query = sqlx::query(AssertSqlSafe(statement));
        for value in question.values {
            query = match value {
                Value::Text(text) => query.bind(text),
                Value::Number(number) => query.bind(number),
            };
        }
        Ok(query.fetch_all(&self.pool).await?)
    }

    async fn one<T>(
        &self,
        question: Question,
        read: impl Fn(&AnyRow) -> Result<T, sqlx::Error>,
    ) -> Result<Option<T>, Error> {
        Ok(self.all(question).await?.first().map(read).transpose()?)
    }
}
