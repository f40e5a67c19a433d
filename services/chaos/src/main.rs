//! `evcharging-chaos`: a network of separate processes on a real Kafka and a real PostgreSQL, two replicas of each service, drivers that
//! charge all the time, and every few seconds something is killed, frozen or started anew. At the end everything must add up.
//!
//! A tool for those who work on the network, not part of its image. What can't be had ends it with a message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod breaking;
mod driving;
mod fleet;
mod history;
mod verdict;

use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use evcharging_common::shutdown::{self, CancellationToken};
use rand::{SeedableRng, rngs::StdRng};

use breaking::Breaker;
use driving::Drivers;
use fleet::Fleet;
use history::History;

/// Breaks a whole network again and again, then checks that nothing was lost and nothing billed twice.
#[derive(Debug, Parser)]
#[command(name = "evcharging-chaos", version)]
struct Config {
    /// How long things are broken
    #[arg(long, default_value_t = 2, value_name = "MINUTES", value_parser = clap::value_parser!(u64).range(1..=24 * 60))]
    minutes: u64,
    /// What is broken when, drawn from this number; by default another one each time
    #[arg(long, value_name = "NUMBER")]
    seed: Option<u64>,
    /// Drivers that charge
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    drivers: u16,
    /// Charge points, each with a process for its engine and one for its monitor
    #[arg(long, default_value_t = 16, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=200))]
    charge_points: u16,
    /// Where the logs of all processes go when something is wrong
    #[arg(long, default_value = "target/chaos", value_name = "FOLDER")]
    logs: PathBuf,
}

/// What a shell makes of a program that Ctrl-C ended.
const EXIT_INTERRUPTED: u8 = 130;
/// How long the network may take to come to rest.
const SETTLING: Duration = Duration::from_secs(120);

#[tokio::main]
async fn main() -> ExitCode {
    let config = Config::parse();
    let seed = config.seed.unwrap_or_else(|| rand::random::<u32>().into());
    println!(
        "seed {seed}: {} minutes, {} drivers, {} charge points",
        config.minutes, config.drivers, config.charge_points
    );
    let began = Instant::now();
    let mut fleet = Fleet::start(config.charge_points).await;
    let kafka = fleet.kafka_config();
    fleet.create_drivers(config.drivers).await;
    println!("{:5.1} s  the network is up", began.elapsed().as_secs_f32());

    let stop = CancellationToken::new();
    let drivers = Drivers::start(&kafka, config.drivers, seed, stop.clone()).await;
    let mut breaker = Breaker::new(StdRng::seed_from_u64(seed), began);
    let end = Instant::now() + Duration::from_secs(60 * config.minutes);
    let interrupted = shutdown::on_signal().expect("signals can be heard");
    while Instant::now() < end {
        breaker.step(&mut fleet).await;
        let pause = tokio::time::sleep(Duration::from_millis(100));
        if interrupted.run_until_cancelled(pause).await.is_none() {
            println!("interrupted: every process is ended, nothing was checked");
            return ExitCode::from(EXIT_INTERRUPTED);
        }
    }
    let mut problems = breaker.mend_all(&mut fleet).await;
    println!("{:5.1} s  everything runs again; it comes to rest", began.elapsed().as_secs_f32());
    stop.cancel();
    let heard = drivers.join().await;
    problems.extend(fleet.settle(SETTLING).await);

    let history = History::read(&kafka).await;
    let mut ledger = fleet.database.ledger().await;
    problems.extend(verdict::problems(&history, &heard, &mut ledger).await);
    println!("{:5.1} s  {}", began.elapsed().as_secs_f32(), breaker.summary());
    println!("         {}", verdict::summary(&history, &heard, &mut ledger).await);
    if problems.is_empty() {
        println!("Nothing was lost and nothing was billed twice (seed {seed}).");
        return ExitCode::SUCCESS;
    }
    for problem in &problems {
        println!("WRONG: {problem}");
    }
    let folder = config.logs.join(seed.to_string());
    fleet.write_logs(&folder);
    history.write(&folder);
    println!("{} things are wrong (seed {seed}); the logs are in {}", problems.len(), folder.display());
    ExitCode::FAILURE
}
