//! The driver against a Kafka that is real enough to be away, with a network on the other side that is played by the test.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    io::Write,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use evcharging_common::{
    address_file::NetworkLocation,
    kafka::{self, KafkaAccess, KafkaConfig, Producer, Seen, topics},
    pb::events::v1::{self as events, DriverEvent, DriverRequest},
    tls::TlsConfig,
};
use rdkafka::mocking::MockCluster;
use tokio::sync::{mpsc, watch};

use super::*;
use crate::{messaging::Messaging, printer::Style, requests_file};

const DEADLINE: Duration = Duration::from_secs(30);

#[derive(Clone, Default)]
struct Output(Arc<Mutex<Vec<u8>>>);

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Output {
    fn steps(&self) -> Vec<serde_json::Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn names(&self) -> Vec<String> {
        self.steps().iter().map(|step| step["step"].as_str().unwrap().to_owned()).collect()
    }

    async fn wait_for(&self, name: &str) {
        let wait = async {
            while !self.names().iter().any(|shown| shown == name) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(DEADLINE, wait)
            .await
            .unwrap_or_else(|_| panic!("no {name}: {:?}", self.names()));
    }
}

fn config(requests_file: PathBuf) -> Config {
    Config {
        driver_id: "driver1".into(),
        requests_file,
        pause: Duration::from_millis(100),
        request_timeout: Duration::from_secs(20),
        network_status: false,
        json: true,
        location: NetworkLocation { data_dir: PathBuf::new() },
        kafka_bootstrap_servers: None,
        framed: None,
        tls: TlsConfig::default(),
        kafka_access: KafkaAccess::default(),
    }
}

/// A driver that is on its way.
struct Driver {
    output: Output,
    interrupts: watch::Sender<u32>,
    exit_code: tokio::task::JoinHandle<u8>,
}

impl Driver {
    fn start(config: Config, kafka: KafkaConfig, requests: &str) -> Self {
        let output = Output::default();
        let (interrupts, received) = Interrupts::channel();
        let printer = Printer::new(Style::Json, &config.driver_id, Box::new(output.clone()));
        let requests = requests_file::parse(requests).unwrap();
        let exit_code = tokio::spawn(async move {
            let messaging = Messaging::by_kafka(kafka, &config.driver_id).unwrap();
            Drive::new(&config, messaging, received, printer).serve(&requests).await
        });
        Self { output, interrupts, exit_code }
    }

    async fn exit_code(self) -> u8 {
        let ended = tokio::time::timeout(DEADLINE, self.exit_code).await;
        ended.unwrap_or_else(|_| panic!("still under way: {:?}", self.output.names())).unwrap()
    }
}

/// The network's side of Kafka.
struct Network {
    kafka: KafkaConfig,
    producer: Producer,
    requests: mpsc::Receiver<Seen<DriverRequest>>,
    events: mpsc::Receiver<Seen<DriverEvent>>,
}

impl Network {
    async fn connect(cluster: &MockCluster<'static, rdkafka::producer::DefaultProducerContext>) -> Self {
        for topic in topics::ALL {
            cluster.create_topic(topic.name, topic.embedded_partitions, 1).unwrap();
        }
        let kafka = KafkaConfig::open(cluster.bootstrap_servers());
        let end = CancellationToken::new();
        Self {
            producer: Producer::new(&kafka, "network").unwrap(),
            requests: kafka::follow(&kafka, "requests", end.clone()).await.unwrap(),
            events: kafka::follow(&kafka, "events", end).await.unwrap(),
            kafka,
        }
    }

    async fn request(&mut self) -> AuthorizationRequest {
        let seen = tokio::time::timeout(DEADLINE, self.requests.recv()).await.expect("a request").unwrap();
        let events::driver_request::Request::AuthorizationRequest(request) = seen.event.request.unwrap();
        assert_eq!(seen.key, request.driver_id);
        request
    }

    async fn event(&mut self) -> events::driver_event::Event {
        let seen = tokio::time::timeout(DEADLINE, self.events.recv()).await.expect("an event").unwrap();
        seen.event.event.unwrap()
    }

    async fn tell(&self, notification: impl Into<events::DriverNotification>) {
        self.producer.send("driver1", &notification.into()).await.unwrap();
    }

    async fn authorize(&self, request: &AuthorizationRequest) {
        self.tell(events::AuthorizationResponse {
            request_id: request.request_id.clone(),
            driver_id: request.driver_id.clone(),
            authorized: true,
            cp_id: "MAD-01".into(),
            reserved_until: Some(clock::to_timestamp(clock::now_ms() + 30_000)),
            session_id: format!("s-{}", request.request_id),
            ..Default::default()
        })
        .await;
    }

    async fn start_supply(&self, request: &AuthorizationRequest) {
        let (session_id, driver_id) = (format!("s-{}", request.request_id), request.driver_id.clone());
        self.tell(events::SessionStarted { session_id: session_id.clone(), driver_id, ..Default::default() })
            .await;
    }

    async fn bill(&self, request: &AuthorizationRequest, end_reason: &str) {
        self.tell(events::Ticket {
            session_id: format!("s-{}", request.request_id),
            driver_id: request.driver_id.clone(),
            cp_id: "MAD-01".into(),
            energy_mwh: 300_000,
            cost_micros: 140_000,
            end_reason: end_reason.into(),
            ..Default::default()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_is_served_in_order_and_a_refusal_does_not_end_it() {
    let cluster = MockCluster::new(1).unwrap();
    let mut network = Network::connect(&cluster).await;
    let driver = Driver::start(config(PathBuf::new()), network.kafka.clone(), "MAD-09\nany 0.3kWh\n");

    let refused = network.request().await;
    assert_eq!((refused.cp_id.as_str(), refused.energy_limit_mwh), ("MAD-09", None));
    network
        .tell(events::AuthorizationResponse {
            request_id: refused.request_id.clone(),
            driver_id: "driver1".into(),
            reason: "CP_UNKNOWN".into(),
            message: "there is no MAD-09".into(),
            ..Default::default()
        })
        .await;

    let request = network.request().await;
    assert_eq!((request.cp_id.as_str(), request.energy_limit_mwh), ("", Some(300_000)));
    assert!(request.expires_at.is_some() && request.request_id != refused.request_id);
    network.authorize(&request).await;
    let events::driver_event::Event::ChargingStarted(started) = network.event().await else {
        panic!("no start")
    };
    assert_eq!(
        (started.cp_id.as_str(), started.request_id.as_str()),
        ("MAD-01", request.request_id.as_str())
    );
    network.start_supply(&request).await;
    network.bill(&request, "TARGET_REACHED").await;

    let output = driver.output.clone();
    assert_eq!(driver.exit_code().await, 1);
    let expected = ["requested", "refused", "requested", "authorized", "supply_started", "ticket", "summary"];
    assert_eq!(output.names(), expected);
    let summary = output.steps().pop().unwrap();
    assert_eq!((&summary["completed"], &summary["cost_micros"]), (&1.into(), &140_000.into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_c_stops_the_charge_waits_for_its_ticket_and_skips_the_rest() {
    let cluster = MockCluster::new(1).unwrap();
    let mut network = Network::connect(&cluster).await;
    let driver = Driver::start(config(PathBuf::new()), network.kafka.clone(), "MAD-01\nMAD-02\n");
    let request = network.request().await;
    network.authorize(&request).await;
    network.event().await;
    network.start_supply(&request).await;
    driver.output.wait_for("supply_started").await;
    driver.interrupts.send_modify(|count| *count += 1);
    let events::driver_event::Event::ChargingStopped(stopped) = network.event().await else {
        panic!("no stop")
    };
    assert_eq!(stopped.request_id, request.request_id);
    network.bill(&request, "DRIVER_STOPPED").await;

    let output = driver.output.clone();
    assert_eq!(driver.exit_code().await, 130);
    let expected =
        ["requested", "authorized", "supply_started", "stop_asked", "stopping", "ticket", "summary"];
    assert_eq!(output.names(), expected);
    let summary = output.steps().pop().unwrap();
    assert_eq!(summary["charges"][0]["result"], "completed");
    assert_eq!(summary["charges"][1]["result"], "skipped");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_ctrl_c_leaves_at_once() {
    let cluster = MockCluster::new(1).unwrap();
    let mut network = Network::connect(&cluster).await;
    let driver = Driver::start(config(PathBuf::new()), network.kafka.clone(), "MAD-01\n");
    network.request().await;
    driver.interrupts.send_modify(|count| *count += 1);
    driver.output.wait_for("stop_asked").await;
    cluster.broker_down(1).unwrap();
    let left = Instant::now();
    driver.interrupts.send_modify(|count| *count += 1);
    let output = driver.output.clone();
    assert_eq!(driver.exit_code().await, 130);
    assert!(left.elapsed() < Duration::from_secs(2), "also while Kafka is away");
    assert_eq!(output.steps().pop().unwrap()["charges"][0]["result"], "abandoned");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_kafka_each_request_fails_after_its_time_and_that_is_told_once() {
    // A port that is taken, and on which nobody listens.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let kafka = KafkaConfig::open(taken.local_addr().unwrap().to_string());
    let mut config = config(PathBuf::new());
    config.request_timeout = Duration::from_secs(4);
    let driver = Driver::start(config, kafka, "MAD-01\nMAD-02\n");
    let output = driver.output.clone();
    assert_eq!(driver.exit_code().await, 3);
    let expected = ["requested", "messaging_unavailable", "failed", "requested", "failed", "summary"];
    assert_eq!(output.names(), expected);
    assert_eq!(output.steps()[2]["reason"], "MESSAGING_UNAVAILABLE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_goes_out_once_kafka_is_back() {
    let cluster = MockCluster::new(1).unwrap();
    let mut network = Network::connect(&cluster).await;
    cluster.broker_down(1).unwrap();
    let driver = Driver::start(config(PathBuf::new()), network.kafka.clone(), "MAD-01\n");
    driver.output.wait_for("messaging_unavailable").await;
    cluster.broker_up(1).unwrap();
    let request = network.request().await;
    driver.output.wait_for("messaging_back").await;
    network.authorize(&request).await;
    network.bill(&request, "TARGET_REACHED").await;
    let output = driver.output.clone();
    assert_eq!(driver.exit_code().await, 0);
    assert_eq!(output.names().iter().filter(|name| name.starts_with("messaging")).count(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_network_is_shown_before_the_first_request() {
    let cluster = MockCluster::new(1).unwrap();
    let mut network = Network::connect(&cluster).await;
    let driver = Driver::start(
        Config { network_status: true, ..config(PathBuf::new()) },
        network.kafka.clone(),
        "any\n",
    );
    let page = events::NetworkStatusUpdate {
        pages: 1,
        charge_points: vec![events::ChargePointSummary { cp_id: "MAD-01".into(), ..Default::default() }],
        ..Default::default()
    };
    // As the network does: again and again, for whoever comes to listen.
    let producer = network.producer.clone();
    let pages = tokio::spawn(async move {
        loop {
            producer.send("0", &NetworkStatus::from(page.clone())).await.unwrap();
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    let request = network.request().await;
    pages.abort();
    network.authorize(&request).await;
    network.bill(&request, "TARGET_REACHED").await;
    let output = driver.output.clone();
    assert_eq!(driver.exit_code().await, 0);
    assert_eq!(output.names()[..2], ["network_status", "requested"]);
    assert_eq!(output.steps()[0]["charge_points"][0]["cp_id"], "MAD-01");
}
