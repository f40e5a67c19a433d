//! A monitor between a real engine and a registry that writes down what it hears.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::net::SocketAddr;

use evcharging_common::{
    kafka,
    kafka::KafkaConfig,
    kafka::topics,
    observability::{self, LogFormat, ObservabilityConfig},
    pb::{
        cp_registry::v1::{FaultReport, link_request::Message},
        engine::v1::{CheckHealthRequest, ClearFaultRequest, EngineMode, SetFaultRequest, StartRequest},
        events::v1::{
            ClearFaultCommand, CpTelemetry, SetFaultCommand, StartCommand, central_command::Command,
            cp_telemetry::Telemetry,
        },
    },
    shutdown::CancellationToken,
    trace_propagation,
    vocabulary::FaultKind,
};
use rdkafka::mocking::MockCluster;
use support::{CP, Engine, FakeRegistry, KEY, Monitor, PATIENCE};
use tokio::net::TcpListener;

fn kind_of(report: &FaultReport) -> FaultKind {
    FaultKind::try_from(report.kind).unwrap()
}

#[tokio::test]
async fn a_monitor_says_who_it_is_that_its_engine_is_well_and_that_it_lives() {
    let (engine, mut registry) = (Engine::serve_anywhere().await, FakeRegistry::serve_anywhere().await);
    let monitor = Monitor::start(engine.address, registry.address);
    let hello = registry.next_hello().await;
    assert_eq!((hello.cp_id.as_str(), hello.location.as_str()), (CP, "Madrid, Gran Vía"));
    assert_eq!((hello.price_micros_per_kwh, hello.max_power_w), (450_000, 22_000));
    assert_eq!(hello.key, KEY);
    registry.expect_recovered().await;
    registry.next_heartbeat().await;
    registry.next_heartbeat().await;
    monitor.stop().await;
}

#[tokio::test]
async fn a_ko_engine_is_reported_with_its_register_and_so_is_its_recovery() {
    let (mut engine, mut registry) = (Engine::serve_anywhere().await, FakeRegistry::serve_anywhere().await);
    let _monitor = Monitor::start(engine.address, registry.address);
    registry.expect_healthy_link().await;
    registry.start("s-1").await;
    engine.until(|state| state.register_mwh > 8_000).await;

    let broken = engine.client.set_fault(SetFaultRequest { message: "smoke".to_owned() }).await.unwrap();
    let report = registry.next_fault().await;
    assert_eq!(kind_of(&report), FaultKind::EngineKo);
    assert!(report.message.contains("smoke"));
    assert_eq!(report.session_id, "s-1");
    assert_eq!(report.register_mwh, broken.into_inner().state.map(|state| state.register_mwh));

    engine.client.clear_fault(ClearFaultRequest {}).await.unwrap();
    registry.expect_recovered().await;
}

#[tokio::test]
async fn an_engine_that_is_gone_is_reported_and_so_is_its_return() {
    let (engine, mut registry) = (Engine::serve_anywhere().await, FakeRegistry::serve_anywhere().await);
    let address = engine.address;
    let _monitor = Monitor::start(address, registry.address);
    registry.expect_healthy_link().await;
    engine.stop().await;
    let report = registry.next_fault().await;
    assert_eq!((kind_of(&report), report.register_mwh), (FaultKind::EngineConnectionLost, None));

    let _engine = Engine::serve(address).await;
    registry.expect_recovered().await;
}

#[tokio::test]
async fn an_engine_that_never_answers_is_reported() {
    // Connections are accepted by the system, and nobody ever reads from them.
    let frozen = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut registry = FakeRegistry::serve_anywhere().await;
    let _monitor = Monitor::start(frozen.local_addr().unwrap(), registry.address);
    registry.next_hello().await;
    assert_eq!(kind_of(&registry.next_fault().await), FaultKind::EngineTimeout);
}

#[tokio::test]
async fn commands_reach_the_engine_in_order() {
    let (engine, mut registry) = (Engine::serve_anywhere().await, FakeRegistry::serve_anywhere().await);
    let _monitor = Monitor::start(engine.address, registry.address);
    registry.expect_healthy_link().await;
    registry.start("s-1").await;
    engine.until(|state| state.mode() == EngineMode::Charging && state.session_id == "s-1").await;
    registry.stop_session("s-1").await;
    engine.until(|state| state.mode() == EngineMode::Idle).await;
    registry.start("s-2").await;
    registry.stop_session("s-2").await;
    registry.start("s-3").await;
    engine.until(|state| state.session_id == "s-3").await;
    // A late start of what ended here is no refusal, and costs the session that is supplied now nothing: health checks go on.
    registry.start("s-2").await;
    let register_mwh = engine.state().await.register_mwh;
    let state = engine.until(|state| state.register_mwh > register_mwh + 10_000 || state.power_w == 0).await;
    assert_eq!(state.session_id, "s-3");
    registry.command(Command::SetFault(SetFaultCommand { kind: "FAULT".to_owned() })).await;
    engine.until(|state| state.mode() == EngineMode::Faulted).await;
    let report = registry.next_fault().await;
    assert!(report.message.contains("simulated by an operator"), "{report:?}");
    registry.command(Command::ClearFault(ClearFaultCommand {})).await;
    engine.until(|state| state.mode() == EngineMode::Idle).await;
    registry.expect_recovered().await;
}

