//! The one store: SQLite, PostgreSQL, MySQL and MariaDB. Batches go in and out as JSON arrays, so that each statement serves any number of
//! rows; what the databases say differently stands in `queries/` and `migrations/`.

use std::collections::{BTreeSet, HashMap};

use async_trait::async_trait;
use evcharging_common::{
    database::{Access, Database, Dialect, is_lost},
    error::{Error, ErrorCode},
    spans,
};
use serde::Serialize;
use sqlx::{AnyConnection, any::AnyRow};
use tracing::{Instrument, Span};

use super::{
    BatchKeys, BatchWrites, Due, Loaded, Store, WaitingEvent, migrations,
    queries::{Queries, Statement},
    rows, writing,
};
use crate::{entities::Session, world::World};

/// How often a batch looks anew for what belongs to what it has locked.
const LOCKING_ROUNDS: usize = 5;

/// A writing connection, made anew when it was lost.
pub struct SqlStore {
    database: Database,
    queries: &'static Queries,
    connection: Option<AnyConnection>,
}

impl SqlStore {
    /// Opens a database. A SQLite file is made when it is missing and brought up to date; a server's tables must be there.
    ///
    /// # Errors
    /// Says what is wrong with the URL or the database, and what to do.
    pub async fn open(database_url: &str) -> Result<Self, Error> {
        let database = Database::parse(database_url, Access::Write)?;
        let mut connection = database.connect().await?;
        match database.dialect() {
            Dialect::Sqlite => migrations::apply(&database, &mut connection).await?,
            Dialect::Postgres | Dialect::MySql => migrations::check(&database, &mut connection).await?,
        }
        let queries = Queries::of(database.dialect());
        Ok(Self { database, queries, connection: Some(connection) })
    }

    async fn connected(&mut self) -> Result<&mut AnyConnection, Error> {
        if self.connection.is_none() {
            self.connection = Some(self.database.connect().await?);
        }
        self.connection.as_mut().ok_or_else(|| Error::internal("a connection that was just made is gone"))
    }

    /// Forgets a connection that can't be used any more, so that the next call makes a new one.
    fn checked<T>(&mut self, outcome: Result<T, sqlx::Error>) -> Result<T, Error> {
        if outcome.as_ref().is_err_and(is_lost) {
            self.connection = None;
        }
        Ok(outcome?)
    }

    async fn texts(&mut self, statement: &'static str, limit: u32) -> Result<Vec<String>, Error> {
        let connection = self.connected().await?;
        let found = sqlx::query_scalar(statement).bind(i64::from(limit)).fetch_all(connection).await;
        self.checked(found)
    }
}

#[async_trait]
impl Store for SqlStore {
    async fn begin(&mut self, keys: &BatchKeys) -> Result<Loaded, Error> {
        let (dialect, queries) = (self.database.dialect(), self.queries);
        let was_connected = self.connection.is_some();
        let mut loaded = begin(self.connected().await?, dialect, queries, keys).await;
        if was_connected && loaded.as_ref().is_err_and(is_lost) {
            // The server may have closed a connection that was idle for long. Nothing was decided yet, so it is begun anew on another.
            self.connection = None;
            loaded = begin(self.connected().await?, dialect, queries, keys).await;
        }
        self.checked(loaded)?.ok_or_else(|| {
            Error::new(ErrorCode::Aborted, "CONFLICT", "other changes came first again and again; try again")
        })
    }

    async fn commit(&mut self, writes: &BatchWrites<'_>) -> Result<(), Error> {
        let (dialect, queries) = (self.database.dialect(), self.queries);
        let Some(connection) = &mut self.connection else {
            return Err(Error::unavailable("the database is not available; try again", "no connection"));
        };
        let committed = writing::commit(connection, dialect, queries, writes).await;
        self.checked(committed)
    }

    async fn roll_back(&mut self) {
        let Some(connection) = &mut self.connection else { return };
        let rolled_back = sqlx::raw_sql("ROLLBACK").execute(connection).await;
        if rolled_back.as_ref().is_err_and(is_lost) {
            self.connection = None;
        }
        // Without an open transaction it fails otherwise, and that is as good.
    }

    async fn waiting_events(&mut self, limit: u32) -> Result<Vec<WaitingEvent>, Error> {
        let queries = self.queries;
        let connection = self.connected().await?;
        let rows =
            sqlx::query(queries.waiting_events.text).bind(i64::from(limit)).fetch_all(connection).await;
        let events = rows.and_then(|rows| rows.iter().map(rows::waiting_event).collect());
        self.checked(events)
    }

