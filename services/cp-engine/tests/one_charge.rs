//! An engine behind its gRPC door, with a Kafka that keeps what it says.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{net::SocketAddr, time::Duration};

use evcharging_common::{
    error::{Error, ErrorCode},
    grpc_client::{GrpcChannel, connect_lazily},
    grpc_server::ListenConfig,
    kafka::topics,
    kafka::{self, Seen},
    kafka::{KafkaConfig, Producer},
    observability::{self, LogFormat, ObservabilityConfig},
    pb::{
        engine::v1::{
            CheckHealthRequest, ClearFaultRequest, EngineMode, GetStateRequest, SetFaultRequest,
            StartRequest, StopRequest, engine_service_client::EngineServiceClient,
        },
        events::v1::{CpTelemetry, cp_telemetry::Telemetry},
    },
    shutdown::CancellationToken,
    trace_propagation,
};
use evcharging_cp_engine::{Config, Service};
use rdkafka::{mocking::MockCluster, producer::DefaultProducerContext};
use tokio::{sync::mpsc, task::JoinHandle};

const CP: &str = "MAD-01";
const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const PATIENCE: Duration = Duration::from_secs(20);

struct Running {
    client: EngineServiceClient<GrpcChannel>,
    shutdown: CancellationToken,
    service: JoinHandle<Result<(), Error>>,
}

async fn start_engine(bootstrap_servers: &str) -> Running {
    let kafka = KafkaConfig::open(bootstrap_servers.to_owned());
    let config = Config {
        listen: ListenConfig::at(SocketAddr::from(([127, 0, 0, 1], 0))),
        listen_framed: None,
        kafka: kafka.clone(),
        cp_id: CP.to_owned(),
        max_power_w: 100_000,
        vehicle_energy_mwh: 40_000_000,
        register_mwh: 7_000,
    };
    let producer = Producer::new(&kafka, "cp-engine").unwrap();
    let service = Service::bind(config, producer).await.unwrap();
    let channel = connect_lazily(&service.local_address().to_string()).unwrap();
    let shutdown = CancellationToken::new();
    let service = tokio::spawn(service.run(shutdown.clone()));
    Running { client: EngineServiceClient::new(channel), shutdown, service }
}

impl Running {
    async fn check(&self, monitor_id: &str) -> Result<bool, Error> {
        let request = CheckHealthRequest { monitor_id: monitor_id.to_owned(), cp_id: String::new() };
        Ok(self.client.clone().check_health(request).await?.into_inner().ok)
    }

    async fn start(&self, session_id: &str, energy_limit_mwh: i64) -> Result<(), Error> {
        let request = StartRequest { session_id: session_id.to_owned(), energy_limit_mwh };
        self.client.clone().start(request).await?;
        Ok(())
    }

    async fn end(self) {
        self.shutdown.cancel();
        tokio::time::timeout(PATIENCE, self.service).await.expect("ends in time").unwrap().unwrap();
    }
}

async fn kafka() -> (MockCluster<'static, DefaultProducerContext>, mpsc::Receiver<Seen<CpTelemetry>>) {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(topics::CP_TELEMETRY, 2, 1).unwrap();
    let config = KafkaConfig::open(cluster.bootstrap_servers());
    let seen = kafka::follow(&config, "engine-test", CancellationToken::new()).await.unwrap();
    (cluster, seen)
}

async fn next(seen: &mut mpsc::Receiver<Seen<CpTelemetry>>) -> Seen<CpTelemetry> {
    tokio::time::timeout(PATIENCE, seen.recv()).await.expect("telemetry in time").expect("the tail lives")
}

