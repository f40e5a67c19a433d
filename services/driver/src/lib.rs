//! The command-line driver: serves a file of requests in order, over Kafka or frames alone, and shows every step.

mod by_frames;
mod by_kafka;
mod charge;
mod drive;
mod duration;
mod interrupts;
mod messaging;
mod network_status;
mod printer;
mod reachability;
mod requests_file;
mod said;
mod steady_clock;
mod step;
mod step_text;
mod summary;

use std::{path::PathBuf, time::Duration};

use evcharging_common::{
    address_file::{Addresses, NetworkLocation},
    error::Error,
    ids,
    kafka::{KafkaAccess, KafkaConfig},
    tls::TlsConfig,
};

use crate::{
    drive::Drive,
    duration::{parse_duration, parse_request_timeout},
    interrupts::Interrupts,
    messaging::Messaging,
    printer::{Printer, Style},
};
pub use summary::{EXIT_COMPLETED, EXIT_FAILED, EXIT_INTERRUPTED, EXIT_MESSAGING_UNAVAILABLE, EXIT_USAGE};

const AFTER_HELP: &str = "\
File of requests, a charge a line:
  MAD-01 2kWh     at MAD-01, 2 kWh
  any 30s         at any charge point that is available, stopping after 30 seconds of supply
  BCN-01          until the vehicle is full or the balance is used up
  # a comment; empty lines are skipped

Ctrl-C stops the charge under way, waits for its ticket and skips what remains; a second one leaves at once.

Exit codes:
  0    every charge completed
  1    at least one charge was refused or failed
  2    wrong flags or a wrong file; nothing was sent
  3    messaging unavailable: nothing could be sent at all
  130  interrupted";

/// Charges vehicles as a file of requests says, and shows every step.
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = AFTER_HELP)]
pub struct Config {
    /// The driver that charges and pays
    #[arg(long, env = "EVCHARGING_DRIVER_ID", value_name = "ID", value_parser = ids::parse)]
    pub driver_id: String,
    /// The charges to ask for, one a line, in this order
    #[arg(long, env = "EVCHARGING_REQUESTS_FILE", value_name = "FILE")]
    pub requests_file: PathBuf,
    /// How long to wait between two charges, such as 4s, 500ms or 2m
    #[arg(long, env = "EVCHARGING_PAUSE", default_value = "4s", value_name = "TIME", value_parser = parse_duration)]
    pub pause: Duration,
    /// How old a request may become: one that was not sent or decided by then fails
    #[arg(
        long,
        env = "EVCHARGING_REQUEST_TIMEOUT",
        default_value = "30s",
        value_name = "TIME",
        value_parser = parse_request_timeout
    )]
    pub request_timeout: Duration,
    /// Show the network's charge points before the first request
    #[arg(long)]
    pub network_status: bool,
    /// One JSON object a line for each step; the summary is the last
    #[arg(long)]
    pub json: bool,
    /// Where the network is.
    #[command(flatten)]
    pub location: NetworkLocation,
    /// HOST:PORT of a gateway to charge by, over the framed protocol, or tls://HOST:PORT, instead of Kafka
    #[arg(
        long,
        env = "EVCHARGING_FRAMED_GATEWAY",
        value_name = "HOST:PORT",
        conflicts_with_all = ["kafka_bootstrap_servers", "network_status"]
    )]
    pub framed: Option<String>,
    /// How a gateway is called by TLS.
    #[command(flatten)]
    pub tls: TlsConfig,
    /// Kafka brokers to begin with; by default those of the network in --data-dir
    #[arg(long, env = "KAFKA_BOOTSTRAP_SERVERS", value_name = "HOST:PORT,...")]
    pub kafka_bootstrap_servers: Option<String>,
    /// How one gets into Kafka.
    #[command(flatten)]
    pub kafka_access: KafkaAccess,
}

