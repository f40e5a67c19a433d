//! What a server does for a plain client: the rows of a charge, each command in one round trip and one transaction of its own.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use evcharging_common::{
    database::{Access, Database, Dialect},
    error::{Error, ErrorCode},
    ids,
};
use futures::future::try_join_all;
use sqlx::AssertSqlSafe;

const CHARGE: &str = include_str!("../sql/raw_charge.sql");
/// Connections, each with one command at a time.
const CLIENTS: usize = 64;

/// How many commands were done.
pub async fn commands_done(database_url: &str, duration: Duration) -> Result<usize, Error> {
    let database = Database::parse(database_url, Access::Write)?;
    let (busy, done) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let mut clients = Vec::new();
    for number in 0..CLIENTS {
        let client = Client::introduce(&database, number).await?;
        let (busy, done) = (busy.clone(), done.clone());
        clients.push(async move {
            let charging = client.charge_again_and_again(busy, done);
            tokio::spawn(charging).await.map_err(Error::internal)?
        });
    }
    let stop = async {
        tokio::time::sleep(duration).await;
        busy.store(false, Ordering::Relaxed);
        Ok(done.load(Ordering::Relaxed))
    };
    let (_, done) = tokio::try_join!(try_join_all(clients), stop)?;
    Ok(done)
}

/// A connection with a driver and a charge point of its own.
struct Client {
    connection: sqlx::AnyConnection,
    dialect: Dialect,
    driver_id: String,
    cp_id: String,
}

impl Client {
    async fn introduce(database: &Database, number: usize) -> Result<Self, Error> {
        let run = ids::new_id();
        let mut client = Self {
            connection: database.connect().await?,
            dialect: database.dialect(),
            driver_id: format!("raw{number}-{run}"),
            cp_id: format!("RAW-{number}-{run}"),
        };
        let (driver_id, cp_id) = (&client.driver_id, &client.cp_id);
        let statements = format!(
            "INSERT INTO drivers (driver_id, name, blocked, balance_micros, version) VALUES ('{driver_id}', '', FALSE, 1000000000000, 1); \
             INSERT INTO charge_points (cp_id, location, price_micros_per_kwh, max_power_w, key_hash, in_service, fault_message, status, \
             status_since, version) VALUES ('{cp_id}', 'Madrid', 400000, 50000, '', TRUE, '', 'AVAILABLE', CURRENT_TIMESTAMP, 1);"
        );
        client.execute(&statements).await?;
        Ok(client)
    }

    async fn charge_again_and_again(
        mut self,
        busy: Arc<AtomicBool>,
        done: Arc<AtomicUsize>,
    ) -> Result<(), Error> {
        loop {
            let charge = CHARGE
                .replace("{session}", &ids::new_id())
                .replace("{driver}", &self.driver_id)
                .replace("{cp}", &self.cp_id);
            // The first part is the file's own comment.
            for command in charge.split("-- command: ").skip(1) {
                if !busy.load(Ordering::Relaxed) {
                    return Ok(());
                }
                let (_, statements) = command.split_once('\n').unwrap_or_default();
                self.execute(statements).await?;
                done.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// Several statements at once are one transaction on PostgreSQL; MySQL has to be told.
    async fn execute(&mut self, statements: &str) -> Result<(), Error> {
        let statements = match self.dialect {
            Dialect::MySql => format!("START TRANSACTION; {statements} COMMIT;"),
            Dialect::Postgres | Dialect::Sqlite => statements.to_owned(),
        };
        loop {
            let executed =
                sqlx::raw_sql(AssertSqlSafe(statements.clone())).execute(&mut self.connection).await;
            match executed.map_err(Error::from) {
                // A plain client meets deadlocks too, and tries anew.
                Err(error) if error.code == ErrorCode::Aborted => {}
                executed => return executed.map(drop),
            }
        }
    }
}
