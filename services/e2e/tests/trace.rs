//! One trace id leads from the driver's request to the ticket, through gRPC and Kafka alike.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;

use clap::Parser;
use evcharging_common::{kafka_producer::KafkaConfig, observability, shutdown::CancellationToken};
use evcharging_testkit::{Driver, eventually};
use evcharging_up::{Config, Network};
use opentelemetry::trace::{TraceContextExt, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider};
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;
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
    tracing_subscriber::registry().with(layer.with_filter(observability::span_filter())).init();

    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().display().to_string();
    let flags = ["up", "--data-dir", &data_dir, "--base-port", "0", "--charge-points", "2", "--drivers", "1"];
    let shutdown = CancellationToken::new();
    let network = Network::start(CommandLine::parse_from(flags).up, shutdown.clone()).await.unwrap();
    let kafka = KafkaConfig { kafka_bootstrap_servers: network.addresses().kafka.clone() };
    let mut driver = Driver::listen(&kafka, "driver1").await;

    let root = tracing::info_span!(target: "evcharging", "charge");
    let trace_id = root.context().span().span_context().trace_id();
    let ticket = async {
        let (cp_id, _) = driver.reserve("").await;
        driver.start(&cp_id).await;
        driver.wait_for("CONSUMPTION_UPDATE").await;
        driver.stop(&cp_id).await;
        driver.ticket().await
    }
    .instrument(root)
    .await;
    assert_eq!(ticket.trace_id, trace_id.to_string());

    // The last spans close a moment after the driver has its ticket.
    let expected = [
        "charge",
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
            spans.into_iter().filter(|span| span.span_context.trace_id() == trace_id).collect();
        let names: HashSet<_> = of_the_charge.iter().map(|span| span.name.to_string()).collect();
        expected.iter().all(|name| names.contains(*name)).then_some(of_the_charge)
    })
    .await;

    // One tree: each span hangs on another one of the same trace.
    let ids: HashSet<_> = spans.iter().map(|span| span.span_context.span_id()).collect();
    for span in spans.iter().filter(|span| span.name != "charge") {
        assert!(ids.contains(&span.parent_span_id), "{} hangs on nothing", span.name);
    }
    shutdown.cancel();
    network.wait().await.unwrap();
}
