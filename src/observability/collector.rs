//! Sending spans to a collector, which may be slow or away: then spans are lost, and nothing else.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use opentelemetry_otlp::{SpanExporter as OtlpExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanExporter},
};

/// How long a collector may take for what it is sent. Meanwhile a bounded queue fills; what doesn't fit is dropped.
const EXPORT_DEADLINE: Duration = Duration::from_secs(5);

/// An exporter that says once when its collector does not take spans, and once when it does again.
#[derive(Debug)]
pub(super) struct Collector {
    exporter: OtlpExporter,
    endpoint: String,
    is_away: AtomicBool,
}

impl Collector {
    /// One at this URL; it is not called yet. Must be called inside a runtime.
    pub(super) fn new(endpoint: &str) -> Result<Self, String> {
        let exporter = OtlpExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .with_timeout(EXPORT_DEADLINE)
            .build()
            .map_err(|error| format!("--otlp-endpoint {endpoint:?}: {error}"))?;
        Ok(Self { exporter, endpoint: endpoint.to_owned(), is_away: AtomicBool::new(false) })
    }
}

impl SpanExporter for Collector {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        let exported = self.exporter.export(spans).await;
        let was_away = self.is_away.swap(exported.is_err(), Ordering::Relaxed);
        let endpoint = &self.endpoint;
        match &exported {
            Err(error) if !was_away => tracing::warn!(
                endpoint,
                %error,
                "the trace collector does not take spans; they are dropped until it does, and nothing waits for it"
            ),
            Ok(()) if was_away => tracing::info!(endpoint, "the trace collector takes spans again"),
            _ => {}
        }
        exported
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}