    async fn due(&mut self, now_ms: i64, limit: u32) -> Result<Due, Error> {
        let queries = self.queries;
        let connection = self.connected().await?;
        let looking = async {
            let ids = |statement| sqlx::query_scalar(statement).bind(now_ms).bind(i64::from(limit));
            Ok(Due {
                session_ids: ids(queries.due_sessions.text).fetch_all(&mut *connection).await?,
                cp_ids: ids(queries.due_charge_points.text).fetch_all(&mut *connection).await?,
            })
        };
        let due = looking.await;
        self.checked(due)
    }

    async fn open_sessions(&mut self, limit: u32) -> Result<Vec<String>, Error> {
        self.texts(self.queries.open_sessions.text, limit).await
    }

    async fn connected_charge_points(&mut self, limit: u32) -> Result<Vec<(String, String)>, Error> {
        let queries = self.queries;
        let connection = self.connected().await?;
        let query = sqlx::query_as(queries.connected_charge_points.text).bind(i64::from(limit));
        let found = query.fetch_all(connection).await;
        self.checked(found)
    }

    async fn remove_recorded_before(&mut self, before_ms: i64, limit: u32) -> Result<u64, Error> {
        let queries = self.queries;
        let connection = self.connected().await?;
        let query = sqlx::query(queries.remove_recorded.text).bind(before_ms).bind(i64::from(limit));
        let done = query.execute(connection).await;
        Ok(self.checked(done)?.rows_affected())
    }

    async fn renew_replica(&mut self, replica_id: &str, now_ms: i64, until_ms: i64) -> Result<bool, Error> {
        let queries = self.queries;
        let connection = self.connected().await?;
        let renewing = async {
            let others: i64 = sqlx::query_scalar(queries.other_replicas.text)
                .bind(replica_id)
                .bind(now_ms)
                .fetch_one(&mut *connection)
                .await?;
            sqlx::query(queries.remove_replicas.text).bind(now_ms).execute(&mut *connection).await?;
            sqlx::query(queries.renew_replica.text)
                .bind(replica_id)
                .bind(until_ms)
                .execute(&mut *connection)
                .await?;
            Ok(others > 0)
        };
        let others_alive = renewing.await;
        self.checked(others_alive)
    }

