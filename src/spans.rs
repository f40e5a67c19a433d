//! The spans of the network: their names and attributes follow OpenTelemetry's semantic conventions for RPC, messaging and databases
//! (<https://opentelemetry.io/docs/specs/semconv/>), in the version that [`SCHEMA_URL`] names.
//!
//! What begins or goes on with a trace that comes from elsewhere is of the level info: it carries the trace's id, which is wanted even
//! where nobody collects spans. What only tells more of it is of the level debug.

use http::HeaderMap;
use opentelemetry::trace::{SpanContext, TraceContextExt};
use tonic::{Code, Status};
use tracing::{Span, field::Empty};
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::trace_propagation;

/// The version of the conventions.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.45.0";

/// The most spans that one is linked with; more would make a span that nobody can look at.
const MAX_LINKS: usize = 64;

/// Calls of the network's own housekeeping: each second, from each replica. They are traced only within a trace that is there.
const ROUTINE: [&str; 5] = ["/CheckHealth", "/Link", "/RenewPresence", "/RecordMeter", "/ListChargePoints"];

/// A call that is served, a child of its caller's; `method` is `package.Service/Method`. Health checks and reflection are too dull to trace.
pub fn server(method: &str, traceparent: Option<&str>) -> Span {
    let is_routine = ROUTINE.iter().any(|routine| method.ends_with(routine));
    if method.starts_with("grpc.") || (is_routine && traceparent.is_none()) {
        return Span::none();
    }
    let span = tracing::info_span!(
        "rpc",
        otel.name = method,
        otel.kind = "server",
        rpc.system.name = "grpc",
        rpc.method = method,
        rpc.status_code = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    );
    trace_propagation::continue_trace(&span, traceparent);
    span
}

/// A call of `method` to whoever answers at `target`, an address as it is configured. None outside a trace.
pub fn client(method: &str, target: &str) -> Span {
    if Span::current().is_disabled() {
        return Span::none();
    }
    let name = target.rsplit_once('/').map_or(target, |(_, name)| name);
    // A list of addresses has no port of its own.
    let (address, port) = match name.rsplit_once(':') {
        Some((host, port)) if !name.contains(',') => (host, port.parse::<u16>().ok()),
        _ => (target, None),
    };
    tracing::debug_span!(
        "rpc",
        otel.name = method,
        otel.kind = "client",
        rpc.system.name = "grpc",
        rpc.method = method,
        server.address = address,
        server.port = port,
        rpc.status_code = Empty,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

/// How a call was answered: a failure stands in the headers; what succeeds says so after its body.
pub(crate) fn code_of(headers: &HeaderMap) -> Code {
    Status::from_header_map(headers).map_or(Code::Ok, |status| status.code())
}

/// How the call of a span was answered.
pub(crate) fn record_answer(span: &Span, code: Code, is_error: bool) {
    let name = code_name(code);
    span.record("rpc.status_code", name);
    if is_error {
        span.record("error.type", name);
        span.record("otel.status_code", "ERROR");
    }
}

/// A record on its way to Kafka, in the trace of `traceparent`.
pub(crate) fn send(topic: &str, event_id: &str, event_type: &str, key: &str, traceparent: &str) -> Span {
    let span = tracing::debug_span!(
        "send",
        otel.name = format!("send {topic}"),
        otel.kind = "producer",
        messaging.system.name = "kafka",
        messaging.operation.name = "send",
        messaging.operation.type = "send",
        messaging.destination.name = topic,
        messaging.message.id = event_id,
        kafka.message.key = key,
        cloudevents.event_type = event_type,
        error.type = Empty,
        otel.status_code = Empty,
    );
    trace_propagation::continue_trace(&span, Some(traceparent));
    span
}

/// Work on a record: a child of what its sender was doing.
pub(crate) fn process(
    topic: &str,
    partition: i32,
    offset: i64,
    event_id: &str,
    traceparent: Option<&str>,
) -> Span {
    let span = tracing::info_span!(
        "process",
        otel.name = format!("process {topic}"),
        otel.kind = "consumer",
        messaging.system.name = "kafka",
        messaging.operation.name = "process",
        messaging.operation.type = "process",
        messaging.destination.name = topic,
        // Text by the conventions, whatever it is.
        messaging.destination.partition.id = %partition,
        messaging.message.id = event_id,
        kafka.offset = offset,
    );
    trace_propagation::continue_trace(&span, traceparent);
    span
}

/// A statement of a database; `summary` says what it does in few words. None outside a trace.
pub fn statement(system: &'static str, summary: &str, text: &str) -> Span {
    if Span::current().is_disabled() {
        return Span::none();
    }
    tracing::debug_span!(
        "statement",
        otel.name = summary,
        otel.kind = "client",
        db.system.name = system,
        db.query.summary = summary,
        db.query.text = text,
        error.type = Empty,
        otel.status_code = Empty,
    )
}

/// That the work of a span failed.
pub fn record_failure(span: &Span, error_type: &str) {
    span.record("error.type", error_type);
    span.record("otel.status_code", "ERROR");
}

/// The span of work that serves many at once, in a trace of its own, as it can't be the child of all: it is linked with each that is
/// kept, in both directions. None when none is.
pub fn serving_many<'a>(begin: impl FnOnce() -> Span, served: impl Iterator<Item = &'a Span>) -> Span {
    let kept: Vec<(&Span, SpanContext)> =
        served.map(|span| (span, context_of(span))).filter(|(_, context)| context.is_sampled()).collect();
    if kept.is_empty() {
        return Span::none();
    }
    let span = begin();
    // Before anybody asks for its context: whether it is kept is decided then, by what it is linked with.
    for (_, context) in kept.iter().take(MAX_LINKS) {
        span.add_link(context.clone());
    }
    let own = context_of(&span);
    for (served, _) in kept {
        served.add_link(own.clone());
    }
    span
}

fn context_of(span: &Span) -> SpanContext {
    span.context().span().span_context().clone()
}

/// A code as gRPC spells it.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}
