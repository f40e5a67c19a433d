//! A Kafka broker of the test's own: librdkafka's mock cluster.

use std::time::Duration;

use evcharging_common::{kafka_producer::KafkaConfig, topics};
use rdkafka::{
    ClientConfig,
    mocking::MockCluster,
    producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer},
};

/// A broker with the network's topics.
pub struct Broker {
    cluster: MockCluster<'static, DefaultProducerContext>,
}

impl Broker {
    /// Starts it.
    pub fn start() -> Self {
        let cluster = MockCluster::new(1).expect("a mock cluster starts");
        for topic in topics::ALL {
            cluster.create_topic(topic.name, topic.embedded_partitions, 1).expect("a topic is made");
        }
        Self { cluster }
    }

    /// Where it is.
    pub fn config(&self) -> KafkaConfig {
        KafkaConfig { kafka_bootstrap_servers: self.cluster.bootstrap_servers() }
    }

    /// Takes it away: connections break and none is accepted.
    pub fn take_down(&self) {
        self.cluster.broker_down(1).expect("the broker goes down");
    }

    /// Brings it back with what it held.
    pub fn bring_up(&self) {
        self.cluster.broker_up(1).expect("the broker comes up");
    }

    /// Sends a bare record, as any Kafka client could: no headers, whatever bytes.
    pub fn send_bare(&self, topic: &str, key: &str, value: &[u8]) {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", self.cluster.bootstrap_servers())
            .set("message.max.bytes", "4000000")
            .create()
            .expect("a producer");
        producer.send(BaseRecord::to(topic).key(key).payload(value)).expect("a record is queued");
        producer.flush(Duration::from_secs(10)).expect("a record is sent");
    }
}
