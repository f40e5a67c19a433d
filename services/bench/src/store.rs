//! The writer over a database, with the outbox taken away as the relay does, though nowhere.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use evcharging_common::{error::Error, shutdown::CancellationToken};
use evcharging_session::{
    command::Reply,
    decide::Rules,
    store::{SqlStore, Store},
    writer::Writer,
};
use futures::future::try_join_all;

use crate::{
    commands::Charger,
    raw,
    servers::{self, Servers},
    table::{Table, per_second, thousandths},
};

/// How many callers wait for a reply at the same time.
const OUTSTANDING: [(usize, &str); 3] = [(1, ""), (64, ""), (512, "20,000")];
/// Events that the stand-in for the relay takes at a time.
const OUTBOX_PAGE: u32 = 512;

/// Measures each of [`OUTSTANDING`] on fresh SQLite files and on each server that is given.
pub async fn measure(duration: Duration, servers: &Servers, table: &mut Table) -> Result<(), Error> {
    for (outstanding, aim) in OUTSTANDING {
        // Beside the data folder that `up` makes: the disk that matters, and not a file system in memory.
        let folder = tempfile::tempdir_in(".").map_err(Error::internal)?;
        let url = format!("sqlite:{}", folder.path().join("bench.db").display());
        measure_one("SQLite", &url, outstanding, aim, duration, table).await?;
    }
    for (name, url, aim) in
        [("PostgreSQL", &servers.postgres_url, "2.5 times"), ("MariaDB", &servers.mariadb_url, "2 times")]
    {
        let Some(url) = url else { continue };
        servers::migrate(url).await?;
        let mut done = 0;
        for (outstanding, _) in OUTSTANDING {
            done = measure_one(name, url, outstanding, "", duration, table).await?;
        }
        beside_raw(url, name, aim, done, duration, table).await?;
    }
    Ok(())
}

async fn measure_one(
    name: &str,
    url: &str,
    outstanding: usize,
    aim: &str,
    duration: Duration,
    table: &mut Table,
) -> Result<usize, Error> {
    eprintln!("{name} with {outstanding} outstanding for {} s ...", duration.as_secs());
    let done = commands_done(url, outstanding, duration).await?;
    let row = format!("{name} store, {outstanding} outstanding: commands a second");
    table.add(row, per_second(done, duration), aim);
    Ok(done)
}

/// The same rows by a plain client on the same server, and how many times as fast the store is.
async fn beside_raw(
    url: &str,
    name: &str,
    aim: &str,
    done: usize,
    duration: Duration,
    table: &mut Table,
) -> Result<(), Error> {
    eprintln!("{name} with 64 plain clients for {} s ...", duration.as_secs());
    let raw = raw::commands_done(url, duration).await?;
    table.add(
        format!("{name}, 64 plain clients, the same rows: commands a second"),
        per_second(raw, duration),
        "",
    );
    let times = thousandths(done as u128 * 1_000 / raw.max(1) as u128);
    table.add(format!("{name} store, 512 outstanding, beside that"), format!("{times} times"), aim);
    Ok(())
}

/// How many commands the writer does on a database that has our tables, or on a SQLite file.
pub async fn commands_done(
    database_url: &str,
    outstanding: usize,
    duration: Duration,
) -> Result<usize, Error> {
    let store = SqlStore::open(database_url).await?;
    let relay_store = store.another();
    let shutdown = CancellationToken::new();
    let (writer, writer_task) = Writer::start(store, Rules::default(), shutdown.clone());

    let chargers: Vec<Charger> = (0..outstanding).map(Charger::new).collect();
    for charger in &chargers {
        for command in charger.introductions() {
            writer.execute(command).await?;
        }
    }
    let busy = Arc::new(AtomicBool::new(true));
    let done = Arc::new(AtomicUsize::new(0));
    let relay = tokio::spawn(take_outbox(relay_store, writer.clone(), busy.clone()));
    let callers = chargers.into_iter().map(|charger| {
        let call = call(charger, writer.clone(), busy.clone(), done.clone());
        async { tokio::spawn(call).await.map_err(Error::internal)? }
    });
    let stop = async {
        tokio::time::sleep(duration).await;
        busy.store(false, Ordering::Relaxed);
        Ok(done.load(Ordering::Relaxed))
    };
    let (_, done) = tokio::try_join!(try_join_all(callers), stop)?;
    relay.await.map_err(Error::internal)??;
    shutdown.cancel();
    writer_task.await.map_err(Error::internal)?;
    Ok(done)
}

/// Charges again and again, each command sent once the one before it was answered.
async fn call(
    mut charger: Charger,
    writer: Writer,
    busy: Arc<AtomicBool>,
    done: Arc<AtomicUsize>,
) -> Result<(), Error> {
    loop {
        for command in charger.charge() {
            if !busy.load(Ordering::Relaxed) {
                return Ok(());
            }
            // Each charger has its own driver and charge point, so there is nothing to refuse.
            if let Reply::Refused { message, .. } = writer.execute(command).await? {
                return Err(Error::failed_precondition("REFUSED", message));
            }
            done.fetch_add(1, Ordering::Relaxed);
        }
    }
}

async fn take_outbox(mut store: SqlStore, writer: Writer, busy: Arc<AtomicBool>) -> Result<(), Error> {
    let filled = writer.outbox_filled();
    while busy.load(Ordering::Relaxed) {
        let waiting = store.waiting_events(OUTBOX_PAGE).await?;
        if waiting.is_empty() {
            // The wait has an end, so that this task has one.
            drop(tokio::time::timeout(Duration::from_millis(100), filled.notified()).await);
            continue;
        }
        writer.outbox_sent(waiting.iter().map(|event| event.outbox_id).collect()).await?;
    }
    Ok(())
}
