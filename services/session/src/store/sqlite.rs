//! SQLite: one file, one writer. Batches go in and out as JSON arrays, so that each statement serves any number of rows.

use std::{str::FromStr, time::Duration};

use async_trait::async_trait;
use evcharging_common::error::Error;
use serde::Serialize;
use sqlx::{
    ConnectOptions, Connection, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteRow, SqliteSynchronous},
};

use super::{BatchKeys, BatchWrites, Due, Loaded, RecordedReply, Store, WaitingEvent};
use crate::{
    entities::{ChargePoint, Driver, Session},
    world::World,
};

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

/// A writing connection to a SQLite file.
pub struct SqliteStore {
    options: SqliteConnectOptions,
    connection: SqliteConnection,
}

impl SqliteStore {
    /// Opens the file, makes it when it is missing, and brings its tables up to date.
    ///
    /// # Errors
    /// Says what is wrong with the URL, the file or a migration.
    pub async fn open(database_url: &str) -> Result<Self, Error> {
        let options = SqliteConnectOptions::from_str(database_url)
            .map_err(|error| Error::invalid_argument("database_url", error.to_string()))?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            // A commit is on the disk before it is answered (I5).
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .pragma("cache_size", "-8192")
            // A large batch writes hundreds of pages: the log is copied back after 16 MiB of them, not after every other batch.
            .pragma("wal_autocheckpoint", "4000");
        let mut connection = connect(&options, database_url).await?;
        MIGRATIONS.run(&mut connection).await.map_err(|error| {
            Error::unavailable(format!("the tables of {database_url} can't be brought up to date"), error)
        })?;
        Ok(Self { options, connection })
    }
}

async fn connect(options: &SqliteConnectOptions, database_url: &str) -> Result<SqliteConnection, Error> {
    let connected = options.connect().await;
    connected.map_err(|error| {
        Error::unavailable(format!("cannot open the database {database_url}: {error}"), &error)
    })
}

#[async_trait]
impl Store for SqliteStore {
    async fn begin(&mut self, keys: &BatchKeys) -> Result<Loaded, Error> {
        let connection = &mut self.connection;
        // The write lock first: a transaction that reads and then writes could find its read outdated.
        sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
        let mut world = World::default();
        let (mut cp_ids, mut driver_ids) = (keys.cp_ids.clone(), keys.driver_ids.clone());

        let sessions = sqlx::query(include_str!("queries/sqlite/load_sessions.sql"))
            .bind(json(&keys.session_ids)?)
            .bind(json(&keys.cp_ids)?)
            .bind(json(&keys.driver_ids)?)
            .fetch_all(&mut *connection)
            .await?;
        for row in &sessions {
            let session = session(row)?;
            cp_ids.push(session.cp_id.clone());
            driver_ids.push(session.driver_id.clone());
            world.sessions.insert(session.session_id.clone(), session);
        }
        if !cp_ids.is_empty() {
            let query = "SELECT * FROM charge_points WHERE cp_id IN (SELECT value FROM json_each(?1))";
            for row in &sqlx::query(query).bind(json(&cp_ids)?).fetch_all(&mut *connection).await? {
                let charge_point = charge_point(row)?;
                world.charge_points.insert(charge_point.cp_id.clone(), charge_point);
            }
        }
        if !driver_ids.is_empty() {
            let query = "SELECT * FROM drivers WHERE driver_id IN (SELECT value FROM json_each(?1))";
            for row in &sqlx::query(query).bind(json(&driver_ids)?).fetch_all(&mut *connection).await? {
                let driver = driver(row)?;
                world.drivers.insert(driver.driver_id.clone(), driver);
            }
        }
        let mut loaded = Loaded { world, ..Loaded::default() };
        if !keys.idempotency_keys.is_empty() {
            let query =
                "SELECT * FROM idempotency_keys WHERE idempotency_key IN (SELECT value FROM json_each(?1))";
            for row in
                &sqlx::query(query).bind(json(&keys.idempotency_keys)?).fetch_all(&mut *connection).await?
            {
                let recorded = recorded_reply(row)?;
                loaded.recorded.insert(recorded.idempotency_key.clone(), recorded);
            }
        }
        Ok(loaded)
    }

