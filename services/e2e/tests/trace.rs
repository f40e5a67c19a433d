//! One trace id leads from the driver's request to the ticket, through gRPC and Kafka alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;

use clap::Parser;
use evcharging_common::{
    kafka::{KafkaConfig, OutgoingRecord, Producer},
    observability,
    pb::events::v1 as pb,
    shutdown::CancellationToken,
};
use evcharging_testkit::{Driver, eventually};
use evcharging_up::{Config, Network};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing_subscriber::{Layer, layer::SubscriberExt, util::SubscriberInitExt};

#[derive(Parser)]
struct CommandLine {
    #[command(flatten)]
    up: Config,
}

#[tokio::test(flavor = "multi_thread")]
async fn one_trace_follows_a_charge() {
    let exporter = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(exporter.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    tracing_subscriber::registry().with(layer.with_filter(observability::span_filter(true))).init();

    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().display().to_string();
    let flags = ["up", "--data-dir", &data_dir, "--base-port", "0", "--charge-points", "2", "--drivers", "1"];
    let shutdown = CancellationToken::new();
    let network = Network::start(CommandLine::parse_from(flags).up, shutdown.clone()).await.unwrap();
    let kafka = KafkaConfig::open(network.addresses().kafka.clone());
    let mut driver = Driver::listen(&kafka, "driver1").await;

    // The driver's app began a trace of its own.
    let trace_id = "0af7651916cd43dd8448eb211c80319c";
    let driver_span = "b7ad6b7169203331";
    let producer = Producer::new(&kafka, "app").unwrap();
    let send = async |event: OutgoingRecord| {
        let traceparent = Some(format!("00-{trace_id}-{driver_span}-01"));
        producer.send_record(&OutgoingRecord { traceparent, ..event }).await.unwrap();
    };
    let (driver_id, request_id) = ("driver1".to_owned(), "r-1".to_owned());
    let request = pb::AuthorizationRequest {
        request_id: request_id.clone(),
        driver_id: driver_id.clone(),
        ..Default::default()
    };
    send(OutgoingRecord::new(&driver_id, &pb::DriverRequest::from(request))).await;
    let cp_id = driver.answer_to(&request_id).await.cp_id;
    let started = pb::ChargingStarted { driver_id: driver_id.clone(), cp_id: cp_id.clone(), request_id };
    send(OutgoingRecord::new(&driver_id, &pb::DriverEvent::from(started))).await;
    driver.wait_for("CONSUMPTION_UPDATE").await;
    driver.stop(&cp_id).await;
    let ticket = driver.ticket().await;
    assert_eq!(ticket.trace_id, trace_id);

    // The last spans close a moment after the driver has its ticket.
    let expected = [
        "process driver_requests",
        "evcharging.session.v1.SessionService/Reserve",
        "process driver_events",
        "send central_commands",
        "evcharging.engine.v1.EngineService/Start",
        "process cp_telemetry",
        "evcharging.session.v1.SessionService/EndSupply",
        "send driver_notifications",
    ];
    let spans = eventually("every part of the charge is in the trace", async || {
        let spans = exporter.get_finished_spans().unwrap();
        let of_the_charge: Vec<_> =
            spans.into_iter().filter(|span| span.span_context.trace_id().to_string() == trace_id).collect();
        let names: HashSet<_> = of_the_charge.iter().map(|span| span.name.to_string()).collect();
        expected.iter().all(|name| names.contains(*name)).then_some(of_the_charge)
    })
    .await;

    // One tree: each span hangs on another one of the same trace, or on the driver's own.
    let ids: HashSet<_> = spans.iter().map(|span| span.span_context.span_id()).collect();
    for span in &spans {
        let hangs = ids.contains(&span.parent_span_id) || span.parent_span_id.to_string() == driver_span;
        assert!(hangs, "{} hangs on nothing", span.name);
    }
    shutdown.cancel();
    network.wait().await.unwrap();
}
