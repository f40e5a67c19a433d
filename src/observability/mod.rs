//! Logs and traces: pretty on a terminal, JSON when asked, spans to an OTLP collector when one is configured.

mod collector;
mod log_filter;
mod log_lines;
mod sampling;

use std::{io::IsTerminal, net::SocketAddr, time::Duration};

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
use opentelemetry::{InstrumentationScope, trace::TracerProvider};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracer, SdkTracerProvider},
};
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, Registry,
    filter::{FilterExt, LevelFilter, filter_fn},
    fmt,
    layer::{Filter, SubscriberExt},
    registry::LookupSpan,
    util::SubscriberInitExt,
};

pub(crate) use self::log_filter::{Current as CurrentLogFilter, LogFilter};
pub use self::log_lines::LogFormat;
use self::{collector::Collector, log_lines::WithTraceId, sampling::KeepRatio};
use crate::{metric, spans};

/// The buckets of durations: a local call to a call that waited for a database.
const SECONDS: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
/// Those of batches.
const COMMANDS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0];
/// How long the last spans may hold up the end of a process.
const LAST_SPANS: Duration = Duration::from_secs(1);

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
    /// Which part of all traces is kept, from 0 to 1; the same for every service, so that a trace is kept whole
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value = "1", global = true, value_name = "RATIO", value_parser = ratio)]
    pub trace_ratio: f64,
    /// Address to serve metrics on, at /metrics as Prometheus reads them; none when absent
    #[arg(long, env = "EVCHARGING_METRICS_LISTEN", global = true, value_name = "IP:PORT")]
    pub metrics_listen: Option<SocketAddr>,
}

fn ratio(text: &str) -> Result<f64, String> {
    let ratio = text.parse().ok().filter(|ratio| (0.0..=1.0).contains(ratio));
    ratio.ok_or_else(|| "must be a number from 0 to 1".to_owned())
}

/// Flushes what is left when it is dropped.
pub struct Observability {
    provider: SdkTracerProvider,
}

impl Drop for Observability {
    fn drop(&mut self) {
        // Nobody is left to tell when the last spans can't be sent.
        drop(self.provider.shutdown_with_timeout(LAST_SPANS));
    }
}

/// Installs logging, tracing and metrics for the process. Log lines go to standard error. Must be called inside a runtime.
///
/// # Errors
/// A filter that can't be read, a collector's address that is none, or an address for metrics that can't be had.
pub fn install(config: &ObservabilityConfig, service_name: &'static str) -> Result<Observability, String> {
    let filter = log_filter::install(&config.log).map_err(|problem| format!("--log {problem}"))?;
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
        builder = builder
            .with_sampler(KeepRatio(config.trace_ratio))
            .with_batch_exporter(Collector::new(endpoint)?);
    } else {
        // Trace ids are made and carried on all the same: they stand in tickets, errors and logs.
        builder = builder.with_sampler(Sampler::AlwaysOff);
    }
    let provider = builder.build();
    let scope = InstrumentationScope::builder("evcharging")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url(spans::SCHEMA_URL)
        .build();
    let tracer = provider.tracer_with_scope(scope);
    let lines = lines_layer(config.log_format, std::io::stderr().is_terminal(), std::io::stderr);
    let spans = span_filter(config.otlp_endpoint.is_some());
    subscriber(filter, lines, spans, tracer).try_init().map_err(|error| error.to_string())?;
    Ok(Observability { provider })
}

/// Lines and spans side by side, each by its own filter.
fn subscriber<F>(
    lines_filter: F,
    lines: Box<dyn Layer<Registry> + Send + Sync>,
    spans_filter: EnvFilter,
    tracer: SdkTracer,
) -> impl Subscriber + Send + Sync
where
    F: Filter<Registry> + Send + Sync + 'static,
{
    // A line reads alone: the fields of the spans around it go to the collector only. Its hint lets the filter's own count: what libraries
    // say below it costs nothing then, and librdkafka's client says a lot.
    let events_only = filter_fn(|metadata| metadata.is_event()).with_max_level_hint(LevelFilter::TRACE);
    // With events among them, lines of services that send traces were lost; services/e2e/tests/trace_store.rs waits for some.
    let spans_only = filter_fn(|metadata| metadata.is_span()).with_max_level_hint(LevelFilter::TRACE);
    let spans = tracing_opentelemetry::layer()
        .with_tracer(tracer)
        .with_target(false)
        .with_location(false)
        .with_tracked_inactivity(false)
        .with_threads(false);
    tracing_subscriber::registry()
        .with(lines.with_filter(lines_filter.and(events_only)))
        .with(spans.with_filter(spans_filter.and(spans_only)))
}

/// What writes log lines of this format.
fn lines_layer<S, W>(format: LogFormat, is_terminal: bool, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> fmt::MakeWriter<'a> + Send + Sync + 'static,
{
    let layer = fmt::layer().with_writer(writer);
    match format {
        LogFormat::Text => {
            let inner = fmt::format().with_target(false).with_ansi(is_terminal);
            layer.with_ansi(is_terminal).event_format(WithTraceId { inner, format }).boxed()
        }
        LogFormat::Json => {
            let inner =
                fmt::format().json().flatten_event(true).with_current_span(false).with_span_list(false);
            layer
                .fmt_fields(fmt::format::JsonFields::new())
                .event_format(WithTraceId { inner, format })
                .boxed()
        }
    }
}

/// Our own spans only: those of the libraries below would drown them. Where nobody collects them, only those that carry the trace's id.
pub fn span_filter(is_collected: bool) -> EnvFilter {
    EnvFilter::new(if is_collected { "off,evcharging=debug" } else { "off,evcharging=info" })
}
