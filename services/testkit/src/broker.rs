//! A Kafka of the test's own: librdkafka's mock cluster, or topics with a prefix of their own on the real Kafka that `tools/with-backends`
//! starts, or a real Kafka that only this test has and may kill.

use std::time::Duration;

use evcharging_common::{
    ids,
    kafka::{KafkaConfig, topics},
};
use rdkafka::{
    ClientConfig,
    mocking::MockCluster,
    producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer},
};

use crate::{KafkaServer, Process};

/// A broker with the network's topics.
pub struct Broker {
    kind: Kind,
    config: KafkaConfig,
}

enum Kind {
    Mock(MockCluster<'static, DefaultProducerContext>),
    Shared,
    Own(KafkaServer),
}

impl Broker {
    /// As EVCHARGING_TEST_BROKER says: `kafka`, or a mock cluster when it says nothing.
    pub async fn start() -> Self {
        if is_kafka_wanted() { Self::on_shared_kafka() } else { Self::mock() }
    }

    /// The same, but one that can be taken down.
    pub async fn start_own() -> Self {
        if !is_kafka_wanted() {
            return Self::mock();
        }
        let server = KafkaServer::start().await;
        let config = KafkaConfig::open(server.bootstrap_servers());
        make_topics(&config);
        Self { kind: Kind::Own(server), config }
    }

    fn mock() -> Self {
        let cluster = MockCluster::new(1).expect("a mock cluster starts");
        for topic in topics::ALL {
            cluster.create_topic(topic.name, topic.embedded_partitions, 1).expect("a topic is made");
        }
        let config = KafkaConfig::open(cluster.bootstrap_servers());
        Self { kind: Kind::Mock(cluster), config }
    }

    fn on_shared_kafka() -> Self {
        let servers = std::env::var("EVCHARGING_TEST_KAFKA")
            .expect("EVCHARGING_TEST_KAFKA is not set: tools/with-backends starts the servers");
        let mut config = KafkaConfig::open(servers);
        config.access.kafka_topic_prefix = format!("test-{}.", ids::new_id());
        make_topics(&config);
        Self { kind: Kind::Shared, config }
    }

    /// Where it is.
    pub fn config(&self) -> KafkaConfig {
        self.config.clone()
    }

    /// The same as flags.
    pub fn flags(&self) -> Vec<String> {
        flags(&self.config)
    }

    /// Takes it away: connections break and none is accepted.
    pub fn take_down(&mut self) {
        match &mut self.kind {
            Kind::Mock(cluster) => cluster.broker_down(1).expect("the broker goes down"),
            Kind::Own(server) => server.kill(),
            Kind::Shared => panic!("other tests need this Kafka: begin with start_own"),
        }
    }

    /// Brings it back with what it held.
    pub async fn bring_up(&mut self) {
        match &mut self.kind {
            Kind::Mock(cluster) => cluster.broker_up(1).expect("the broker comes up"),
            Kind::Own(server) => server.restart().await,
            Kind::Shared => {}
        }
    }

    /// Sends a bare record, as any Kafka client could: no headers, whatever bytes.
    pub fn send_bare(&self, topic: &str, key: &str, value: &[u8]) {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.config.kafka_bootstrap_servers)
            .set("message.max.bytes", "4000000")
            .create()
            .expect("a producer");
        let topic = self.config.name_of(topic);
        producer.send(BaseRecord::to(&topic).key(key).payload(value)).expect("a record is queued");
        producer.flush(Duration::from_secs(10)).expect("a record is sent");
    }
}

fn is_kafka_wanted() -> bool {
    std::env::var("EVCHARGING_TEST_BROKER").is_ok_and(|broker| broker == "kafka")
}

fn flags(config: &KafkaConfig) -> Vec<String> {
    let mut flags = vec!["--kafka-bootstrap-servers".to_owned(), config.kafka_bootstrap_servers.clone()];
    if !config.access.kafka_topic_prefix.is_empty() {
        flags.extend(["--kafka-topic-prefix".to_owned(), config.access.kafka_topic_prefix.clone()]);
    }
    flags
}

/// Makes the network's topics by the product's own command, with as few partitions as still are several.
pub fn make_topics(config: &KafkaConfig) {
    let mut arguments = ["topics", "--apply"].map(str::to_owned).to_vec();
    for topic in topics::ALL {
        arguments
            .extend(["--partitions".to_owned(), format!("{}={}", topic.name, topic.embedded_partitions * 2)]);
    }
    arguments.extend(flags(config));
    let mut made = Process::start("topics", &arguments);
    assert_eq!(made.wait(Duration::from_secs(60)), 0, "{}", made.output());
}
