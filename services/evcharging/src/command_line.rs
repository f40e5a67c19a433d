//! The sub-commands and what their help says.

use std::io::IsTerminal;

use evcharging_common::observability::ObservabilityConfig;

const ABOUT: &str =
    "A charging network for electric vehicles: reserve, charge, meter, bill, watch and command";
const AFTER_HELP: &str = "\
To begin, run a whole network on this machine, and charge in a second terminal:
  evcharging up
  evcharging driver --driver-id driver1 --requests-file examples/requests.txt

Where a flag's help names an environment variable, that sets it too; the flag wins.
Exit codes: 0 done, 1 failed, 2 wrong flags; `driver` has its own, see its help.";

/// What was asked on the command line.
#[derive(Debug, clap::Parser)]
#[command(name = "evcharging", version, about = ABOUT, after_help = AFTER_HELP, propagate_version = true)]
pub struct CommandLine {
    #[command(flatten, next_help_heading = "Logs and traces")]
    #[allow(missing_docs)]
    pub observability: ObservabilityConfig,
    /// Which part.
    #[command(subcommand)]
    pub part: Part,
}

/// A part of the network, or a tool that talks to it.
#[derive(Debug, clap::Subcommand)]
pub enum Part {
    /// Run a whole network in this process: database, broker and charge points included
    ///
    /// Nothing else needs to be installed or running. What must last is kept in the data folder; a restart goes on with it.
    Up(evcharging_up::Config),
    /// Charge vehicles as a file of requests says, and show each step up to the tickets
    Driver(evcharging_driver::Config),
    /// Charge once by gRPC alone, without Kafka, and show each step up to the ticket
    ///
    /// Tries a network from wherever authorization and session can be reached.
    Charge(evcharging_operator::ChargeConfig),
    /// Show charge points, sessions, tickets, drivers or events of a running network
    #[command(subcommand)]
    Show(evcharging_operator::ShowConfig),
    /// Command a running network: simulate and fix errors, take out of service, top up, stop a session, make users
    #[command(subcommand)]
    Admin(evcharging_operator::AdminConfig),
    /// Make or update the tables of a database, and the roles that may use them
    ///
    /// Needed before the services start on PostgreSQL, MySQL or MariaDB; may be run again at any time. A SQLite file is made by
    /// session itself.
    Migrate(evcharging_session::MigrateConfig),
    /// Check the topics that the network needs in Kafka, and make or change them with --apply
    ///
    /// Needed before the services start on a Kafka of your own; may be run again at any time.
    Topics(evcharging_operator::TopicsConfig),
    /// Look at records that could not be used, and send them again
    #[command(subcommand)]
    DeadLetters(evcharging_operator::DeadLettersConfig),
    /// Service that decides who may charge where
    Authorization(evcharging_authorization::Config),
    /// Service that keeps charge points, sessions and the ledger: the only one that writes to the database
    Session(evcharging_session::Config),
    /// Service that holds the live link to each charge point and carries commands to it
    CpRegistry(evcharging_cp_registry::Config),
    /// Service that takes in meter readings and keeps each session's running energy and cost
    TelemetryIngest(evcharging_telemetry_ingest::Config),
    /// Pages for drivers and for operators, live
    Portal(evcharging_portal::Config),
    /// Edge for charge points and drivers that speak the framed TCP protocol
    Gateway(evcharging_gateway::Config),
    /// Charge point, simulated: supplies energy, measures it, can be told to break
    CpEngine(evcharging_cp_engine::Config),
    /// Sidecar of one charge point: checks its health, registers it, carries commands to it
    CpMonitor(evcharging_cp_monitor::Config),
}

impl Part {
    /// The name under which its traces are collected.
    pub fn service_name(&self) -> &'static str {
        match self {
            Self::Up(_) => "evcharging-up",
            Self::Driver(_) => "evcharging-driver",
            Self::Charge(_) => "evcharging-charge",
            Self::Show(_) => "evcharging-show",
            Self::Admin(_) => "evcharging-admin",
            Self::Migrate(_) => "evcharging-migrate",
            Self::Topics(_) => "evcharging-topics",
            Self::DeadLetters(_) => "evcharging-dead-letters",
            Self::Authorization(_) => "evcharging-authorization",
            Self::Session(_) => "evcharging-session",
            Self::CpRegistry(_) => "evcharging-cp-registry",
            Self::TelemetryIngest(_) => "evcharging-telemetry-ingest",
            Self::Portal(_) => "evcharging-portal",
            Self::Gateway(_) => "evcharging-gateway",
            Self::CpEngine(_) => "evcharging-cp-engine",
            Self::CpMonitor(_) => "evcharging-cp-monitor",
        }
    }

    /// Whether it is asked something and ends, rather than serves.
    pub fn is_tool(&self) -> bool {
        match self {
            Self::Driver(_)
            | Self::Charge(_)
            | Self::Show(_)
            | Self::Admin(_)
            | Self::Migrate(_)
            | Self::Topics(_)
            | Self::DeadLetters(_) => true,
            Self::Up(_)
            | Self::Authorization(_)
            | Self::Session(_)
            | Self::CpRegistry(_)
            | Self::TelemetryIngest(_)
            | Self::Portal(_)
            | Self::Gateway(_)
            | Self::CpEngine(_)
            | Self::CpMonitor(_) => false,
        }
    }

    /// Whether its output is for a person who looks at it, rather than a log.
    pub fn speaks_to_a_person(&self) -> bool {
        // On a terminal, `up` has a live line, which log lines would tear.
        self.is_tool() || (matches!(self, Self::Up(_)) && std::io::stdout().is_terminal())
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_part_is_there_with_its_help() {
        let command = CommandLine::command();
        // Finds flags that clash and defaults that can't be read.
        command.clone().debug_assert();
        for name in [
            "up",
            "driver",
            "charge",
            "show",
            "admin",
            "migrate",
            "topics",
            "dead-letters",
            "authorization",
            "session",
            "cp-registry",
            "telemetry-ingest",
            "portal",
            "gateway",
            "cp-engine",
            "cp-monitor",
        ] {
            let found = command.find_subcommand(name);
            assert!(found.is_some_and(|part| part.get_about().is_some()), "{name}");
        }
    }

    #[test]
    fn every_flag_has_help_and_what_runs_in_a_container_can_be_set_by_variables() {
        for part in CommandLine::command().get_subcommands() {
            let name = part.get_name();
            let runs_in_a_container =
                !["driver", "charge", "show", "admin", "topics", "dead-letters"].contains(&name);
            for flag in part.get_arguments().filter(|argument| argument.get_long().is_some()) {
                assert!(flag.get_help().is_some(), "{name} --{} has no help", flag.get_id());
                assert!(
                    flag.get_env().is_some() || !runs_in_a_container,
                    "{name} --{} has no variable",
                    flag.get_id()
                );
            }
        }
    }

    #[test]
    fn whether_the_log_was_asked_for_is_known_wherever_the_flag_stands() {
        for (arguments, given) in [
            (vec!["evcharging", "up"], false),
            (vec!["evcharging", "--log", "debug", "up"], true),
            (vec!["evcharging", "up", "--log", "debug"], true),
        ] {
            let matches = CommandLine::command().get_matches_from(&arguments);
            let source = matches.value_source("log");
            assert_eq!(source == Some(clap::parser::ValueSource::CommandLine), given, "{arguments:?}");
        }
    }
}
