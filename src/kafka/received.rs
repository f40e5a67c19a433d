//! One record that was read from a topic, and where it stood.

use std::borrow::Cow;

use rdkafka::{
    Message,
    message::{BorrowedMessage, Headers as _},
};
use tracing::Span;

use crate::{events::Event, trace_propagation};

/// The largest value that is read, in bytes.
const MAX_VALUE_BYTES: usize = 256 * 1024;

/// An event that was read, and the record that brought it.
#[derive(Debug, Clone)]
pub struct Received<E> {
    /// What happened.
    pub event: E,
    /// How it came.
    pub record: Record,
}

/// A record as it came.
#[derive(Debug, Clone)]
pub struct Record {
    pub(super) topic: &'static str,
    pub(super) partition: i32,
    pub(super) offset: i64,
    pub(super) key: Vec<u8>,
    pub(super) value: Vec<u8>,
    pub(super) headers: Headers,
    written_at_ms: i64,
}

/// The headers that we read of any record.
#[derive(Debug, Clone, Default)]
pub(super) struct Headers {
    pub(super) content_type: Option<String>,
    pub(super) event_id: Option<String>,
    pub(super) traceparent: Option<String>,
}

/// A record that can't be read, and why.
pub(super) struct Unreadable {
    pub(super) record: Record,
    pub(super) reason: String,
}

impl Headers {
    pub(super) fn of(message: &BorrowedMessage<'_>) -> Self {
        let mut headers = Self::default();
        // Once over all of them: each is a call into librdkafka.
        for header in message.headers().iter().flat_map(|headers| headers.iter()) {
            let place = match header.key {
                "content-type" => &mut headers.content_type,
                "ce_id" => &mut headers.event_id,
                trace_propagation::TRACEPARENT => &mut headers.traceparent,
                _ => continue,
            };
            if let (None, Some(value)) = (&place, header.value) {
                *place = Some(String::from_utf8_lossy(value).into_owned());
            }
        }
        headers
    }
}

impl Record {
    fn of(topic: &'static str, message: &BorrowedMessage<'_>) -> Self {
        Self {
            topic,
            partition: message.partition(),
            offset: message.offset(),
            key: message.key().unwrap_or_default().to_vec(),
            value: message.payload().unwrap_or_default().to_vec(),
            headers: Headers::of(message),
            written_at_ms: message.timestamp().to_millis().unwrap_or_default(),
        }
    }

    /// Its key.
    pub fn key(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.key)
    }

    /// Unique for the event: its `ce_id`, or where it stands when it came without one.
    pub fn event_id(&self) -> String {
        self.headers.event_id.clone().unwrap_or_else(|| {
            // The time keeps a record of today apart from one that stood in the same place on another broker.
            format!("{}:{}:{}:{}", self.topic, self.partition, self.offset, self.written_at_ms)
        })
    }

    /// The trace that it belongs to.
    pub fn traceparent(&self) -> Option<&str> {
        self.headers.traceparent.as_deref()
    }

    /// The span in which this record is worked on: a child of what its sender was doing.
    pub fn process_span(&self) -> Span {
        let span = tracing::info_span!(
            "process",
            otel.name = format!("process {}", self.topic),
            otel.kind = "consumer",
            messaging.system = "kafka",
            messaging.destination.name = self.topic,
            messaging.message.id = self.event_id(),
        );
        trace_propagation::continue_trace(&span, self.traceparent());
        span
    }
}

impl<E: Event> Received<E> {
    /// Reads one record, or says why it can't be read.
    pub(super) fn read(message: &BorrowedMessage<'_>) -> Result<Self, Box<Unreadable>> {
        let record = Record::of(E::TOPIC, message);
        if record.value.len() > MAX_VALUE_BYTES {
            let reason = format!("the value has {} bytes, more than {MAX_VALUE_BYTES}", record.value.len());
            return Err(Box::new(Unreadable { record, reason }));
        }
        match E::decode_value(&record.value, record.headers.content_type.as_deref()) {
            Ok(event) => Ok(Self { event, record }),
            Err(reason) => Err(Box::new(Unreadable { record, reason })),
        }
    }
}
