//! W3C trace context across gRPC and Kafka: one trace follows a charge.

use opentelemetry::{
    Context,
    propagation::{Extractor, TextMapPropagator},
    trace::{TraceContextExt, TraceFlags},
};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The header that carries the context, in gRPC metadata and Kafka headers alike.
pub const TRACEPARENT: &str = "traceparent";

/// The context of the current span as a `traceparent`; `None` outside any trace.
pub fn current_traceparent() -> Option<String> {
    to_traceparent(&Context::current())
}

/// The context of a span as a `traceparent`; `None` when it belongs to no trace.
pub fn traceparent_of(span: &Span) -> Option<String> {
    to_traceparent(&span.context())
}

/// Version 00 of W3C Trace Context (section 3.2).
fn to_traceparent(context: &Context) -> Option<String> {
    let span = context.span();
    let span_context = span.span_context();
    span_context.is_valid().then(|| {
        let flags = span_context.trace_flags() & TraceFlags::SAMPLED;
        format!("00-{}-{}-{:02x}", span_context.trace_id(), span_context.span_id(), flags.to_u8())
    })
}

/// The id of the current span's trace; `None` outside any.
pub fn current_trace_id() -> Option<String> {
    let context = Context::current();
    let span = context.span();
    let span_context = span.span_context();
    span_context.is_valid().then(|| span_context.trace_id().to_string())
}

/// Makes `span` a child of the context that a peer sent. A malformed one is ignored: it must not cost the request.
pub fn continue_trace(span: &Span, traceparent: Option<&str>) {
    let Some(traceparent) = traceparent else { return };
    let context = TraceContextPropagator::new().extract(&SingleHeader(traceparent));
    if context.span().span_context().is_valid() && span.set_parent(context).is_err() {
        tracing::debug!("a span has no place for the trace that its caller sent");
    }
}

/// The trace id inside a `traceparent`, 32 hexadecimal digits; empty when there is none.
pub fn trace_id(traceparent: &str) -> String {
    let context: Context = TraceContextPropagator::new().extract(&SingleHeader(traceparent));
    let span_context = context.span().span_context().clone();
    if span_context.is_valid() { span_context.trace_id().to_string() } else { String::new() }
}

/// Whether both belong to one trace.
pub fn is_same_trace(one: &str, other: &str) -> bool {
    // The version and the id of the trace come first, and their lengths are fixed (W3C Trace Context, section 3.2).
    let trace = |traceparent: &str| traceparent.get(..35).map(str::to_owned);
    trace(one).is_some_and(|of_one| trace(other) == Some(of_one))
}

struct SingleHeader<'a>(&'a str);

impl Extractor for SingleHeader<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then_some(self.0)
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_id_is_read_and_rubbish_is_none() {
        let traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert_eq!(trace_id(traceparent), "0af7651916cd43dd8448eb211c80319c");
        assert_eq!(trace_id("rubbish"), "");
    }

    #[test]
    fn spans_of_one_trace_are_told_from_those_of_another() {
        let one = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        assert!(is_same_trace(one, "00-0af7651916cd43dd8448eb211c80319c-0000000000000001-00"));
        assert!(!is_same_trace(one, "00-1af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"));
        assert!(!is_same_trace("", ""));
    }
}
