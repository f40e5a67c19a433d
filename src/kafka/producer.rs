//! Sending to Kafka: idempotent, acknowledged by all replicas, with bounded queues and waits.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use rdkafka::{
    ClientContext,
    config::RDKafkaLogLevel,
    error::{KafkaError, RDKafkaErrorCode},
    message::{Header, OwnedHeaders},
    metadata::MetadataTopic,
    producer::{FutureProducer, FutureRecord, Producer as _},
};
use tracing::{Instrument, Span};

use super::{KafkaConfig, config::refused};
use crate::{
    clock,
    error::{Error, ErrorCode},
    events::{Encoding, Event, is_said_each_second},
    ids, metric, spans, trace_propagation,
};

/// How long one record may try to reach the broker.
pub const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

/// A record that is ready to be sent.
#[derive(Debug, Clone)]
pub struct OutgoingRecord {
    /// The topic.
    pub topic: String,
    /// What must stay in order shares a key.
    pub key: String,
    /// The encoded value.
    pub value: Vec<u8>,
    /// How it is encoded.
    pub encoding: Encoding,
    /// Unique for each event; the same when it is sent again.
    pub event_id: String,
    /// What happened, in UPPER_SNAKE.
    pub event_type: String,
    /// When it happened, in milliseconds since 1970.
    pub at_ms: i64,
    /// The trace that it belongs to.
    pub traceparent: Option<String>,
}

impl OutgoingRecord {
    /// A record of an event that happens now, in the current trace.
    pub fn new<E: Event>(key: &str, event: &E) -> Self {
        Self {
            topic: E::TOPIC.to_owned(),
            key: key.to_owned(),
            value: event.encode_value(),
            encoding: E::ENCODING,
            event_id: ids::new_id(),
            event_type: event.event_type().unwrap_or("UNKNOWN").to_owned(),
            at_ms: clock::now_ms(),
            traceparent: trace_propagation::current_traceparent(),
        }
    }
}

/// A handle on one Kafka producer. Cheap to clone.
#[derive(Clone)]
pub struct Producer {
    inner: Arc<FutureProducer<ConnectionState>>,
    connection: ConnectionState,
    source: Arc<str>,
    config: Arc<KafkaConfig>,
}

impl Producer {
    /// Connects in the background; `source` names the sender in the `ce_source` header.
    ///
    /// # Errors
    /// When the configuration is refused.
    pub fn new(config: &KafkaConfig, source: &str) -> Result<Self, Error> {
        let connection = ConnectionState::default();
        let inner = config
            .client(source)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "2")
            .set("message.timeout.ms", DELIVERY_TIMEOUT.as_millis().to_string())
            .set("queue.buffering.max.messages", "20000")
            .set("queue.buffering.max.kbytes", "16384")
            .create_with_context(connection.clone())
            .map_err(refused)?;
        let source = Arc::from(format!("evcharging/{source}"));
        Ok(Self { inner: Arc::new(inner), connection, source, config: Arc::new(config.clone()) })
    }

    /// Sends an event and waits until the brokers have it.
    ///
    /// # Errors
    /// UNAVAILABLE when they did not take it in [`DELIVERY_TIMEOUT`], RESOURCE_EXHAUSTED when too much waits already.
    pub async fn send<E: Event>(&self, key: &str, event: &E) -> Result<(), Error> {
        self.send_record(&OutgoingRecord::new(key, event)).await
    }

    /// Sends a record and waits until the brokers have it. Records are queued in the order of these calls' first polls.
    ///
    /// # Errors
    /// As [`Producer::send`].
    pub async fn send_record(&self, record: &OutgoingRecord) -> Result<(), Error> {
        let span = span_of(record);
        let sent = self.send_in(&span, record).instrument(span.clone()).await;
        if let Err(error) = &sent {
            spans::record_failure(&span, &error.reason);
        }
        sent
    }

    async fn send_in(&self, span: &Span, record: &OutgoingRecord) -> Result<(), Error> {
        let at = chrono::DateTime::from_timestamp_millis(record.at_ms).unwrap_or_default().to_rfc3339();
        let mut headers = OwnedHeaders::new_with_capacity(7)
            .insert(header("content-type", record.encoding.content_type()))
            .insert(header("ce_specversion", "1.0"))
            .insert(header("ce_id", &record.event_id))
            .insert(header("ce_type", &record.event_type))
            .insert(header("ce_source", &self.source))
            .insert(header("ce_time", &at));
        let traceparent = trace_propagation::traceparent_of(span).or_else(|| record.traceparent.clone());
        if let Some(traceparent) = &traceparent {
            headers = headers.insert(header(trace_propagation::TRACEPARENT, traceparent));
        }
        self.send_as_it_is(&record.topic, record.key.as_bytes(), &record.value, headers).await
    }

    /// Sends a record with exactly these headers and waits until the brokers have it.
    ///
    /// # Errors
    /// As [`Producer::send`].
    pub async fn send_as_it_is(
        &self,
        topic: &str,
        key: &[u8],
        value: &[u8],
        headers: OwnedHeaders,
    ) -> Result<(), Error> {
        let name = self.config.name_of(topic);
        let outgoing = FutureRecord::to(&name).key(key).payload(value).headers(headers);
        let sent = self.inner.send(outgoing, DELIVERY_TIMEOUT).await;
        let outcome = if sent.is_ok() { "sent" } else { "failed" };
        metrics::counter!(metric::KAFKA_SENT, "topic" => topic.to_owned(), "outcome" => outcome).increment(1);
        match sent {
            Ok(_) => {
                self.connection.set_up();
                Ok(())
            }
            Err((error, _)) => Err(delivery_error(&error)),
        }
    }

    /// A topic's name in Kafka.
    pub(super) fn name_of(&self, topic: &str) -> String {
        self.config.name_of(topic)
    }

    /// Every topic of the brokers with how many partitions it has. Blocks for up to `timeout`.
    pub(super) fn topics(&self, timeout: Duration) -> Result<HashMap<String, usize>, KafkaError> {
        let metadata = self.inner.client().fetch_metadata(None, timeout)?;
        let partitions = |topic: &MetadataTopic| (topic.name().to_owned(), topic.partitions().len());
        Ok(metadata.topics().iter().map(partitions).collect())
    }

    /// Whether the last that was heard of the brokers was good.
    pub fn is_broker_up(&self) -> bool {
        !self.connection.all_brokers_down.load(Ordering::Relaxed)
    }

    /// Sends what is queued, for at most `timeout`.
    pub async fn flush(&self, timeout: Duration) {
        let inner = self.inner.clone();
        // What can't be sent was or will be reported to its own sender.
        drop(tokio::task::spawn_blocking(move || inner.flush(timeout)).await);
    }
}

