//! The writer of session in this process, as one more replica beside those that are measured: it makes what they are measured with.

use evcharging_common::{clock, error::Error, shutdown::CancellationToken};
use evcharging_session::{
    command::{Command, MeterReading},
    decide::Rules,
    store::{SqlStore, Store},
    writer::Writer,
};
use futures::{StreamExt, TryStreamExt, stream};
use tokio::task::JoinHandle;

use crate::commands::Charger;

/// A session service that starts within this time takes nothing for a cold start, in milliseconds.
const LEASE_MS: i64 = 3_600_000;
/// Chargers at a time.
const AT_A_TIME: usize = 512;

/// A running writer.
pub struct Replica {
    writer: Writer,
    task: JoinHandle<()>,
    shutdown: CancellationToken,
}

impl Replica {
    /// Starts one on a database that has our tables, and counts as alive there.
    pub async fn start(database_url: &str) -> Result<Self, Error> {
        let mut store = SqlStore::open(database_url).await?;
        let now_ms = clock::now_ms();
        store.renew_replica("bench", now_ms, now_ms + LEASE_MS).await?;
        let shutdown = CancellationToken::new();
        let (writer, task) = Writer::start(store, Rules::default(), shutdown.clone());
        Ok(Self { writer, task, shutdown })
    }

    /// Makes the drivers and the charge points known.
    pub async fn introduce(&self, chargers: &[Charger]) -> Result<(), Error> {
        stream::iter(chargers.iter().map(|charger| self.execute(charger.introductions())))
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await
    }

    /// Begins a charge of each charger; tells their first readings, in any order.
    pub async fn begin_charges(&self, chargers: &mut [Charger]) -> Result<Vec<MeterReading>, Error> {
        stream::iter(chargers.iter_mut().map(|charger| self.begin_charge(charger.charge())))
            .buffer_unordered(AT_A_TIME)
            .try_collect()
            .await
    }

    async fn begin_charge(&self, commands: Vec<Command>) -> Result<MeterReading, Error> {
        for command in commands {
            let first = match &command {
                Command::RecordMeter(readings) => readings.first().cloned(),
                _ => None,
            };
            self.writer.execute(command).await?;
            if let Some(first) = first {
                return Ok(first);
            }
        }
        Err(Error::internal("a charge without readings"))
    }

    /// Runs commands one after the other.
    pub async fn execute(&self, commands: Vec<Command>) -> Result<(), Error> {
        for command in commands {
            self.writer.execute(command).await?;
        }
        Ok(())
    }

    /// Stops it; it goes on counting as alive.
    pub async fn stop(self) -> Result<(), Error> {
        self.shutdown.cancel();
        self.task.await.map_err(Error::internal)
    }
}
