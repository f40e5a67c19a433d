//! `evcharging-load`: charges on a network that runs, at a rate or flat out, with charge points of its own; tells how long each step took,
//! and checks at the end that every charge was billed exactly once.

mod accounts;
mod charge;
mod charge_points;
mod ears;
mod latency;
mod progress;

use std::{
    process::ExitCode,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use clap::Parser;
use evcharging_common::{
    address_file::{Addresses, NetworkLocation},
    error::Error,
    grpc_client::connect_lazily,
    kafka::{KafkaAccess, KafkaConfig, Producer},
    shutdown::{self, CancellationToken},
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, MissedTickBehavior},
};

use accounts::Accounts;
use charge::{ChargeDriver, Door};
use charge_points::{ChargePoints, FreePoints};
use latency::Latencies;
use progress::Counts;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const AFTER_HELP: &str = "\
With --rate, charges begin on a fixed schedule, and each step is timed from when it should have begun: a network that falls behind shows it.
Without, every driver begins anew as soon as it has its ticket.

It makes drivers load-driver-... with 100 EUR each and charge points LOAD-..., which are offline again when it ends.

Exit codes: 0 every charge was billed once, 1 otherwise, 2 wrong flags.";

/// Drives charges through a network and checks its ledger.
#[derive(Debug, Parser)]
#[command(name = "evcharging-load", version, after_help = AFTER_HELP)]
struct Config {
    /// Drivers that charge
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=20_000))]
    drivers: u32,
    /// Charge points, simulated in this process; by default one for each driver
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4_000))]
    charge_points: Option<u32>,
    /// Charges to begin a second; flat out when absent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: Option<u32>,
    /// How long charges are begun, in seconds
    #[arg(long, default_value_t = 30, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    seconds: u64,
    /// How long each charge is supplied, in milliseconds
    #[arg(long, default_value_t = 2_000, value_name = "MS", value_parser = clap::value_parser!(u64).range(0..=3_600_000))]
    supply_ms: u64,
    /// How drivers ask, start and stop
    #[arg(long, value_enum, default_value = "kafka")]
    by: Door,
    #[command(flatten)]
    location: NetworkLocation,
    /// Address of authorization; by default that of the network in --data-dir
    #[arg(long, env = "EVCHARGING_AUTHORIZATION_ADDRESS", value_name = "URL")]
    authorization_address: Option<String>,
    /// Address of session; by default that of the network in --data-dir
    #[arg(long, env = "EVCHARGING_SESSION_ADDRESS", value_name = "URL")]
    session_address: Option<String>,
    /// Address of cp-registry; by default that of the network in --data-dir
    #[arg(long, env = "EVCHARGING_CP_REGISTRY_ADDRESS", value_name = "URL")]
    cp_registry_address: Option<String>,
    /// Kafka brokers to begin with; by default those of the network in --data-dir
    #[arg(long, env = "KAFKA_BOOTSTRAP_SERVERS", value_name = "HOST:PORT,...")]
    kafka_bootstrap_servers: Option<String>,
    #[command(flatten)]
    kafka_access: KafkaAccess,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Config::parse()).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {}", error.message);
            if let Some(cause) = error.cause {
                eprintln!("  because: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Runs the load; tells whether every charge was billed once.
async fn run(config: Config) -> Result<bool, Error> {
    let addresses = find(&config)?;
    let kafka =
        KafkaConfig { kafka_bootstrap_servers: addresses.kafka.clone(), access: config.kafka_access.clone() };
    let address =
        |url: &str| connect_lazily(url).map_err(|problem| Error::invalid_argument("the address", problem));
    let (session, authorization) = (address(&addresses.session)?, address(&addresses.authorization)?);
    let producer = Producer::new(&kafka, "load")?;

    let wanted = config.charge_points.unwrap_or(config.drivers.min(4_000));
    eprintln!("{} drivers and {wanted} charge points are made ...", config.drivers);
    let accounts = Accounts::create(session.clone(), config.drivers).await?;
    let points = ChargePoints::start(wanted, &kafka, &producer, &addresses.cp_registry).await?;
    let end = CancellationToken::new();
    let mut ears = ears::listen(&kafka, accounts.driver_ids(), end.clone()).await?;

    let (counts, latencies) = (Arc::new(Counts::default()), Arc::new(Latencies::default()));
    let drivers = accounts.driver_ids().iter().filter_map(|driver_id| {
        let told = ears.remove(driver_id)?;
        let (session, authorization) = (session.clone(), authorization.clone());
        let driver =
            ChargeDriver::new(driver_id.clone(), config.by, producer.clone(), session, authorization, told);
        Some(driver.with_supply(Duration::from_millis(config.supply_ms)))
    });
    let telling = tokio::spawn(progress::tell(counts.clone(), Duration::from_secs(config.seconds)));
    let (idle_sender, idle) = mpsc::channel(usize::try_from(config.drivers).unwrap_or(usize::MAX));
    for driver in drivers {
        // There is room for all of them.
        let _ = idle_sender.try_send(driver);
    }
    let lanes = Lanes {
        idle,
        idle_sender,
        points: points.free(),
        counts: counts.clone(),
        latencies: latencies.clone(),
    };
    lanes.run(config.rate, Duration::from_secs(config.seconds)).await?;
    telling.abort();

    eprintln!();
    println!("{}", latencies.table());
    let begun = counts.begun.load(Ordering::Relaxed);
    let completed = counts.completed.load(Ordering::Relaxed);
    println!(
        "{begun} charges were begun, {completed} completed: {}",
        progress::rate(completed, config.seconds)
    );
    let problems = accounts.check(completed).await?;
    for problem in &problems {
        println!("WRONG: {problem}");
    }
    if problems.is_empty() {
        println!("The ledger adds up: {completed} tickets, each paid once.");
    }
    end.cancel();
    points.stop().await;
    Ok(problems.is_empty() && begun == completed)
}

/// Where the network is: as told, else as the data folder says.
fn find(config: &Config) -> Result<Addresses, Error> {
    let told = [
        &config.authorization_address,
        &config.session_address,
        &config.cp_registry_address,
        &config.kafka_bootstrap_servers,
    ];
    let mut found = if told.iter().all(|told| told.is_some()) {
        Addresses::default()
    } else {
        let read = Addresses::read(&config.location.data_dir);
        read.map_err(|problem| Error::failed_precondition("NO_NETWORK", problem))?
    };
    let places = [&mut found.authorization, &mut found.session, &mut found.cp_registry, &mut found.kafka];
    for (place, told) in places.into_iter().zip(told) {
        if let Some(told) = told {
            place.clone_from(told);
        }
    }
    Ok(found)
}

/// The drivers that wait for their next charge, and the charge points that are free.
struct Lanes {
    idle: mpsc::Receiver<ChargeDriver>,
    idle_sender: mpsc::Sender<ChargeDriver>,
    points: FreePoints,
    counts: Arc<Counts>,
    latencies: Arc<Latencies>,
}

impl Lanes {
    /// Begins charges until the time is over, and waits for those under way.
    async fn run(mut self, rate: Option<u32>, duration: Duration) -> Result<(), Error> {
        let interrupted = shutdown::on_signal().map_err(Error::internal)?;
        let over = Instant::now() + duration;
        let mut schedule = rate.map(|rate| {
            let mut schedule = tokio::time::interval(Duration::from_secs(1) / rate);
            // What could not begin in time is begun at once, and timed from when it should have begun.
            schedule.set_missed_tick_behavior(MissedTickBehavior::Burst);
            schedule
        });
        let mut charges = JoinSet::new();
        while Instant::now() < over && !interrupted.is_cancelled() {
            let due = match &mut schedule {
                Some(schedule) => Some(schedule.tick().await),
                None => None,
            };
            let waiting = tokio::time::timeout_at(over, self.idle.recv()).await;
            let (Ok(Some(mut driver)), Some(point)) = (waiting, self.points.take(over).await) else { break };
            let due = due.unwrap_or_else(Instant::now);
            self.counts.begun.fetch_add(1, Ordering::Relaxed);
            let (counts, latencies, idle) =
                (self.counts.clone(), self.latencies.clone(), self.idle_sender.clone());
            charges.spawn(async move {
                match driver.charge(point.cp_id(), due, &latencies).await {
                    Ok(()) => counts.completed.fetch_add(1, Ordering::Relaxed),
                    Err(error) => {
                        eprintln!("\n{}: {error}", driver.driver_id());
                        counts.failed.fetch_add(1, Ordering::Relaxed)
                    }
                };
                drop(point);
                // Full or closed only when nobody waits any more.
                let _ = idle.try_send(driver);
            });
            while charges.try_join_next().is_some() {}
        }
        while charges.join_next().await.is_some() {}
        Ok(())
    }
}
