//! One record that was read from a topic, and where it stood.

use std::{
    borrow::Cow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use rdkafka::{
    Message,
    message::{BorrowedMessage, Headers as _},
};
use tracing::Span;

use crate::{events::Event, spans, trace_propagation};

/// The largest value that is read, in bytes.
const MAX_VALUE_BYTES: usize = 256 * 1024;

/// An event that was read, and the record that brought it.
#[derive(Debug)]
pub struct Received<'m, E> {
    /// What happened.
    pub event: E,
    /// How it came.
    pub record: Record<'m>,
}

/// A record as it came, in the memory of the client that read it.
#[derive(Debug)]
pub struct Record<'m> {
    topic: &'static str,
    message: BorrowedMessage<'m>,
}

/// The headers that we read of any record.
#[derive(Debug, Clone, Default)]
pub(super) struct Headers {
    pub(super) content_type: Option<String>,
    pub(super) event_id: Option<String>,
    pub(super) traceparent: Option<String>,
}

impl Headers {
    /// None of them when a name among them is no UTF-8: the library panics over it, and one record must not stop a partition.
    pub(super) fn of(message: &BorrowedMessage<'_>) -> Self {
        catch_unwind(AssertUnwindSafe(|| Self::read(message))).unwrap_or_default()
    }

    fn read(message: &BorrowedMessage<'_>) -> Self {
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

/// Reads what a message tells, or says for people why it can't be read.
pub(super) fn decode<E: Event>(message: &BorrowedMessage<'_>) -> Result<E, String> {
    let value = message.payload().unwrap_or_default();
    if value.len() > MAX_VALUE_BYTES {
        return Err(format!("the value has {} bytes, more than {MAX_VALUE_BYTES}", value.len()));
    }
    E::decode_value(value, || Headers::of(message).content_type)
}

impl<'m> Record<'m> {
    /// A record of this topic.
    pub(super) fn new(topic: &'static str, message: BorrowedMessage<'m>) -> Self {
        Self { topic, message }
    }

    /// The topic as we name it, without a prefix.
    pub(super) fn topic(&self) -> &'static str {
        self.topic
    }

    /// It, as the client has it.
    pub(super) fn message(&self) -> &BorrowedMessage<'m> {
        &self.message
    }

    /// Its key.
    pub fn key(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.message.key().unwrap_or_default())
    }

    /// Unique for the event: its `ce_id`, or where it stands when it came without one.
    pub fn event_id(&self) -> String {
        Headers::of(&self.message).event_id.unwrap_or_else(|| self.place())
    }

    /// The trace that it belongs to.
    pub fn traceparent(&self) -> Option<String> {
        Headers::of(&self.message).traceparent
    }

    /// The span in which this record is worked on: a child of what its sender was doing.
    pub fn process_span(&self) -> Span {
        let headers = Headers::of(&self.message);
        let event_id = headers.event_id.unwrap_or_else(|| self.place());
        let (partition, offset) = (self.message.partition(), self.message.offset());
        spans::process(self.topic, partition, offset, &event_id, headers.traceparent.as_deref())
    }

    /// Where it stands. The time keeps a record of today apart from one that stood in the same place on another broker.
    fn place(&self) -> String {
        let written_at_ms = self.message.timestamp().to_millis().unwrap_or_default();
        format!("{}:{}:{}:{written_at_ms}", self.topic, self.message.partition(), self.message.offset())
    }
}
