//! The servers that are measured on: given by flags, prepared as an operator prepares them.

use std::process::Stdio;

use evcharging_common::{
    error::Error,
    ids,
    kafka::{KafkaAccess, KafkaConfig},
};
use tokio::process::Command;

use crate::{programs::binary, services::Service};

/// The password of both roles on the servers of a measurement.
const PASSWORD: &str = "bench";

/// Where the servers are. What needs one that is not given is not measured.
#[derive(Debug, Clone, clap::Args)]
pub struct Servers {
    /// PostgreSQL to measure on, with an administrator's credentials; its default database gets our tables
    #[arg(long, env = "EVCHARGING_TEST_POSTGRES_URL", hide_env_values = true, value_name = "URL")]
    pub postgres_url: Option<String>,
    /// MariaDB to measure on, with an administrator's credentials
    #[arg(long, env = "EVCHARGING_TEST_MARIADB_URL", hide_env_values = true, value_name = "URL")]
    pub mariadb_url: Option<String>,
    /// Kafka to measure on
    #[arg(long, env = "EVCHARGING_TEST_KAFKA", value_name = "HOST:PORT,...")]
    pub kafka_bootstrap_servers: Option<String>,
}

/// PostgreSQL and Kafka with our tables and topics.
pub struct Prepared {
    /// With an administrator's credentials.
    pub admin_url: String,
    /// With the credentials of session.
    pub session_url: String,
    /// With the credentials of those that only read.
    pub reader_url: String,
    /// Topics of this measurement alone, by their prefix.
    pub kafka: KafkaConfig,
}

impl Prepared {
    /// Starts session and waits until it serves.
    ///
    /// # Errors
    /// When it does not.
    pub async fn session(&self) -> Result<Service, Error> {
        let mut arguments = kafka_flags(&self.kafka).to_vec();
        arguments.extend(["--database-url".to_owned(), self.session_url.clone()]);
        let session = Service::start("session", &arguments)?;
        session.serving().await?;
        Ok(session)
    }

    /// Starts a service that reads from the database and calls session.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn reader(&self, part: &str, session: &Service) -> Result<Service, Error> {
        let mut arguments = kafka_flags(&self.kafka).to_vec();
        arguments.extend(["--database-url".to_owned(), self.reader_url.clone()]);
        arguments.extend(["--session-address".to_owned(), session.address().to_owned()]);
        Service::start(part, &arguments)
    }
}

impl Servers {
    /// Makes tables and topics; `None` when a server is missing.
    ///
    /// # Errors
    /// When the binary is not there or a server does not take them.
    pub async fn prepare(&self) -> Result<Option<Prepared>, Error> {
        let (Some(admin_url), Some(brokers)) = (&self.postgres_url, &self.kafka_bootstrap_servers) else {
            return Ok(None);
        };
        migrate(admin_url).await?;
        let kafka_topic_prefix = format!("bench-{}-", ids::new_id());
        let kafka = KafkaConfig {
            kafka_bootstrap_servers: brokers.clone(),
            access: KafkaAccess { kafka_topic_prefix, ..KafkaAccess::default() },
        };
        let mut arguments = vec!["topics".to_owned(), "--apply".to_owned()];
        arguments.extend(kafka_flags(&kafka));
        run(&arguments).await?;
        Ok(Some(Prepared {
            session_url: of_role(admin_url, "evcharging_session"),
            reader_url: of_role(admin_url, "evcharging_reader"),
            admin_url: admin_url.clone(),
            kafka,
        }))
    }
}

/// Brings the tables of a server up to date.
///
/// # Errors
/// When the binary is not there or the server does not take them.
pub async fn migrate(admin_url: &str) -> Result<(), Error> {
    let flags = ["--session-password", PASSWORD, "--reader-password", PASSWORD];
    let arguments = ["migrate", "--database-url", admin_url].into_iter().chain(flags);
    run(&arguments.map(str::to_owned).collect::<Vec<_>>()).await
}

/// What tells a part where Kafka is.
pub fn kafka_flags(kafka: &KafkaConfig) -> [String; 4] {
    [
        "--kafka-bootstrap-servers".to_owned(),
        kafka.kafka_bootstrap_servers.clone(),
        "--kafka-topic-prefix".to_owned(),
        kafka.access.kafka_topic_prefix.clone(),
    ]
}

/// The same place with a role's credentials.
fn of_role(admin_url: &str, role: &str) -> String {
    let (scheme, rest) = admin_url.split_once("://").unwrap_or(("postgres", admin_url));
    let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
    format!("{scheme}://{role}:{PASSWORD}@{place}")
}

async fn run(arguments: &[String]) -> Result<(), Error> {
    let ran = Command::new(binary("evcharging")?).args(arguments).stdout(Stdio::null()).status().await;
    let status = ran.map_err(Error::internal)?;
    if status.success() {
        return Ok(());
    }
    let command = arguments.first().map_or("", String::as_str);
    Err(Error::internal(format!("`evcharging {command}` ended with {status}")))
}