    async fn commit(&mut self, writes: &BatchWrites<'_>) -> Result<(), Error> {
        let connection = &mut self.connection;
        let mut sessions = writes.sessions.clone();
        // What has ended first, so that its charge point and driver are free for what opens in the same batch.
        sessions.sort_by_key(|session| session.is_open());
        write(connection, include_str!("queries/sqlite/write_charge_points.sql"), &writes.charge_points)
            .await?;
        write(connection, include_str!("queries/sqlite/write_drivers.sql"), &writes.drivers).await?;
        write(connection, include_str!("queries/sqlite/write_sessions.sql"), &sessions).await?;
        write(connection, include_str!("queries/sqlite/write_ledger_entries.sql"), writes.ledger_entries)
            .await?;
        write(connection, include_str!("queries/sqlite/write_audit_events.sql"), writes.audit_events).await?;
        write(connection, include_str!("queries/sqlite/write_outbox.sql"), writes.outbox_events).await?;
        write(connection, include_str!("queries/sqlite/write_recorded.sql"), writes.recorded).await?;
        let sent = "DELETE FROM outbox WHERE outbox_id IN (SELECT value FROM json_each(?1))";
        write(connection, sent, writes.sent_outbox_ids).await?;
        sqlx::query("COMMIT").execute(connection).await?;
        Ok(())
    }

    async fn roll_back(&mut self) {
        // Without an open transaction this fails, and that is as good.
        drop(sqlx::query("ROLLBACK").execute(&mut self.connection).await);
    }

    async fn waiting_events(&mut self, limit: u32) -> Result<Vec<WaitingEvent>, Error> {
        let query = sqlx::query("SELECT * FROM outbox ORDER BY outbox_id LIMIT ?").bind(limit);
        let rows = query.fetch_all(&mut self.connection).await?;
        Ok(rows.iter().map(waiting_event).collect::<Result<_, _>>()?)
    }

    async fn due(&mut self, now_ms: i64, limit: u32) -> Result<Due, Error> {
        let sessions = "SELECT session_id FROM sessions WHERE deadline_ms <= ? ORDER BY deadline_ms LIMIT ?";
        let charge_points =
            "SELECT cp_id FROM charge_points WHERE presence_until_ms <= ? ORDER BY presence_until_ms LIMIT ?";
        Ok(Due {
            session_ids: sqlx::query_scalar(sessions)
                .bind(now_ms)
                .bind(limit)
                .fetch_all(&mut self.connection)
                .await?,
            cp_ids: sqlx::query_scalar(charge_points)
                .bind(now_ms)
                .bind(limit)
                .fetch_all(&mut self.connection)
                .await?,
        })
    }

    async fn open_sessions(&mut self, limit: u32) -> Result<Vec<String>, Error> {
        let query = "SELECT session_id FROM sessions WHERE ended_at_ms IS NULL LIMIT ?";
        Ok(sqlx::query_scalar(query).bind(limit).fetch_all(&mut self.connection).await?)
    }

    async fn connected_charge_points(&mut self, limit: u32) -> Result<Vec<(String, String)>, Error> {
        let query = "SELECT cp_id, link_id FROM charge_points WHERE link_id IS NOT NULL LIMIT ?";
        Ok(sqlx::query_as(query).bind(limit).fetch_all(&mut self.connection).await?)
    }

    async fn remove_recorded_before(&mut self, before_ms: i64, limit: u32) -> Result<u64, Error> {
        let query = "DELETE FROM idempotency_keys WHERE idempotency_key IN \
                     (SELECT idempotency_key FROM idempotency_keys WHERE created_at_ms < ? LIMIT ?)";
        let done = sqlx::query(query).bind(before_ms).bind(limit).execute(&mut self.connection).await?;
        Ok(done.rows_affected())
    }

    async fn renew_replica(&mut self, replica_id: &str, now_ms: i64, until_ms: i64) -> Result<bool, Error> {
        let mut transaction = self.connection.begin_with("BEGIN IMMEDIATE").await?;
        let others: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM replicas WHERE replica_id <> ? AND until_ms > ?")
                .bind(replica_id)
                .bind(now_ms)
                .fetch_one(&mut *transaction)
                .await?;
        sqlx::query("DELETE FROM replicas WHERE until_ms <= ?")
            .bind(now_ms)
            .execute(&mut *transaction)
            .await?;
        let renew = "INSERT INTO replicas (replica_id, until_ms) VALUES (?, ?) \
                     ON CONFLICT (replica_id) DO UPDATE SET until_ms = excluded.until_ms";
        sqlx::query(renew).bind(replica_id).bind(until_ms).execute(&mut *transaction).await?;
        transaction.commit().await?;
        Ok(others > 0)
    }

    async fn release_replica(&mut self, replica_id: &str) -> Result<(), Error> {
        let query = sqlx::query("DELETE FROM replicas WHERE replica_id = ?").bind(replica_id);
        query.execute(&mut self.connection).await?;
        Ok(())
    }

    async fn another(&self) -> Result<Self, Error> {
        let connection = connect(&self.options, "again").await?;
        Ok(Self { options: self.options.clone(), connection })
    }
}

