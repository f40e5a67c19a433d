//! A broker inside the process: librdkafka's mock cluster, which speaks Kafka's protocol on a port of its own.
//!
//! It keeps the newest records of each partition in memory (5 MiB) and nothing on disk: what must last is in the database.

use evcharging_common::{error::Error, kafka::topics};
use rdkafka::{
    ClientConfig,
    producer::{BaseProducer, Producer as _},
};

/// The broker; it lives until this is dropped.
pub struct EmbeddedKafka {
    // The mock cluster belongs to a client. Unlike the cluster's own handle, a client may move between threads.
    _client: BaseProducer,
    bootstrap_servers: String,
}

impl EmbeddedKafka {
    /// Starts the broker and makes every topic.
    ///
    /// # Errors
    /// When librdkafka can't start it.
    pub fn start() -> Result<Self, Error> {
        let client: BaseProducer = ClientConfig::new()
            .set("test.mock.num.brokers", "1")
            .set("client.id", "embedded-kafka")
            // It would warn that it is made for tests, each time.
            .set("log_level", "2")
            .create()
            .map_err(Error::internal)?;
        let bootstrap_servers = {
            let cluster = client
                .client()
                .mock_cluster()
                .ok_or_else(|| Error::internal("librdkafka started no mock cluster"))?;
            for topic in topics::ALL {
                cluster.create_topic(topic.name, topic.embedded_partitions, 1).map_err(Error::internal)?;
            }
            cluster.bootstrap_servers()
        };
        Ok(Self { _client: client, bootstrap_servers })
    }

    /// Where it listens.
    pub fn bootstrap_servers(&self) -> &str {
        &self.bootstrap_servers
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::time::Duration;

    use rdkafka::consumer::{BaseConsumer, Consumer};

    use super::*;

    #[test]
    fn a_client_finds_every_topic_with_its_partitions() {
        let kafka = EmbeddedKafka::start().unwrap();
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", kafka.bootstrap_servers())
            .set("group.id", "test")
            .create()
            .unwrap();
        for topic in topics::ALL {
            let metadata = consumer.fetch_metadata(Some(topic.name), Duration::from_secs(10)).unwrap();
            let partitions = metadata.topics()[0].partitions().len();
            assert_eq!(i32::try_from(partitions), Ok(topic.embedded_partitions), "{}", topic.name);
        }
    }
}