    async fn claim_lease(
        &mut self,
        lease_name: &str,
        replica_id: &str,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<bool, Error> {
        let queries = self.queries;
        let connection = self.connected().await?;
        let claiming = async {
            let claim = sqlx::query(queries.claim_lease.text).bind(lease_name).bind(replica_id);
            claim.bind(until_ms).bind(now_ms).execute(&mut *connection).await?;
            let holder: Option<String> = sqlx::query_scalar(queries.lease_holder.text)
                .bind(lease_name)
                .fetch_optional(&mut *connection)
                .await?;
            Ok(holder.as_deref() == Some(replica_id))
        };
        let held = claiming.await;
        self.checked(held)
    }

    async fn release_replica(&mut self, replica_id: &str) -> Result<(), Error> {
        let queries = self.queries;
        let connection = self.connected().await?;
        let releasing = async {
            sqlx::query(queries.release_leases.text).bind(replica_id).execute(&mut *connection).await?;
            sqlx::query(queries.release_replica.text).bind(replica_id).execute(&mut *connection).await
        };
        let done = releasing.await;
        self.checked(done).map(drop)
    }

    fn transactions_at_a_time(&self) -> usize {
        match self.database.dialect() {
            // It locks the whole file for the one that writes.
            Dialect::Sqlite => 1,
            Dialect::Postgres | Dialect::MySql => 3,
        }
    }

    fn another(&self) -> Self {
        Self { database: self.database.clone(), queries: self.queries, connection: None }
    }
}

/// Reads and locks what a batch touches and what belongs to it: the open sessions of its charge points and drivers, and the charge
/// points and drivers of its sessions. `None` when others changed again and again what belongs to what.
async fn begin(
    connection: &mut AnyConnection,
    dialect: Dialect,
    queries: &Queries,
    keys: &BatchKeys,
) -> Result<Option<Loaded>, sqlx::Error> {
    // SQLite's write lock is for the whole file, and comes first: a transaction that reads and then writes could find its read outdated.
    let begin = if dialect == Dialect::Sqlite { "BEGIN IMMEDIATE" } else { "BEGIN" };
    // Unprepared: MySQL prepares no such statement.
    let span = spans::statement(dialect.system_name(), "begin", begin);
    traced(span, sqlx::raw_sql(begin).execute(&mut *connection)).await?;
    let mut cp_ids: BTreeSet<String> = keys.cp_ids.iter().cloned().collect();
    let mut driver_ids: BTreeSet<String> = keys.driver_ids.iter().cloned().collect();
    let mut session_ids: BTreeSet<String> = keys.session_ids.iter().cloned().collect();
    let (sessions, drivers) = (&keys.unplaced_session_ids, &keys.unplaced_driver_ids);
    for session in load_sessions(connection, dialect, queries, sessions, drivers).await? {
        cp_ids.insert(session.cp_id);
        driver_ids.insert(session.driver_id);
    }
    let mut world = World::default();

    for _ in 0..LOCKING_ROUNDS {
        // Charge points before drivers, each in the order of their ids: no two batches wait for each other. What the locks show to be
        // missing comes out of that order; should two batches wait for each other then, the database ends one and it is run again.
        for row in &load(connection, dialect, queries.load_charge_points, &cp_ids).await? {
            let charge_point = rows::charge_point(row)?;
            driver_ids.extend(charge_point.driver_id.clone());
            session_ids.extend(charge_point.session_id.clone());
            world.charge_points.insert(charge_point.cp_id.clone(), charge_point);
        }
        driver_ids.retain(|driver_id| !world.drivers.contains_key(driver_id));
        for row in &load(connection, dialect, queries.load_drivers, &driver_ids).await? {
            let driver = rows::driver(row)?;
            session_ids.extend(driver.session_id.clone());
            world.drivers.insert(driver.driver_id.clone(), driver);
        }
        let sessions = load_sessions(connection, dialect, queries, &session_ids, &[]).await?;
        // One that has ended never changes again. An open one changes only with its charge point and its driver locked: once both are, of all,
        // everything stands still.
        let open = || sessions.iter().filter(|session| session.is_open());
        cp_ids = missing(open().map(|session| &session.cp_id), &world.charge_points);
        driver_ids = missing(open().map(|session| &session.driver_id), &world.drivers);
        if cp_ids.is_empty() && driver_ids.is_empty() {
            world.sessions =
                sessions.into_iter().map(|session| (session.session_id.clone(), session)).collect();
            let mut loaded = Loaded { world, ..Loaded::default() };
            for row in &load(connection, dialect, queries.load_recorded, &keys.idempotency_keys).await? {
                let recorded = rows::recorded_reply(row)?;
                loaded.recorded.insert(recorded.idempotency_key.clone(), recorded);
            }
            return Ok(Some(loaded));
        }
    }
    Ok(None)
}

/// Those of the ids that are not among what is loaded.
fn missing<'a, T>(ids: impl Iterator<Item = &'a String>, loaded: &HashMap<String, T>) -> BTreeSet<String> {
    ids.filter(|id| !loaded.contains_key(*id)).cloned().collect()
}

/// The sessions of these ids, and the open ones of these drivers; nothing to ask for none.
async fn load_sessions<T: Serialize>(
    connection: &mut AnyConnection,
    dialect: Dialect,
    queries: &Queries,
    session_ids: &T,
    driver_ids: &[String],
) -> Result<Vec<Session>, sqlx::Error> {
    let (session_ids, driver_ids) = (json(session_ids)?, json(driver_ids)?);
    if session_ids == "[]" && driver_ids == "[]" {
        return Ok(Vec::new());
    }
    let statement = queries.load_sessions;
    let rows = sqlx::query(statement.text).bind(session_ids).bind(driver_ids).fetch_all(connection);
    let rows = traced(statement.span(dialect), rows).await?;
    rows.iter().map(rows::session).collect()
}

/// Reads the rows of these ids; nothing to ask for none.
async fn load<T: Serialize>(
    connection: &mut AnyConnection,
    dialect: Dialect,
    statement: Statement,
    ids: &T,
) -> Result<Vec<AnyRow>, sqlx::Error> {
    let ids = json(ids)?;
    if ids == "[]" {
        return Ok(Vec::new());
    }
    let rows = sqlx::query(statement.text).bind(ids).fetch_all(connection);
    traced(statement.span(dialect), rows).await
}

/// Runs a statement in its span, which is none unless its batch is traced.
pub(super) async fn traced<T>(
    span: Span,
    running: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, sqlx::Error> {
    let outcome = running.instrument(span.clone()).await;
    if outcome.is_err() {
        spans::record_failure(&span, "database");
    }
    outcome
}

pub(super) fn json<T: Serialize + ?Sized>(rows: &T) -> Result<String, sqlx::Error> {
    serde_json::to_string(rows).map_err(|error| sqlx::Error::Encode(Box::new(error)))
}
