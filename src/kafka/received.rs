//! One record that was read from a topic, and where it stood.

use rdkafka::{
    Message,
    message::{BorrowedMessage, Headers},
};
use tracing::Span;

use crate::{events::Event, trace_propagation};

/// The largest value that is read, in bytes.
const MAX_VALUE_BYTES: usize = 256 * 1024;

/// An event that was read, and where it stood.
#[derive(Debug, Clone)]
pub struct Received<E> {
    /// What happened.
    pub event: E,
    /// The record's key.
    pub key: String,
    /// Unique for the event: its `ce_id`, or where it stands when it came without one.
    pub event_id: String,
    /// The trace that it belongs to.
    pub traceparent: Option<String>,
    pub(super) raw: Raw,
}

/// A header's value, if the record has it.
pub(super) fn header(message: &BorrowedMessage<'_>, name: &str) -> Option<String> {
    let found = message.headers()?.iter().find(|header| header.key == name)?;
    Some(String::from_utf8_lossy(found.value?).into_owned())
}

/// A record as it came.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    pub topic: &'static str,
    pub partition: i32,
    pub offset: i64,
    pub key: Vec<u8>,
    pub value: Vec<u8>,
    pub content_type: Option<String>,
    pub event_id: Option<String>,
    pub traceparent: Option<String>,
}

/// A record that can't be read, and why.
pub(super) struct Unreadable {
    pub raw: Raw,
    pub reason: String,
}

impl<E: Event> Received<E> {
    /// The span in which this record is worked on: a child of what its sender was doing.
    pub fn process_span(&self) -> Span {
        let span = tracing::info_span!(
            "process",
            otel.name = format!("process {}", E::TOPIC),
            otel.kind = "consumer",
            messaging.system = "kafka",
            messaging.destination.name = E::TOPIC,
            messaging.message.id = self.event_id,
        );
        trace_propagation::continue_trace(&span, self.traceparent.as_deref());
        span
    }

    /// Reads one record, or says why it can't be read.
    pub(super) fn read(message: &BorrowedMessage<'_>) -> Result<Self, Box<Unreadable>> {
        let header = |name: &str| header(message, name);
        let raw = Raw {
            topic: E::TOPIC,
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().unwrap_or_default().to_vec(),
            value: message.payload().unwrap_or_default().to_vec(),
            content_type: header("content-type"),
            event_id: header("ce_id"),
            traceparent: header(trace_propagation::TRACEPARENT),
        };
        if raw.value.len() > MAX_VALUE_BYTES {
            let reason = format!("the value has {} bytes, more than {MAX_VALUE_BYTES}", raw.value.len());
            return Err(Box::new(Unreadable { raw, reason }));
        }
        match E::decode_value(&raw.value, raw.content_type.as_deref()) {
            Ok(event) => Ok(Self {
                event,
                key: String::from_utf8_lossy(&raw.key).into_owned(),
                event_id: raw.event_id.clone().unwrap_or_else(|| {
                    // The time keeps a record of today apart from one that stood in the same place on another broker.
                    let at_ms = message.timestamp().to_millis().unwrap_or_default();
                    format!("{}:{}:{}:{at_ms}", raw.topic, raw.partition, raw.offset)
                }),
                traceparent: raw.traceparent.clone(),
                raw,
            }),
            Err(reason) => Err(Box::new(Unreadable { raw, reason })),
        }
    }
}
