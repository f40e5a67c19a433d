//! The one binary: picks a part, runs it, drains it.

mod command_line;
mod problem;

use std::{process::ExitCode, time::Duration};

use clap::{CommandFactory, FromArgMatches};
use command_line::{CommandLine, Part};
use evcharging_common::{
    error::{Error, ErrorCode},
    observability,
    shutdown::{self, CancellationToken},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The work waits for the network and the disk far more than it computes.
const MAX_WORKER_THREADS: usize = 4;
/// How long what still blocks a thread (a read from a terminal, say) may hold up the end.
const RUNTIME_SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);
/// What a shell makes of a program that Ctrl-C ended.
const EXIT_INTERRUPTED: i32 = 130;

fn main() -> ExitCode {
    let matches = CommandLine::command().get_matches();
    let command_line = CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let log_was_given = matches.value_source("log") != Some(clap::parser::ValueSource::DefaultValue);
    let done = build_runtime().and_then(|runtime| {
        let done = runtime.block_on(run(command_line, log_was_given));
        runtime.shutdown_timeout(RUNTIME_SHUTDOWN_TIMEOUT);
        done
    });
    done.unwrap_or_else(|error| {
        eprint!("{}", problem::describe(&error));
        ExitCode::FAILURE
    })
}

fn build_runtime() -> Result<tokio::runtime::Runtime, Error> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(cores.min(MAX_WORKER_THREADS))
        .enable_all()
        .build()
        .map_err(Error::internal)
}

async fn run(command_line: CommandLine, log_was_given: bool) -> Result<ExitCode, Error> {
    let CommandLine { mut observability, part } = command_line;
    if !log_was_given && part.speaks_to_a_person() {
        // What it prints is for its reader already; only what goes wrong is added.
        "warn".clone_into(&mut observability.log);
    }
    if part.is_tool() {
        // Run beside a service, in its container, it finds that one's variable, and its port taken.
        observability.metrics_listen = None;
    }
    let _observability = observability::install(&observability, part.service_name())
        .map_err(|problem| Error::new(ErrorCode::InvalidArgument, "REQUEST_INVALID", problem))?;
    let done = match part {
        Part::Driver(config) => return Ok(ExitCode::from(evcharging_driver::run(config).await?)),
        Part::Charge(config) => evcharging_operator::charge(config).await,
        Part::Show(config) => evcharging_operator::show(config).await,
        Part::Admin(config) => evcharging_operator::admin(config).await,
        Part::Migrate(config) => evcharging_session::migrate(config)
            .await
            .map(|done| done.iter().for_each(|line| println!("{line}"))),
        Part::Topics(config) => evcharging_operator::topics(config).await,
        Part::DeadLetters(config) => evcharging_operator::dead_letters(config).await,
        Part::Up(config) => evcharging_up::run(config, end_by_signal()?).await,
        Part::Authorization(config) => evcharging_authorization::run(config, end_by_signal()?).await,
        Part::Session(config) => evcharging_session::run(config, end_by_signal()?).await,
        Part::CpRegistry(config) => evcharging_cp_registry::run(config, end_by_signal()?).await,
        Part::TelemetryIngest(config) => evcharging_telemetry_ingest::run(config, end_by_signal()?).await,
        Part::Portal(config) => evcharging_portal::run(config, end_by_signal()?).await,
        Part::Gateway(config) => evcharging_gateway::run(config, end_by_signal()?).await,
        Part::CpEngine(config) => evcharging_cp_engine::run(config, end_by_signal()?).await,
        Part::CpMonitor(config) => evcharging_cp_monitor::run(config, end_by_signal()?).await,
    };
    done.map(|()| ExitCode::SUCCESS)
}

/// The first Ctrl-C or SIGTERM asks for an orderly end; a second one leaves at once.
fn end_by_signal() -> Result<CancellationToken, Error> {
    let token = shutdown::on_signal().map_err(Error::internal)?;
    let first = token.clone();
    tokio::spawn(async move {
        first.cancelled().await;
        // Fails only where the first one would have failed.
        if let Ok(second) = shutdown::on_signal() {
            tracing::info!("stopping; a second signal leaves at once");
            second.cancelled().await;
            std::process::exit(EXIT_INTERRUPTED);
        }
    });
    Ok(token)
}
