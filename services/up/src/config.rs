//! What `evcharging up` can be told.

use std::{net::IpAddr, path::PathBuf};

use evcharging_common::{kafka::KafkaAccess, secret::Secret};

/// The most charge points that one process may run: they share one connection to the registry, which carries 4,096 streams.
pub const MAX_CHARGE_POINTS: u32 = 4_000;
/// The most drivers that are made at the start.
pub const MAX_DRIVERS: u32 = 10_000;

/// How the network on this machine looks.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Folder for the database and everything else that is kept; made when missing
    #[arg(long, env = "EVCHARGING_DATA_DIR", default_value = "evcharging-data", value_name = "FOLDER")]
    pub data_dir: PathBuf,
    /// First of five ports: authorization, session, cp-registry, telemetry, gateway; 0 takes any free ones
    #[arg(
        long,
        env = "EVCHARGING_BASE_PORT",
        default_value_t = 50051,
        value_name = "PORT",
        value_parser = parse_base_port
    )]
    pub base_port: u16,
    /// Address to serve gRPC on; 0.0.0.0 to be reached from other machines, by anybody who can
    #[arg(long, env = "EVCHARGING_LISTEN_IP", default_value = "127.0.0.1", value_name = "IP")]
    pub listen_ip: IpAddr,
    /// Port of the driver's page; 0 takes any free one, as --base-port 0 does
    #[arg(long, env = "EVCHARGING_DRIVER_PAGE_PORT", default_value_t = 8001, value_name = "PORT")]
    pub driver_page_port: u16,
    /// Port of the operator's page; 0 takes any free one, as --base-port 0 does
    #[arg(long, env = "EVCHARGING_OPERATOR_PAGE_PORT", default_value_t = 8000, value_name = "PORT")]
    pub operator_page_port: u16,
    /// Let driver1 to driver20 and two operators log in with a password that everybody knows; so it is without --database-url
    #[arg(long, env = "EVCHARGING_DEMO_USERS")]
    pub demo_users: bool,
    /// Run every second charge point by the framed TCP protocol, through the gateway
    #[arg(long, env = "EVCHARGING_FRAMED")]
    pub framed: bool,
    /// How many charge points are simulated
    #[arg(
        long,
        env = "EVCHARGING_CHARGE_POINTS",
        default_value_t = 12,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_CHARGE_POINTS))
    )]
    pub charge_points: u32,
    /// How many drivers are made, driver1 and on, each with a balance of 50 EUR
    #[arg(
        long,
        env = "EVCHARGING_DRIVERS",
        default_value_t = 10,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(0..=i64::from(MAX_DRIVERS))
    )]
    pub drivers: u32,
    /// Your own charge points, prices and drivers instead of simulated ones; see examples/network.toml
    #[arg(
        long,
        env = "EVCHARGING_NETWORK",
        value_name = "FILE.toml",
        conflicts_with_all = ["charge_points", "drivers"]
    )]
    pub network: Option<PathBuf>,
    /// Database server to use instead of a file in the data folder, with the credentials of evcharging_session
    #[arg(
        long,
        env = "EVCHARGING_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        requires = "reader_database_url"
    )]
    pub database_url: Option<Secret>,
    /// The same database with the credentials of evcharging_reader, for everyone but session
    #[arg(
        long,
        env = "EVCHARGING_READER_DATABASE_URL",
        hide_env_values = true,
        value_name = "URL",
        requires = "database_url"
    )]
    pub reader_database_url: Option<Secret>,
    /// Kafka brokers to use instead of the embedded one
    #[arg(long, env = "KAFKA_BOOTSTRAP_SERVERS", value_name = "HOST:PORT,...")]
    pub kafka_bootstrap_servers: Option<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub kafka_access: KafkaAccess,
}

/// The same database, once for each kind of credentials.
#[derive(Clone)]
pub(crate) struct DatabaseUrls {
    /// Session's.
    pub(crate) session: String,
    /// Everyone else's.
    pub(crate) readers: String,
    /// A server may have other replicas of session; the file in the data folder can't.
    pub(crate) is_server: bool,
}

impl Config {
    /// The server that was named, or the file.
    pub(crate) fn database_urls(&self, file_url: String) -> DatabaseUrls {
        match (&self.database_url, &self.reader_database_url) {
            (Some(session), Some(readers)) => DatabaseUrls {
                session: session.reveal().to_owned(),
                readers: readers.reveal().to_owned(),
                is_server: true,
            },
            _ => DatabaseUrls { session: file_url.clone(), readers: file_url, is_server: false },
        }
    }

    /// Whether everybody may log in: a database of one's own may be used by others, or later.
    pub(crate) fn has_demo_users(&self) -> bool {
        self.demo_users || self.database_url.is_none()
    }

    /// The port that is `offset` above the first, or any free one.
    pub(crate) fn port(&self, offset: u16) -> u16 {
        if self.base_port == 0 { 0 } else { self.base_port.saturating_add(offset) }
    }

    /// The port of a page, or any free one.
    pub(crate) fn page_port(&self, port: u16) -> u16 {
        if self.base_port == 0 { 0 } else { port }
    }
}

fn parse_base_port(text: &str) -> Result<u16, String> {
    match text.parse() {
        Ok(port) if port <= u16::MAX - 4 => Ok(port),
        _ => Err(format!("must be 0 to {}, so that five ports fit", u16::MAX - 4)),
    }
}