#[tokio::test]
async fn a_charge_is_told_to_kafka_in_order_in_one_trace_and_ends_exactly_at_its_limit() {
    let config = ObservabilityConfig {
        log: "off".to_owned(),
        log_format: LogFormat::Text,
        otlp_endpoint: None,
        trace_ratio: 1.0,
        metrics_listen: None,
    };
    let _observability = observability::install(&config, "engine-test").unwrap();
    let (cluster, mut seen) = kafka().await;
    let engine = start_engine(&cluster.bootstrap_servers()).await;

    let span = tracing::info_span!(target: "evcharging_test", "test");
    trace_propagation::continue_trace(&span, Some(TRACEPARENT));
    let start = tracing::Instrument::instrument(engine.start("s-1", 60_000), span);
    start.await.unwrap();
    let mut monitor = tokio::time::interval(Duration::from_secs(1));
    let mut told = Vec::new();
    loop {
        tokio::select! {
            _ = monitor.tick() => assert!(engine.check("monitor-1").await.unwrap()),
            record = next(&mut seen) => {
                let is_end = matches!(record.event.telemetry, Some(Telemetry::SupplyEnd(_)));
                told.push(record);
                if is_end { break; }
            }
        }
    }

    for record in &told {
        assert_eq!(record.key, CP);
        let trace_id = trace_propagation::trace_id(record.traceparent().expect("a trace"));
        assert_eq!(trace_id, "0af7651916cd43dd8448eb211c80319c");
    }
    let mut told = told.into_iter().filter_map(|record| record.event.telemetry);
    let Some(Telemetry::SessionStarted(started)) = told.next() else { panic!("no start first") };
    assert_eq!((started.session_id.as_str(), started.cp_id.as_str()), ("s-1", CP));
    assert_eq!(started.register_mwh, 7_000);
    let (mut seq, mut last_mwh) = (0, 7_000);
    for telemetry in told {
        match telemetry {
            Telemetry::Consumption(reading) => {
                seq += 1;
                assert_eq!(reading.seq, seq);
                assert!(reading.register_mwh > last_mwh && reading.register_mwh <= 67_000);
                assert!(reading.power_w > 0 && reading.power_w <= 100_000);
                last_mwh = reading.register_mwh;
            }
            Telemetry::SupplyEnd(end) => {
                assert_eq!((end.register_mwh, end.reason.as_str()), (67_000, "LIMIT_REACHED"));
            }
            other => panic!("unexpected {other:?}"),
        }
    }
    assert!(seq >= 2, "a reading each second");
    assert_eq!(engine.start("s-1", 60_000).await.unwrap_err().reason, "SESSION_ENDED");
    engine.end().await;
}

#[tokio::test]
async fn a_fault_ends_the_charge_and_the_engine_can_be_mended() {
    let (cluster, mut seen) = kafka().await;
    let mut engine = start_engine(&cluster.bootstrap_servers()).await;
    engine.start("s-1", 1_000_000).await.unwrap();
    let state = engine.client.set_fault(SetFaultRequest { message: "smoke".to_owned() }).await.unwrap();
    let state = state.into_inner().state.unwrap();
    assert_eq!((state.mode(), state.session_id.as_str()), (EngineMode::Faulted, "s-1"));
    assert!(!engine.check("monitor-1").await.unwrap());
    assert_eq!(engine.start("s-2", 1_000_000).await.unwrap_err().reason, "ENGINE_FAULTED");

    assert!(matches!(next(&mut seen).await.event.telemetry, Some(Telemetry::SessionStarted(_))));
    let Some(Telemetry::Fault(fault)) = next(&mut seen).await.event.telemetry else { panic!("no fault") };
    assert_eq!((fault.kind.as_str(), fault.message.as_str()), ("ENGINE_KO", "smoke"));
    let Some(Telemetry::SupplyEnd(end)) = next(&mut seen).await.event.telemetry else { panic!("no end") };
    assert_eq!((end.reason.as_str(), end.register_mwh), ("FAULT", fault.register_mwh));
    assert_eq!(end.register_mwh, state.register_mwh);

    engine.client.clear_fault(ClearFaultRequest {}).await.unwrap();
    assert!(engine.check("monitor-1").await.unwrap());
    engine.end().await;
}

