//! Reading in a group: partitions do not hold each other up, and a slow one loses nothing.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use evcharging_common::{
    kafka::{self, KafkaConfig, Producer, Received, topics},
    pb::events::v1::DriverEvent,
    shutdown::CancellationToken,
};
use rdkafka::{
    ClientConfig,
    mocking::MockCluster,
    producer::{BaseProducer, BaseRecord, DefaultProducerContext, Producer as _},
};

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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partition_that_is_stuck_holds_up_no_other() {
    let (_cluster, config) = kafka();
    send(&config, 0, 0..1);
    let producer = Producer::new(&config, "test").unwrap();
    let shutdown = CancellationToken::new();
    let handled: Arc<Mutex<Vec<String>>> = Arc::default();
    let (noted, stop, from) = (handled.clone(), shutdown.clone(), config.clone());
    let reading = tokio::spawn(async move {
        kafka::run_group::<DriverEvent, _, _>(
            &from,
            "test",
            kafka::MAX_BATCH,
            producer,
            stop,
            move |batch, _| {
                let noted = noted.clone();
                async move {
                    for received in &batch {
                        noted.lock().unwrap().push(received.record.key().into_owned());
                    }
                    if batch.iter().any(|received| received.record.key() == "0") {
                        std::future::pending::<()>().await;
                    }
                }
            },
        )
        .await
    });
    until("the stuck one has begun", || handled.lock().unwrap().contains(&"0".to_owned())).await;
    send(&config, 1, 1..4);
    until("the other goes on", || handled.lock().unwrap().len() == 4).await;
    shutdown.cancel();
    // What is stuck is given up after its grace.
    tokio::time::timeout(PATIENCE, reading).await.unwrap().unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_gets_every_record_once_and_in_order() {
    // More than wait for a partition's task: fetching has to pause and go on.
    const RECORDS: usize = 8_000;
    let (_cluster, config) = kafka();
    send(&config, 0, 0..RECORDS);
    let producer = Producer::new(&config, "test").unwrap();
    let shutdown = CancellationToken::new();
    let handled: Arc<Mutex<Vec<usize>>> = Arc::default();
    let (noted, stop) = (handled.clone(), shutdown.clone());
    let reading = tokio::spawn(async move {
        kafka::run_group(
            &config,
            "test",
            kafka::MAX_BATCH,
            producer,
            stop,
            move |batch: Vec<Received<DriverEvent>>, _| {
                let noted = noted.clone();
                async move {
                    tokio::time::sleep(Duration::from_millis(30)).await;
                    noted
                        .lock()
                        .unwrap()
                        .extend(batch.iter().map(|received| received.record.key().parse::<usize>().unwrap()));
                }
            },
        )
        .await
    });
    until("all were handled", || handled.lock().unwrap().len() >= RECORDS).await;
    shutdown.cancel();
    tokio::time::timeout(PATIENCE, reading).await.unwrap().unwrap().unwrap();
    let handled = handled.lock().unwrap();
    assert!(handled.iter().copied().eq(0..RECORDS), "in order and once each");
}
