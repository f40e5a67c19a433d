//! Where Kafka is and how one gets in.

use std::path::PathBuf;

use rdkafka::ClientConfig;

use crate::{error::Error, secret::Secret};

/// Where Kafka is.
#[derive(Debug, Clone, clap::Args)]
pub struct KafkaConfig {
    /// Kafka brokers to begin with
    #[arg(
        long,
        env = "KAFKA_BOOTSTRAP_SERVERS",
        default_value = "127.0.0.1:9092",
        value_name = "HOST:PORT,..."
    )]
    pub kafka_bootstrap_servers: String,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub access: KafkaAccess,
}

/// How one gets into Kafka, and which names are ours there.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct KafkaAccess {
    /// Put before the name of each topic and consumer group, where several networks share a Kafka
    #[arg(
        long,
        env = "KAFKA_TOPIC_PREFIX",
        default_value = "",
        hide_default_value = true,
        value_name = "TEXT",
        value_parser = parse_prefix
    )]
    pub kafka_topic_prefix: String,
    /// Encrypt the connections to Kafka
    #[arg(long, env = "KAFKA_TLS")]
    pub kafka_tls: bool,
    /// Certificate authorities that Kafka's certificate must come from, as PEM; the system's by default
    #[arg(long, env = "KAFKA_CA_FILE", value_name = "FILE", requires = "kafka_tls")]
    pub kafka_ca_file: Option<PathBuf>,
    /// Certificate that we show to Kafka, as PEM
    #[arg(long, env = "KAFKA_CERTIFICATE_FILE", value_name = "FILE", requires_all = ["kafka_tls", "kafka_key_file"])]
    pub kafka_certificate_file: Option<PathBuf>,
    /// Private key of that certificate, as PEM
    #[arg(long, env = "KAFKA_KEY_FILE", value_name = "FILE", requires = "kafka_certificate_file")]
    pub kafka_key_file: Option<PathBuf>,
    /// User to log in to Kafka as (SASL); without one, nobody logs in
    #[arg(long, env = "KAFKA_USERNAME", value_name = "NAME", requires = "kafka_password")]
    pub kafka_username: Option<String>,
    /// That user's password
    #[arg(
        long,
        env = "KAFKA_PASSWORD",
        hide_env_values = true,
        value_name = "PASSWORD",
        requires = "kafka_username"
    )]
    pub kafka_password: Option<Secret>,
    /// How that user logs in
    #[arg(long, env = "KAFKA_SASL_MECHANISM", value_enum, default_value = "scram-sha-512")]
    pub kafka_sasl_mechanism: SaslMechanism,
}

/// How a user logs in to Kafka.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum SaslMechanism {
    /// The password itself is sent: only over TLS.
    Plain,
    /// The password is proven, not sent.
    #[default]
    #[value(name = "scram-sha-512")]
    ScramSha512,
}

impl KafkaConfig {
    /// A Kafka that asks nobody who they are.
    pub fn open(bootstrap_servers: impl Into<String>) -> Self {
        Self { kafka_bootstrap_servers: bootstrap_servers.into(), access: KafkaAccess::default() }
    }

    /// What every client of ours sets.
    pub fn client(&self, client_id: &str) -> ClientConfig {
        let mut client = ClientConfig::new();
        client
            .set("bootstrap.servers", &self.kafka_bootstrap_servers)
            .set("client.id", client_id)
            .set("socket.nagle.disable", "true")
            .set("reconnect.backoff.ms", "100")
            .set("reconnect.backoff.max.ms", "1000")
            .set("topic.metadata.refresh.interval.ms", "30000")
            // Its own complaints come to us as errors, where they are logged once and in our words.
            .set("log_level", "2");
        self.access.set(&mut client);
        client
    }

    /// A topic's or a group's name in Kafka.
    pub fn name_of(&self, topic_or_group: &str) -> String {
        format!("{}{topic_or_group}", self.access.kafka_topic_prefix)
    }
}

impl KafkaAccess {
    fn set(&self, client: &mut ClientConfig) {
        let protocol = match (self.kafka_tls, self.kafka_username.is_some()) {
            (false, false) => "plaintext",
            (false, true) => "sasl_plaintext",
            (true, false) => "ssl",
            (true, true) => "sasl_ssl",
        };
        client.set("security.protocol", protocol);
        if let (Some(user), Some(password)) = (&self.kafka_username, &self.kafka_password) {
            let mechanism = match self.kafka_sasl_mechanism {
                SaslMechanism::Plain => "PLAIN",
                SaslMechanism::ScramSha512 => "SCRAM-SHA-512",
            };
            client.set("sasl.mechanism", mechanism);
            client.set("sasl.username", user).set("sasl.password", password.reveal());
        }
        for (setting, file) in [
            ("ssl.ca.location", &self.kafka_ca_file),
            ("ssl.certificate.location", &self.kafka_certificate_file),
            ("ssl.key.location", &self.kafka_key_file),
        ] {
            if let Some(file) = file {
                client.set(setting, file.to_string_lossy());
            }
        }
    }
}

/// A client's refusal of its configuration, in words about our flags.
pub fn refused(error: rdkafka::error::KafkaError) -> Error {
    let mut refused = Error::invalid_argument("the configuration of Kafka", format!("was refused: {error}"));
    refused.cause = Some(error.to_string());
    refused
}

fn parse_prefix(text: &str) -> Result<String, String> {
    let is_legal = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_' | '-');
    if text.len() <= 64 && text.chars().all(is_legal) {
        Ok(text.to_owned())
    } else {
        Err("must be at most 64 letters, digits, '.', '_' or '-'".to_owned())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct CommandLine {
        #[command(flatten)]
        kafka: KafkaConfig,
    }

    fn client(flags: &str) -> Result<ClientConfig, String> {
        let words = std::iter::once("part").chain(flags.split_whitespace());
        let parsed = CommandLine::try_parse_from(words).map_err(|error| error.to_string())?;
        Ok(parsed.kafka.client("test"))
    }

    #[test]
    fn flags_become_the_protocol_that_they_mean() {
        for (flags, protocol, mechanism) in [
            ("", "plaintext", None),
            ("--kafka-tls", "ssl", None),
            ("--kafka-username ana --kafka-password p", "sasl_plaintext", Some("SCRAM-SHA-512")),
            (
                "--kafka-tls --kafka-username ana --kafka-password p --kafka-sasl-mechanism plain",
                "sasl_ssl",
                Some("PLAIN"),
            ),
        ] {
            let client = client(flags).unwrap();
            assert_eq!(client.get("security.protocol"), Some(protocol), "{flags}");
            assert_eq!(client.get("sasl.mechanism"), mechanism, "{flags}");
        }
    }

    #[test]
    fn flags_that_need_others_say_so_and_passwords_stay_out_of_logs() {
        for flags in ["--kafka-username ana", "--kafka-ca-file ca.pem", "--kafka-topic-prefix a/b"] {
            assert!(client(flags).is_err(), "{flags}");
        }
        let words = ["part", "--kafka-username", "ana", "--kafka-password", "tops3cret"];
        let parsed = CommandLine::try_parse_from(words).unwrap();
        assert!(!format!("{parsed:?}").contains("tops3cret"));
    }

    #[test]
    fn a_prefix_stands_before_every_name() {
        let mut config = KafkaConfig::open("127.0.0.1:9092");
        assert_eq!(config.name_of("driver_events"), "driver_events");
        config.access.kafka_topic_prefix = "madrid.".to_owned();
        assert_eq!(config.name_of("driver_events"), "madrid.driver_events");
    }
}