/// Serves the file and returns the process's exit code. Handles Ctrl-C itself, and writes its own complaints about the file and the
/// network to standard error.
///
/// # Errors
/// Only what is a mistake of ours.
pub async fn run(config: Config) -> Result<u8, Error> {
    let interrupts = Interrupts::of_process()?;
    let requests = match requests_file::read(&config.requests_file) {
        Ok(requests) => requests,
        Err(problem) => return Ok(complain(&problem, EXIT_USAGE)),
    };
    let messaging = match &config.framed {
        Some(address) => Messaging::by_frames(address.clone(), config.tls.load()?, &config.driver_id),
        None => match by_kafka(&config)? {
            Ok(messaging) => messaging,
            Err(problem) => return Ok(complain(&problem, EXIT_MESSAGING_UNAVAILABLE)),
        },
    };
    let printer = Printer::new(Style::of_stdout(config.json), &config.driver_id, Box::new(std::io::stdout()));
    Ok(Drive::new(&config, messaging, interrupts, printer).serve(&requests).await)
}

/// The inner error is for the person at the terminal.
fn by_kafka(config: &Config) -> Result<Result<Messaging, String>, Error> {
    let kafka_bootstrap_servers = match &config.kafka_bootstrap_servers {
        Some(servers) => servers.clone(),
        None => match Addresses::read(&config.location.data_dir) {
            Ok(addresses) => addresses.kafka,
            Err(problem) => return Ok(Err(problem)),
        },
    };
    let kafka = KafkaConfig { kafka_bootstrap_servers, access: config.kafka_access.clone() };
    Messaging::by_kafka(kafka, &config.driver_id).map(Ok)
}

fn complain(problem: &str, exit_code: u8) -> u8 {
    eprintln!("error: {problem}");
    exit_code
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use clap::{CommandFactory, Parser};

    use super::*;

    #[derive(Debug, Parser)]
    struct CommandLine {
        #[command(flatten)]
        config: Config,
    }

    fn parse(line: &str) -> Result<Config, clap::Error> {
        let words = std::iter::once("driver").chain(line.split_whitespace());
        CommandLine::try_parse_from(words).map(|command_line| command_line.config)
    }

    #[test]
    fn flags_have_defaults_and_wrong_ones_a_reason() {
        let config = parse("--driver-id driver1 --requests-file r.txt").unwrap();
        assert_eq!((config.pause, config.request_timeout), (Duration::from_secs(4), Duration::from_secs(30)));
        for (flags, part) in [
            ("--requests-file r.txt", "--driver-id"),
            ("--driver-id a/b --requests-file r.txt", "must be 1 to 64"),
            ("--driver-id d --requests-file r.txt --pause 4", "is no time such as 30s"),
            ("--driver-id d --requests-file r.txt --request-timeout 10ms", "shorter than 1s"),
        ] {
            let error = parse(flags).expect_err(flags).to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    #[test]
    fn the_help_tells_every_exit_code() {
        let help = CommandLine::command().render_long_help().to_string();
        for code in [EXIT_COMPLETED, EXIT_FAILED, EXIT_USAGE, EXIT_MESSAGING_UNAVAILABLE, EXIT_INTERRUPTED] {
            assert!(help.lines().any(|line| line.trim_start().starts_with(&format!("{code} "))), "{help}");
        }
    }

    #[tokio::test]
    async fn a_wrong_file_and_an_absent_network_are_told_apart_by_the_exit_code() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("requests.txt");
        let flags = format!(
            "--driver-id driver1 --requests-file {} --data-dir {}",
            file.display(),
            folder.path().display()
        );
        assert_eq!(run(parse(&flags).unwrap()).await, Ok(EXIT_USAGE), "no file");
        std::fs::write(&file, "MAD-01 lots\n").unwrap();
        assert_eq!(run(parse(&flags).unwrap()).await, Ok(EXIT_USAGE), "a wrong line");
        std::fs::write(&file, "MAD-01 2kWh\n").unwrap();
        assert_eq!(run(parse(&flags).unwrap()).await, Ok(EXIT_MESSAGING_UNAVAILABLE), "no network");
    }
}