#[tokio::test]
async fn an_engine_refuses_the_monitor_of_another_charge_point() {
    let (cluster, _) = kafka().await;
    let mut engine = start_engine(&cluster.bootstrap_servers()).await;
    let other = CheckHealthRequest { monitor_id: "monitor-1".to_owned(), cp_id: "BCN-99".to_owned() };
    let refused = engine.client.check_health(other).await.unwrap_err();
    assert!(refused.message().contains("not of BCN-99"), "{refused}");
    // It did not take the place of the right one.
    assert!(engine.check("monitor-2").await.unwrap());
    engine.end().await;
}

#[tokio::test]
async fn a_supply_without_a_monitor_ends_and_says_so() {
    let (cluster, mut seen) = kafka().await;
    let mut engine = start_engine(&cluster.bootstrap_servers()).await;
    engine.check("monitor-1").await.unwrap();
    assert_eq!(engine.check("monitor-2").await.unwrap_err().reason, "MONITOR_PRESENT");
    engine.start("s-1", 1_000_000).await.unwrap();
    let end = loop {
        if let Some(Telemetry::SupplyEnd(end)) = next(&mut seen).await.event.telemetry {
            break end;
        }
    };
    assert_eq!(end.reason, "MONITOR_LOST");
    let state = engine.client.get_state(GetStateRequest {}).await.unwrap().into_inner().state.unwrap();
    assert_eq!((state.mode(), state.register_mwh), (EngineMode::Idle, end.register_mwh));
    assert!(engine.check("monitor-2").await.is_ok(), "the place is free");
    engine.end().await;
}

#[tokio::test]
async fn shutting_down_ends_the_supply_and_tells_it() {
    let (cluster, mut seen) = kafka().await;
    let engine = start_engine(&cluster.bootstrap_servers()).await;
    engine.start("s-1", 1_000_000).await.unwrap();
    engine.end().await;
    assert!(matches!(next(&mut seen).await.event.telemetry, Some(Telemetry::SessionStarted(_))));
    let Some(Telemetry::SupplyEnd(end)) = next(&mut seen).await.event.telemetry else { panic!("no end") };
    assert_eq!((end.session_id.as_str(), end.reason.as_str()), ("s-1", "STOPPED"));
}

#[tokio::test]
async fn an_engine_works_on_while_kafka_is_away() {
    let mut engine = start_engine("127.0.0.1:1").await;
    engine.start("s-1", 1_000_000).await.unwrap();
    let mut monitor = tokio::time::interval(Duration::from_millis(100));
    let supplies = async {
        loop {
            monitor.tick().await;
            engine.check("monitor-1").await.unwrap();
            let state = engine
                .client
                .clone()
                .get_state(GetStateRequest {})
                .await
                .unwrap()
                .into_inner()
                .state
                .unwrap();
            if state.register_mwh > 7_500 {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, supplies).await.expect("energy flows");
    let stop = StopRequest { session_id: "s-1".to_owned() };
    let state = engine.client.stop(stop).await.unwrap().into_inner().state.unwrap();
    assert_eq!(state.mode(), EngineMode::Idle);
    engine.end().await;
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_at_the_door() {
    let mut engine = start_engine("127.0.0.1:1").await;
    let error = engine.start("s-1", 0).await.unwrap_err();
    assert_eq!(
        (error.code, error.violations[0].0.as_str()),
        (ErrorCode::InvalidArgument, "energy_limit_mwh")
    );
    let error = engine.start("", 1).await.unwrap_err();
    assert_eq!(error.violations[0].0, "session_id");
    assert_eq!(engine.check("a b").await.unwrap_err().violations[0].0, "monitor_id");
    let request = SetFaultRequest { message: "x".repeat(257) };
    let error = Error::from(engine.client.set_fault(request).await.unwrap_err());
    assert_eq!(error.violations[0].0, "message");
    engine.end().await;
}
