//! Logs and traces: pretty on a terminal, JSON when asked, spans to an OTLP collector when one is configured.

use std::{io::IsTerminal, net::SocketAddr};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracerProvider},
};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, LevelFilter, filter_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

use crate::metric;

/// The buckets of durations: a local call to a call that waited for a database.
const SECONDS: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
/// Those of batches.
const COMMANDS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Where logs and traces go.
#[derive(Debug, Clone, clap::Args)]
pub struct ObservabilityConfig {
    /// What is logged, for example `info` or `info,evcharging_session=debug`
    #[arg(long, env = "EVCHARGING_LOG", default_value = "info", global = true, value_name = "FILTER")]
    pub log: String,
    /// How log lines look
    #[arg(long, env = "EVCHARGING_LOG_FORMAT", default_value = "text", global = true, value_enum)]
    pub log_format: LogFormat,
    /// OTLP collector that traces are sent to by gRPC, for example http://127.0.0.1:4317; none when absent
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", global = true, value_name = "URL")]
    pub otlp_endpoint: Option<String>,
    /// Address to serve metrics on, at /metrics as Prometheus reads them; none when absent
    #[arg(long, env = "EVCHARGING_METRICS_LISTEN", global = true, value_name = "IP:PORT")]
    pub metrics_listen: Option<SocketAddr>,
}

/// Flushes what is left when it is dropped.
pub struct Observability {
    provider: SdkTracerProvider,
}

impl Drop for Observability {
    fn drop(&mut self) {
        // Nobody is left to tell when the last spans can't be sent.
        drop(self.provider.shutdown());
    }
}

/// Installs logging, tracing and metrics for the process. Log lines go to standard error.
///
/// # Errors
/// A filter that can't be read, a collector's address that is none, or an address for metrics that can't be had.
pub fn install(config: &ObservabilityConfig, service_name: &'static str) -> Result<Observability, String> {
    let filter =
        EnvFilter::try_new(&config.log).map_err(|error| format!("--log {:?}: {error}", config.log))?;
    if let Some(address) = config.metrics_listen {
        PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)
            .and_then(|builder| {
                builder.set_buckets_for_metric(Matcher::Suffix("_commands".to_owned()), COMMANDS)
            })
            .and_then(|builder| builder.with_http_listener(address).install())
            .map_err(|error| format!("--metrics-listen {address}: {error}"))?;
        metric::describe();
    }
    let mut builder = SdkTracerProvider::builder()
        .with_resource(Resource::builder().with_service_name(service_name).build());
    if let Some(endpoint) = &config.otlp_endpoint {
        use opentelemetry_otlp::WithExportConfig;
        let exporter = opentelemetry_otlp::SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()
            .map_err(|error| format!("--otlp-endpoint {endpoint:?}: {error}"))?;
        builder = builder.with_batch_exporter(exporter);
    } else {
        // Trace ids are made and carried on all the same: they stand in tickets.
        builder = builder.with_sampler(Sampler::AlwaysOff);
    }
    let provider = builder.build();
    let spans =
        tracing_opentelemetry::layer().with_tracer(provider.tracer("evcharging")).with_filter(span_filter());
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let lines = match config.log_format {
        LogFormat::Text => lines.with_target(false).with_ansi(std::io::stderr().is_terminal()).boxed(),
        LogFormat::Json => lines.json().flatten_event(true).boxed(),
    };
    // Its hint lets the filter's own count: what libraries say below it costs nothing then, and librdkafka's client says a lot.
    let events_only = filter_fn(|metadata| metadata.is_event()).with_max_level_hint(LevelFilter::TRACE);
    tracing_subscriber::registry()
        // A line reads alone: the fields of the spans around it go to the collector only.
        .with(lines.with_filter(filter.and(events_only)))
        .with(spans)
        .try_init()
        .map_err(|error| error.to_string())?;
    Ok(Observability { provider })
}

/// Our own spans only: those of the libraries below would drown them.
pub fn span_filter() -> EnvFilter {
    EnvFilter::new("off,evcharging=info")
}
