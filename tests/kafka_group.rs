//! Reading in a group: partitions do not hold each other up, and a slow one loses nothing.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use evcharging_common::{
    error::Error,
    kafka::{self, DeadLetters, Handler, KafkaConfig, Producer, Received, topics},
    pb::events::v1::DriverEvent,
    shutdown::CancellationToken,
};
use rdkafka::{
    ClientConfig,
    mocking::MockCluster,
    producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _},
};
use tokio::task::JoinHandle;

/// Long for what takes milliseconds, even on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

fn kafka() -> (MockCluster<'static, DefaultProducerContext>, KafkaConfig) {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(topics::DRIVER_EVENTS, 2, 1).unwrap();
    cluster.create_topic(topics::DEAD_LETTERS, 1, 1).unwrap();
    let config = KafkaConfig::open(cluster.bootstrap_servers());
    (cluster, config)
}

/// Sends events whose keys are their numbers.
fn send(config: &KafkaConfig, partition: i32, numbers: std::ops::Range<usize>) {
    let producer: BaseProducer =
        ClientConfig::new().set("bootstrap.servers", &config.kafka_bootstrap_servers).create().unwrap();
    let value = r#"{"charging_stopped":{"driver_id":"driver1","cp_id":"MAD-01"}}"#;
    for number in numbers {
        let key = number.to_string();
        let record = BaseRecord::to(topics::DRIVER_EVENTS).partition(partition).key(&key).payload(value);
        producer.send(record).map_err(|(error, _)| error).unwrap();
        producer.poll(Duration::ZERO);
    }
    producer.flush(PATIENCE).unwrap();
}

async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_else(|_| panic!("not in time: {what}"));
}

/// Notes the keys of what it gets.
#[derive(Clone, Default)]
struct Noting {
    keys: Arc<Mutex<Vec<String>>>,
    /// Never done with a batch that has this key.
    stuck_at: Option<&'static str>,
    each_batch_takes: Duration,
}

impl Handler<DriverEvent> for Noting {
    async fn handle(&self, batch: Vec<Received<'_, DriverEvent>>, _: &DeadLetters) {
        tokio::time::sleep(self.each_batch_takes).await;
        let keys: Vec<String> = batch.iter().map(|received| received.record.key().into_owned()).collect();
        let is_stuck = keys.iter().any(|key| Some(key.as_str()) == self.stuck_at);
        self.keys.lock().unwrap().extend(keys);
        if is_stuck {
            std::future::pending::<()>().await;
        }
    }
}

impl Noting {
    /// Reads with this until `shutdown`.
    fn read(&self, config: &KafkaConfig, shutdown: &CancellationToken) -> JoinHandle<Result<(), Error>> {
        let producer = Producer::new(config, "test").unwrap();
        let (config, shutdown, handler) = (config.clone(), shutdown.clone(), self.clone());
        tokio::spawn(async move {
            kafka::run_group(&config, "test", kafka::MAX_BATCH, producer, shutdown, handler).await
        })
    }

    fn keys(&self) -> Vec<String> {
        self.keys.lock().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_that_is_stuck_holds_up_no_other() {
    let (_cluster, config) = kafka();
    send(&config, 0, 0..1);
    let shutdown = CancellationToken::new();
    let noting = Noting { stuck_at: Some("0"), ..Noting::default() };
    let reading = noting.read(&config, &shutdown);
    until("the stuck one has begun", || noting.keys() == ["0"]).await;
    send(&config, 1, 1..4);
    until("the other goes on", || noting.keys().len() == 4).await;
    shutdown.cancel();
    // What is stuck is given up after its grace.
    tokio::time::timeout(PATIENCE, reading).await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_gets_every_record_once_and_in_order() {
    // More than waits for a partition's task: fetching has to stop and go on.
    const RECORDS: usize = 40_000;
    let (_cluster, config) = kafka();
    send(&config, 0, 0..RECORDS);
    let shutdown = CancellationToken::new();
    let noting = Noting { each_batch_takes: Duration::from_millis(30), ..Noting::default() };
    let reading = noting.read(&config, &shutdown);
    until("all were handled", || noting.keys.lock().unwrap().len() >= RECORDS).await;
    shutdown.cancel();
    tokio::time::timeout(PATIENCE, reading).await.unwrap().unwrap().unwrap();
    assert!(
        noting.keys().into_iter().eq((0..RECORDS).map(|number| number.to_string())),
        "in order, once each"
    );
}

/// Panics at the first batch.
struct Panicking;

impl Handler<DriverEvent> for Panicking {
    async fn handle(&self, _: Vec<Received<'_, DriverEvent>>, _: &DeadLetters) {
        panic!("as the test wants it");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_that_panics_ends_the_reading_with_an_error() {
    let (_cluster, config) = kafka();
    send(&config, 0, 0..1);
    let producer = Producer::new(&config, "test").unwrap();
    let reading = kafka::run_group(&config, "test", 1, producer, CancellationToken::new(), Panicking);
    let outcome = tokio::time::timeout(PATIENCE, reading).await.unwrap();
    assert!(outcome.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_that_come_and_go_lose_no_record() {
    const ROUNDS: usize = 2;
    const RECORDS: usize = 4_000;
    let (_cluster, config) = kafka();
    let noting = Noting { each_batch_takes: Duration::from_millis(5), ..Noting::default() };
    let staying = CancellationToken::new();
    let reading = noting.read(&config, &staying);
    for round in 0..ROUNDS {
        let leaving = CancellationToken::new();
        let other = noting.read(&config, &leaving);
        let (first, middle) = (2 * round * RECORDS, (2 * round + 1) * RECORDS);
        send(&config, 0, first..middle);
        send(&config, 1, middle..middle + RECORDS);
        until("half of the round was handled", || noting.keys().len() > middle).await;
        leaving.cancel();
        tokio::time::timeout(PATIENCE, other).await.unwrap().unwrap().unwrap();
    }
    let all = || {
        let mut keys = noting.keys();
        keys.sort_unstable();
        keys.dedup();
        keys.len() == 2 * ROUNDS * RECORDS
    };
    until("all were handled", all).await;
    staying.cancel();
    tokio::time::timeout(PATIENCE, reading).await.unwrap().unwrap().unwrap();
}
