//! `make bench`: measures and prints a table. It asserts nothing; the tests do that, and never time.

mod authorize;
mod charges;
mod commands;
mod decide;
mod fault;
mod framed;
mod idle;
mod latencies;
mod load;
mod network;
mod page;
mod pages;
mod past;
mod process;
mod programs;
mod raw;
mod replica;
mod servers;
mod services;
mod store;
mod table;
mod telemetry;
mod whole_charges;

use std::{process::ExitCode, time::Duration};

use clap::{Parser, ValueEnum};
use evcharging_common::error::Error;

use crate::{servers::Servers, table::Table};

// The allocator of the binary that is measured.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures the store, the decisions and whole networks on this machine
#[derive(Debug, Parser)]
struct CommandLine {
    /// What to measure; everything when nothing is named
    #[arg(value_enum)]
    what: Vec<What>,
    /// How long the store and the decisions are measured each time
    #[arg(long, default_value_t = 10, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    #[command(flatten)]
    servers: Servers,
    /// Past sessions that are put into PostgreSQL before anything is measured, with 100,000 charge points and drivers
    #[arg(long, default_value_t = 0, value_name = "N", value_parser = clap::value_parser!(u64).range(0..=100_000_000))]
    past_sessions: u64,
    /// How long the networks are measured
    #[arg(long, default_value_t = 120, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(5..=3600))]
    network_seconds: u64,
    /// Charge points of the busy network
    #[arg(long, default_value_t = 1_000, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4_000))]
    charge_points: u32,
    /// Drivers who charge at a time in the busy network
    #[arg(long, default_value_t = 500, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=4_000))]
    drivers: u32,
}

/// In this order: what a database still has to do after the heavy ones would be counted among the latencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// Deciding commands in memory, on one thread
    Decide,
    /// From a monitor's report of a fault to the driver's SUPPLY_ERROR
    Fault,
    /// Authorize by gRPC at half of its greatest rate, beside an empty call and a commit
    Authorize,
    /// The writer over each database with 1, 64 and 512 commands outstanding, beside plain clients
    Store,
    /// Meter readings through telemetry-ingest, beside a client that drops them
    Telemetry,
    /// Whole charges by Kafka beside the store alone
    Charges,
    /// The framed protocol: its codec, an engine's checks, a gateway's connections
    Framed,
    /// `evcharging up` with nothing to do
    Idle,
    /// A thousand open pages at one portal
    Pages,
    /// `evcharging up` with many charges at a time
    Network,
}

#[tokio::main]
async fn main() -> ExitCode {
    let command_line = CommandLine::parse();
    let mut table = Table::default();
    if let (Some(url), 1..) = (&command_line.servers.postgres_url, command_line.past_sessions)
        && let Err(error) = past::fill(url, command_line.past_sessions).await
    {
        eprintln!("error: past sessions could not be made: {error}");
        return ExitCode::FAILURE;
    }
    for what in What::value_variants() {
        if !command_line.what.is_empty() && !command_line.what.contains(what) {
            continue;
        }
        if let Err(error) = measure(*what, &command_line, &mut table).await {
            eprintln!("error: {what:?} could not be measured: {error}");
            return ExitCode::FAILURE;
        }
    }
    println!("{table}");
    ExitCode::SUCCESS
}

async fn measure(what: What, command_line: &CommandLine, table: &mut Table) -> Result<(), Error> {
    let duration = Duration::from_secs(command_line.seconds);
    let network_duration = Duration::from_secs(command_line.network_seconds);
    match what {
        What::Decide => decide::measure(duration, table),
        What::Store => store::measure(duration, &command_line.servers, table).await,
        What::Telemetry | What::Authorize | What::Charges | What::Fault => {
            let Some(prepared) = command_line.servers.prepare().await? else {
                eprintln!("{what:?} is not measured: it takes --postgres-url and --kafka-bootstrap-servers");
                return Ok(());
            };
            match what {
                What::Telemetry => telemetry::measure(&prepared, table).await,
                What::Authorize => authorize::measure(&prepared, duration, table).await,
                What::Charges => whole_charges::measure(&prepared, 2 * duration, table).await,
                _ => fault::measure(&prepared, table).await,
            }
        }
        What::Framed => framed::measure(duration, table).await,
        What::Idle => idle::measure(network_duration, table).await,
        What::Pages => pages::measure(3 * duration, table).await,
        What::Network => {
            let size =
                load::Size { charge_points: command_line.charge_points, drivers: command_line.drivers };
            load::measure(size, network_duration, table).await
        }
    }
}