#[tokio::test]
async fn a_refused_start_is_told_to_the_registry() {
    let (mut engine, mut registry) = (Engine::serve_anywhere().await, FakeRegistry::serve_anywhere().await);
    engine.client.set_fault(SetFaultRequest { message: "smoke".to_owned() }).await.unwrap();
    let _monitor = Monitor::start(engine.address, registry.address);
    registry.next_hello().await;
    assert_eq!(kind_of(&registry.next_fault().await), FaultKind::EngineKo);
    registry.start("s-1").await;
    let Message::CommandRefused(refusal) = registry.next().await else { panic!("no refusal") };
    assert_eq!(refusal.session_id, "s-1");
    assert!(refusal.message.contains("smoke"), "{}", refusal.message);
}

#[tokio::test]
async fn a_start_that_the_engine_never_gets_is_refused_after_a_few_seconds() {
    let (engine, mut registry) = (Engine::serve_anywhere().await, FakeRegistry::serve_anywhere().await);
    let address = engine.address;
    engine.stop().await;
    let _monitor = Monitor::start(address, registry.address);
    registry.next_hello().await;
    assert_eq!(kind_of(&registry.next_fault().await), FaultKind::EngineConnectionLost);
    registry.start("s-1").await;
    let Message::CommandRefused(refusal) = registry.next().await else { panic!("no refusal") };
    assert_eq!(refusal.session_id, "s-1");
}

#[tokio::test]
async fn a_start_takes_the_place_of_what_the_network_has_given_up() {
    let (mut engine, mut registry) = (Engine::serve_anywhere().await, FakeRegistry::serve_anywhere().await);
    let start = StartRequest { session_id: "s-old".to_owned(), energy_limit_mwh: 5_000_000 };
    engine.client.start(start).await.unwrap();
    let _monitor = Monitor::start(engine.address, registry.address);
    registry.next_hello().await;
    registry.start("s-new").await;
    engine.until(|state| state.session_id == "s-new").await;
}