/// Runs a statement on a JSON array of rows; nothing to do for an empty one.
async fn write<T: Serialize>(
    connection: &mut SqliteConnection,
    statement: &'static str,
    rows: &[T],
) -> Result<(), Error> {
    if !rows.is_empty() {
        sqlx::query(statement).bind(json(rows)?).execute(connection).await?;
    }
    Ok(())
}

fn json<T: Serialize + ?Sized>(rows: &T) -> Result<String, Error> {
    serde_json::to_string(rows).map_err(Error::internal)
}

fn charge_point(row: &SqliteRow) -> Result<ChargePoint, sqlx::Error> {
    Ok(ChargePoint {
        cp_id: row.try_get("cp_id")?,
        location: row.try_get("location")?,
        price_micros_per_kwh: row.try_get("price_micros_per_kwh")?,
        max_power_w: row.try_get("max_power_w")?,
        key_hash: row.try_get("key_hash")?,
        in_service: row.try_get("in_service")?,
        fault_kind: optional_word(row, "fault_kind")?,
        fault_message: row.try_get("fault_message")?,
        fault_driver_id: row.try_get("fault_driver_id")?,
        simulated_error: optional_word(row, "simulated_error")?,
        link_id: row.try_get("link_id")?,
        presence_until_ms: row.try_get("presence_until_ms")?,
        session_id: row.try_get("session_id")?,
        driver_id: row.try_get("driver_id")?,
        status: word(row, "status")?,
        status_since_ms: row.try_get("status_since_ms")?,
        version: row.try_get("version")?,
    })
}

fn driver(row: &SqliteRow) -> Result<Driver, sqlx::Error> {
    Ok(Driver {
        driver_id: row.try_get("driver_id")?,
        name: row.try_get("name")?,
        blocked: row.try_get("blocked")?,
        balance_micros: row.try_get("balance_micros")?,
        session_id: row.try_get("session_id")?,
        version: row.try_get("version")?,
    })
}

fn session(row: &SqliteRow) -> Result<Session, sqlx::Error> {
    Ok(Session {
        session_id: row.try_get("session_id")?,
        request_id: row.try_get("request_id")?,
        driver_id: row.try_get("driver_id")?,
        cp_id: row.try_get("cp_id")?,
        state: word(row, "state")?,
        price_micros_per_kwh: row.try_get("price_micros_per_kwh")?,
        energy_limit_mwh: row.try_get("energy_limit_mwh")?,
        balance_limited: row.try_get("balance_limited")?,
        reserved_until_ms: row.try_get("reserved_until_ms")?,
        deadline_ms: row.try_get("deadline_ms")?,
        start_register_mwh: row.try_get("start_register_mwh")?,
        register_mwh: row.try_get("register_mwh")?,
        meter_seq: row.try_get("meter_seq")?,
        power_w: row.try_get("power_w")?,
        cost_micros: row.try_get("cost_micros")?,
        created_at_ms: row.try_get("created_at_ms")?,
        started_at_ms: row.try_get("started_at_ms")?,
        ended_at_ms: row.try_get("ended_at_ms")?,
        end_reason: optional_word(row, "end_reason")?,
        traceparent: row.try_get("traceparent")?,
        version: row.try_get("version")?,
    })
}

fn recorded_reply(row: &SqliteRow) -> Result<RecordedReply, sqlx::Error> {
    Ok(RecordedReply {
        idempotency_key: row.try_get("idempotency_key")?,
        fingerprint: row.try_get("fingerprint")?,
        reply: row.try_get("reply")?,
        created_at_ms: row.try_get("created_at_ms")?,
    })
}

fn waiting_event(row: &SqliteRow) -> Result<WaitingEvent, sqlx::Error> {
    Ok(WaitingEvent {
        outbox_id: row.try_get("outbox_id")?,
        event_id: row.try_get("event_id")?,
        topic: row.try_get("topic")?,
        record_key: row.try_get("record_key")?,
        event_type: row.try_get("event_type")?,
        payload: row.try_get("payload")?,
        traceparent: row.try_get("traceparent")?,
        at_ms: row.try_get("at_ms")?,
    })
}

fn word<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    row: &SqliteRow,
    column: &str,
) -> Result<T, sqlx::Error> {
    let text: &str = row.try_get(column)?;
    text.parse()
        .map_err(|error| sqlx::Error::ColumnDecode { index: column.to_owned(), source: Box::new(error) })
}

fn optional_word<T: FromStr<Err: std::error::Error + Send + Sync + 'static>>(
    row: &SqliteRow,
    column: &str,
) -> Result<Option<T>, sqlx::Error> {
    let present = row.try_get::<Option<&str>, _>(column)?.is_some();
    present.then(|| word(row, column)).transpose()
}
