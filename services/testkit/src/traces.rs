//! What a trace store was sent, read back.

use std::process::Command;

use opentelemetry_proto::tonic::{
    common::v1::{KeyValue, any_value::Value},
    trace::v1::{TracesData, span::SpanKind},
};
use prost::Message;

/// A Tempo that tools/with-backends has started.
pub struct TraceStore {
    /// Where it takes spans.
    pub otlp_url: String,
    query_url: String,
}

/// One span of a trace.
#[derive(Debug, Clone)]
pub struct StoredSpan {
    /// Who made it, without the product's name.
    pub service: String,
    /// Its name.
    pub name: String,
    /// Its kind, in lower case.
    pub kind: String,
    /// Its id.
    pub span_id: Vec<u8>,
    /// That of the span above it; empty for none.
    pub parent_span_id: Vec<u8>,
    /// The traces and spans that it is linked with.
    pub links: Vec<(String, Vec<u8>)>,
    attributes: Vec<KeyValue>,
}

impl TraceStore {
    /// That of the environment.
    ///
    /// # Panics
    /// When there is none.
    pub fn of_environment() -> Self {
        let variable = |name: &str| {
            std::env::var(name)
                .unwrap_or_else(|_| panic!("{name} is not set: run me with tools/with-backends"))
        };
        Self {
            otlp_url: variable("EVCHARGING_TEST_OTLP_URL"),
            query_url: variable("EVCHARGING_TEST_TEMPO_URL"),
        }
    }

    /// The spans of a trace that it has so far.
    pub fn trace(&self, trace_id: &str) -> Vec<StoredSpan> {
        let url = format!("{}/api/traces/{trace_id}", self.query_url);
        let answer = Command::new("curl")
            .args([
                "--silent",
                "--fail",
                "--max-time",
                "10",
                "--header",
                "Accept: application/protobuf",
                &url,
            ])
            .output()
            .expect("curl starts");
        // Nothing is known of it yet.
        if !answer.status.success() {
            return Vec::new();
        }
        let found = TracesData::decode(&*answer.stdout).expect("a trace");
        let mut spans = Vec::new();
        for of_service in found.resource_spans {
            let resource = of_service.resource.unwrap_or_default();
            let service = text(&resource.attributes, "service.name").unwrap_or_default();
            for span in of_service.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                let kind = SpanKind::try_from(span.kind).unwrap_or(SpanKind::Unspecified).as_str_name();
                spans.push(StoredSpan {
                    service: service.trim_start_matches("evcharging-").to_owned(),
                    name: span.name,
                    kind: kind.trim_start_matches("SPAN_KIND_").to_ascii_lowercase(),
                    span_id: span.span_id,
                    parent_span_id: span.parent_span_id,
                    links: span
                        .links
                        .into_iter()
                        .map(|link| (hexadecimal(&link.trace_id), link.span_id))
                        .collect(),
                    attributes: span.attributes,
                });
            }
        }
        spans
    }
}

impl StoredSpan {
    /// An attribute as text.
    pub fn attribute(&self, key: &str) -> Option<String> {
        text(&self.attributes, key)
    }
}

fn text(attributes: &[KeyValue], key: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == key)?;
    Some(match found.value.clone()?.value? {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => format!("{other:?}"),
    })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