/// The span of a record's way to Kafka; none for what belongs to no trace, and for what is said each second of each charge.
fn span_of(record: &OutgoingRecord) -> Span {
    match &record.traceparent {
        Some(traceparent) if !is_said_each_second(&record.event_type) => {
            spans::send(&record.topic, &record.event_id, &record.event_type, &record.key, traceparent)
        }
        _ => Span::none(),
    }
}

fn header<'a>(key: &'a str, value: &'a str) -> Header<'a, &'a str> {
    Header { key, value: Some(value) }
}

fn delivery_error(error: &KafkaError) -> Error {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => Error::new(
            ErrorCode::ResourceExhausted,
            "MESSAGING_BUSY",
            "too many messages wait for Kafka; try again later",
        ),
        Some(RDKafkaErrorCode::MessageSizeTooLarge) => Error::new(
            ErrorCode::InvalidArgument,
            "MESSAGE_TOO_LARGE",
            "the message is larger than Kafka takes",
        ),
        _ => Error::unavailable("messaging unavailable: Kafka did not take the message in time", error),
    }
}

/// Remembers whether librdkafka last said that every broker is down. It clears with the next delivery.
#[derive(Debug, Clone, Default)]
struct ConnectionState {
    all_brokers_down: Arc<AtomicBool>,
    refused: Arc<AtomicBool>,
}

impl ConnectionState {
    fn set_up(&self) {
        self.refused.store(false, Ordering::Relaxed);
        if self.all_brokers_down.swap(false, Ordering::Relaxed) {
            tracing::info!("Kafka is back");
        }
    }
}

impl ClientContext for ConnectionState {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(?level, facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AllBrokersDown) => {
                if !self.all_brokers_down.swap(true, Ordering::Relaxed) {
                    tracing::warn!(
                        reason,
                        "messaging unavailable: no Kafka broker answers; sending goes on as soon as one does"
                    );
                }
            }
            Some(RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SSL) => {
                if !self.refused.swap(true, Ordering::Relaxed) {
                    tracing::error!(
                        reason,
                        "Kafka does not let us in: check --kafka-username, --kafka-password, --kafka-sasl-mechanism and --kafka-tls"
                    );
                }
            }
            _ => tracing::debug!(%error, reason, "Kafka producer"),
        }
    }
}
