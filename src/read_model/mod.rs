//! Reading the network's state without a way to change it: what authorization, cp-registry and session answer questions from.

mod pages;
mod rows;

use std::{str::FromStr, time::Duration};

use sqlx::{
    QueryBuilder, Row, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};

pub use pages::{Page, PageRequest};

use crate::{backoff::Backoff, error::Error, pb::types::v1 as pb, vocabulary::ChargePointStatus};

/// Where the database is.
#[derive(Debug, Clone, clap::Args)]
pub struct DatabaseConfig {
    /// Database of the network, for example sqlite:evcharging-data/evcharging.db
    #[arg(
        long,
        env = "DATABASE_URL",
        default_value = "sqlite:evcharging-data/evcharging.db",
        value_name = "URL"
    )]
    pub database_url: String,
}

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

/// A read-only view of the database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct ReadModel {
    pool: SqlitePool,
}

impl ReadModel {
    /// Opens the database read-only: SQLite itself refuses a write over these connections. Connects on first use, so that the
    /// writer may start later.
    ///
    /// # Errors
    /// When the URL is none of a database that we know.
    pub fn open_lazily(database_url: &str) -> Result<Self, Error> {
        let options = SqliteConnectOptions::from_str(database_url)
            .map_err(|error| Error::invalid_argument("database_url", error.to_string()))?
            .read_only(true)
            .busy_timeout(Duration::from_secs(2))
            .statement_cache_capacity(64)
            // Few pages each: the operating system holds the file in memory anyway.
            .pragma("cache_size", "-1024");
        let pool = SqlitePoolOptions::new()
            .max_connections(3)
            .min_connections(0)
            .acquire_timeout(Duration::from_secs(3))
            .connect_lazy_with(options);
        Ok(Self { pool })
    }

    /// Whether the database answers and has our tables.
    ///
    /// # Errors
    /// Says what is wrong.
    pub async fn check(&self) -> Result<(), Error> {
        sqlx::query("SELECT COUNT(*) FROM replicas").fetch_one(&self.pool).await?;
        Ok(())
    }

    /// Waits until the database answers and has our tables.
    pub async fn wait_until_ready(&self) {
        let mut backoff = Backoff::reconnect();
        while let Err(error) = self.check().await {
            tracing::debug!(%error, "waiting for the database");
            backoff.wait().await;
        }
    }

    /// One driver.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn driver(&self, driver_id: &str) -> Result<Option<pb::Driver>, Error> {
        let row = sqlx::query("SELECT * FROM drivers WHERE driver_id = ?").bind(driver_id);
        Ok(row.fetch_optional(&self.pool).await?.map(|row| rows::driver(&row)).transpose()?)
    }

    /// Drivers, by id.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drivers(&self, page: &PageRequest) -> Result<Page<pb::Driver>, Error> {
        let query = sqlx::query("SELECT * FROM drivers WHERE driver_id > ? ORDER BY driver_id LIMIT ?");
        let found = query.bind(&page.after).bind(page.limit_and_one()).fetch_all(&self.pool).await?;
        Page::build(page, &found, rows::driver, |driver, _| driver.driver_id.clone())
    }

    /// One charge point.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn charge_point(&self, cp_id: &str) -> Result<Option<pb::ChargePoint>, Error> {
        let row = sqlx::query("SELECT * FROM charge_points WHERE cp_id = ?").bind(cp_id);
        Ok(row.fetch_optional(&self.pool).await?.map(|row| rows::charge_point(&row)).transpose()?)
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
        let mut query = QueryBuilder::new("SELECT * FROM charge_points WHERE cp_id > ");
        query.push_bind(&page.after);
        if let Some(status) = filter.status {
            query.push(" AND status = ").push_bind(status.as_str());
        }
        if !filter.location_contains.is_empty() {
            query
                .push(" AND instr(lower(location), lower(")
                .push_bind(&filter.location_contains)
                .push(")) > 0");
        }
        query.push(" ORDER BY cp_id LIMIT ").push_bind(page.limit_and_one());
        let found = query.build().fetch_all(&self.pool).await?;
        Page::build(page, &found, rows::charge_point, |charge_point, _| charge_point.cp_id.clone())
    }

    /// Up to `limit` ids of available charge points, in random order so that many requests spread.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn available_charge_points(&self, limit: u32) -> Result<Vec<String>, Error> {
        let query = sqlx::query("SELECT cp_id FROM charge_points WHERE status = ? ORDER BY random() LIMIT ?");
        let found =
            query.bind(ChargePointStatus::Available.as_str()).bind(limit).fetch_all(&self.pool).await?;
        found.iter().map(|row| Ok(row.try_get("cp_id")?)).collect()
    }

    /// One session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn session(&self, session_id: &str) -> Result<Option<pb::Session>, Error> {
        let row = sqlx::query("SELECT * FROM sessions WHERE session_id = ?").bind(session_id);
        Ok(row.fetch_optional(&self.pool).await?.map(|row| rows::session(&row)).transpose()?)
    }

    /// Sessions, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions(&self, filter: &Filter, page: &PageRequest) -> Result<Page<pb::Session>, Error> {
        let mut query = QueryBuilder::new("SELECT * FROM sessions WHERE TRUE");
        push_filter(&mut query, filter, "");
        if filter.open_only {
            query.push(" AND ended_at_ms IS NULL");
        }
        if !page.after.is_empty() {
            query.push(" AND session_id < ").push_bind(&page.after);
        }
        query.push(" ORDER BY session_id DESC LIMIT ").push_bind(page.limit_and_one());
        let found = query.build().fetch_all(&self.pool).await?;
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
        let mut query = QueryBuilder::new(
            "SELECT s.*, l.entry_id, l.balance_micros FROM ledger_entries l JOIN sessions s ON s.session_id = l.session_id \
             WHERE l.kind = 'CHARGE'",
        );
        push_filter(&mut query, filter, "s.");
        if let Some(before) = page.after_number()? {
            query.push(" AND l.entry_id < ").push_bind(before);
        }
        query.push(" ORDER BY l.entry_id DESC LIMIT ").push_bind(page.limit_and_one());
        let found = query.build().fetch_all(&self.pool).await?;
        Page::build(page, &found, rows::ticket, |_, row| row.get::<i64, _>("entry_id").to_string())
    }

    /// What happened, newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn events(&self, filter: &Filter, page: &PageRequest) -> Result<Page<pb::AuditEvent>, Error> {
        let mut query = QueryBuilder::new("SELECT * FROM audit_events WHERE TRUE");
        push_filter(&mut query, filter, "");
        if let Some(before) = page.after_number()? {
            query.push(" AND event_id < ").push_bind(before);
        }
        query.push(" ORDER BY event_id DESC LIMIT ").push_bind(page.limit_and_one());
        let found = query.build().fetch_all(&self.pool).await?;
        Page::build(page, &found, rows::audit_event, |event, _| event.event_id.to_string())
    }
}

fn push_filter(query: &mut QueryBuilder<sqlx::Sqlite>, filter: &Filter, table: &str) {
    let columns =
        [("driver_id", &filter.driver_id), ("cp_id", &filter.cp_id), ("session_id", &filter.session_id)];
    for (column, wanted) in columns {
        if !wanted.is_empty() {
            query.push(format!(" AND {table}{column} = ")).push_bind(wanted.clone());
        }
    }
}