#[tokio::test]
async fn after_a_restart_of_the_registry_the_monitor_is_back_and_says_the_health_again() {
    let (mut engine, mut registry) = (Engine::serve_anywhere().await, FakeRegistry::serve_anywhere().await);
    let address = registry.address;
    let _monitor = Monitor::start(engine.address, address);
    registry.expect_healthy_link().await;
    registry.start("s-1").await;
    engine.until(|state| state.session_id == "s-1").await;
    registry.stop().await;

    // The charge goes on when the registry is back in time and still expects it.
    let mut registry = FakeRegistry::serve(address, "s-1").await;
    registry.expect_healthy_link().await;
    let register_mwh = engine.state().await.register_mwh;
    engine.until(|state| state.session_id == "s-1" && state.register_mwh > register_mwh + 5_000).await;
    registry.stop().await;

    // And it ends when the network has given it up meanwhile; what breaks meanwhile is reported.
    engine.client.set_fault(SetFaultRequest { message: "smoke".to_owned() }).await.unwrap();
    let mut registry = FakeRegistry::serve(address, "").await;
    registry.next_hello().await;
    loop {
        match registry.next().await {
            // The link may be back before the next check.
            Message::Recovered(_) => {}
            Message::Fault(report) => break assert_eq!(kind_of(&report), FaultKind::EngineKo),
            other => panic!("unexpected {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_engine_that_begins_anew_between_two_checks_is_a_fault_and_its_session_over() {
    let (engine, mut registry) = (Engine::serve_anywhere().await, FakeRegistry::serve_anywhere().await);
    let address = engine.address;
    let _monitor = Monitor::start(address, registry.address);
    registry.expect_healthy_link().await;
    registry.start("s-1").await;
    engine.until(|state| state.session_id == "s-1").await;
    // For long enough that a check has seen it.
    engine.until(|state| state.register_mwh > 20_000).await;
    engine.stop().await;
    let engine = Engine::serve(address).await;
    assert_eq!(kind_of(&registry.next_fault().await), FaultKind::EngineConnectionLost);
    registry.expect_recovered().await;
    // A registry that did not hear of the fault says it again.
    registry.start("s-1").await;
    let Message::CommandRefused(refusal) = registry.next().await else { panic!("no refusal") };
    assert_eq!(refusal.session_id, "s-1");
    assert_eq!(engine.state().await.mode(), EngineMode::Idle);
}

#[tokio::test]
async fn a_session_that_the_registry_does_not_expect_is_stopped() {
    let (mut engine, mut registry) = (Engine::serve_anywhere().await, FakeRegistry::serve_anywhere().await);
    let start = StartRequest { session_id: "s-1".to_owned(), energy_limit_mwh: 5_000_000 };
    engine.client.start(start).await.unwrap();
    let _monitor = Monitor::start(engine.address, registry.address);
    registry.next_hello().await;
    engine.until(|state| state.mode() == EngineMode::Idle).await;
}

#[tokio::test]
async fn without_a_link_the_engine_is_stopped_after_five_seconds() {
    let (engine, mut registry) = (Engine::serve_anywhere().await, FakeRegistry::serve_anywhere().await);
    let _monitor = Monitor::start(engine.address, registry.address);
    registry.expect_healthy_link().await;
    registry.start("s-1").await;
    engine.until(|state| state.session_id == "s-1").await;
    let cut_at = tokio::time::Instant::now();
    registry.stop().await;
    engine.until(|state| state.mode() == EngineMode::Idle).await;
    assert!(cut_at.elapsed().as_secs() >= 5, "the link gets its time to come back");
}

#[tokio::test]
async fn a_wrong_key_is_tried_again_and_its_engine_watched_all_the_same() {
    let (engine, mut registry) = (Engine::serve_anywhere().await, FakeRegistry::serve_anywhere().await);
    let _monitor = Monitor::start_with_key(engine.address, registry.address, "not the key");
    for _ in 0..3 {
        assert_eq!(registry.next_hello().await.key, "not the key");
    }
    let other = CheckHealthRequest { monitor_id: "another".to_owned(), cp_id: String::new() };
    let refused = engine.client.clone().check_health(other).await.unwrap_err();
    assert!(refused.message().contains("another monitor"), "{refused}");
}

#[tokio::test]
async fn the_registry_may_come_last() {
    let (engine, registry) = (Engine::serve_anywhere().await, FakeRegistry::serve_anywhere().await);
    let address = registry.address;
    registry.stop().await;
    let _monitor = Monitor::start(engine.address, address);
    engine.until(|state| state.mode() == EngineMode::Idle).await;
    let mut registry = FakeRegistry::serve(address, "").await;
    registry.expect_healthy_link().await;
}

#[tokio::test]
async fn the_trace_of_a_command_goes_on_in_what_the_engine_says_to_kafka() {
    let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let config = ObservabilityConfig {
        log: "off".to_owned(),
        log_format: LogFormat::Text,
        otlp_endpoint: None,
        trace_ratio: 1.0,
        metrics_listen: None,
    };
    let _observability = observability::install(&config, "monitor-test").unwrap();
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(topics::CP_TELEMETRY, 1, 1).unwrap();
    let kafka = KafkaConfig::open(cluster.bootstrap_servers());
    let mut telemetry =
        kafka::follow::<CpTelemetry>(&kafka, "monitor-test", CancellationToken::new()).await.unwrap();
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let engine = Engine::serve_with_kafka(anywhere, &cluster.bootstrap_servers()).await;
    let mut registry = FakeRegistry::serve_anywhere().await;
    let _monitor = Monitor::start(engine.address, registry.address);
    registry.expect_healthy_link().await;

    let start = StartCommand { session_id: "s-1".to_owned(), energy_limit_mwh: 20_000, ..Default::default() };
    registry.command_in_trace(Command::Start(start), traceparent).await;
    let mut told = Vec::new();
    loop {
        let said = tokio::time::timeout(PATIENCE, telemetry.recv()).await.expect("in time").unwrap();
        let trace_id = trace_propagation::trace_id(said.traceparent().expect("a trace"));
        assert_eq!(trace_id, "0af7651916cd43dd8448eb211c80319c");
        told.push(said.event.telemetry.unwrap());
        if let Some(Telemetry::SupplyEnd(end)) = told.last() {
            assert_eq!((end.reason.as_str(), end.register_mwh), ("LIMIT_REACHED", 27_000));
            break;
        }
    }
    assert!(matches!(told[0], Telemetry::SessionStarted(_)) && told.len() > 3, "{told:?}");
}
