//! Reading a topic in a consumer group: in batches, offsets stored only after the work is durable, unreadable records set aside.

use std::future::Future;

use futures::FutureExt;
use rdkafka::{
    ClientContext, Message,
    config::RDKafkaLogLevel,
    consumer::{Consumer, ConsumerContext, StreamConsumer},
    error::{KafkaError, RDKafkaErrorCode},
    message::{BorrowedMessage, Headers},
};
use tracing::Span;

use crate::{
    backoff::Backoff,
    clock,
    error::Error,
    events::Event,
    kafka_producer::{KafkaConfig, Producer},
    pb::events::v1::DeadLetter,
    shutdown::CancellationToken,
    trace_propagation,
};

/// The most records that are worked on at a time.
const MAX_BATCH: usize = 512;
/// The most of a value that a dead letter keeps, in bytes.
const MAX_DEAD_LETTER_BYTES: usize = 64 * 1024;
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
    raw: Raw,
}

#[derive(Debug, Clone)]
struct Raw {
    topic: &'static str,
    partition: i32,
    offset: i64,
    key: Vec<u8>,
    value: Vec<u8>,
    content_type: Option<String>,
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
}

/// Sets records aside that can't be used.
#[derive(Clone)]
pub struct DeadLetters {
    producer: Producer,
}

impl DeadLetters {
    /// Sets a record aside that was read but makes no sense. Returns once it is kept.
    pub async fn reject<E: Event>(&self, received: &Received<E>, reason: &str) {
        self.keep(&received.raw, reason).await;
    }

    /// Tries until the dead letter is kept: without it, the record would be lost.
    async fn keep(&self, raw: &Raw, reason: &str) {
        tracing::warn!(
            topic = raw.topic,
            partition = raw.partition,
            offset = raw.offset,
            reason,
            "a record could not be used and went to dead_letters"
        );
        let letter = DeadLetter {
            source_topic: raw.topic.to_owned(),
            source_partition: raw.partition,
            source_offset: raw.offset,
            key: raw.key.clone(),
            value: raw.value[..raw.value.len().min(MAX_DEAD_LETTER_BYTES)].to_vec(),
            value_bytes: i64::try_from(raw.value.len()).unwrap_or(i64::MAX),
            content_type: raw.content_type.clone().unwrap_or_default(),
            reason: reason.to_owned(),
            rejected_at: Some(clock::to_timestamp(clock::now_ms())),
        };
        let mut backoff = Backoff::reconnect();
        while let Err(error) = self.producer.send(raw.topic, &letter).await {
            tracing::debug!(%error, "a dead letter waits for Kafka");
            backoff.wait().await;
        }
    }
}

/// Reads the topic of `E` until shutdown. `handle` gets each batch in order and returns when its work is durable (it retries by
/// itself whatever may be retried); only then are the offsets stored.
///
/// # Errors
/// When the consumer can't be made. A broker that is away is waited for.
pub async fn run_group<E, F>(
    config: &KafkaConfig,
    group_id: &str,
    producer: Producer,
    shutdown: CancellationToken,
    mut handle: impl FnMut(Vec<Received<E>>, DeadLetters) -> F + Send,
) -> Result<(), Error>
where
    E: Event,
    F: Future<Output = ()> + Send,
{
    let consumer: StreamConsumer<GroupContext> = config
        .client(group_id)
        .set("group.id", group_id)
        .set("auto.offset.reset", "earliest")
        .set("enable.auto.commit", "true")
        .set("enable.auto.offset.store", "false")
        .set("auto.commit.interval.ms", "1000")
        .set("session.timeout.ms", "6000")
        .set("heartbeat.interval.ms", "1500")
        .set("allow.auto.create.topics", "true")
        .set("queued.max.messages.kbytes", "2048")
        .set("fetch.wait.max.ms", "500")
        .create_with_context(GroupContext)
        .map_err(Error::internal)?;
    consumer.subscribe(&[E::TOPIC]).map_err(Error::internal)?;
    let dead_letters = DeadLetters { producer };

    while let Some(first) = shutdown.run_until_cancelled(consumer.recv()).await {
        let mut messages = Vec::new();
        let mut next = Some(first);
        while let Some(received) = next {
            match received {
                Ok(message) => messages.push(message),
                Err(error) => log_consumer_error(E::TOPIC, &error),
            }
            next = if messages.len() < MAX_BATCH { consumer.recv().now_or_never() } else { None };
        }
        let mut batch = Vec::with_capacity(messages.len());
        for message in &messages {
            match read::<E>(message) {
                Ok(received) => batch.push(received),
                Err(unreadable) => dead_letters.keep(&unreadable.0, &unreadable.1).await,
            }
        }
        // A batch under work is finished before the end: what was decided must not be decided again without need.
        if !batch.is_empty() {
            let Some(()) = finish(&shutdown, handle(batch, dead_letters.clone())).await else { break };
        }
        for message in &messages {
            if let Err(error) = consumer.store_offset_from_message(message) {
                // The partition was taken away: its new reader gets these records again, and they change nothing.
                tracing::debug!(%error, topic = E::TOPIC, "an offset was not stored");
            }
        }
    }
    Ok(())
}

/// Gives work that was begun a few seconds to end after shutdown; `None` when it did not.
async fn finish(shutdown: &CancellationToken, work: impl Future<Output = ()>) -> Option<()> {
    let grace = async {
        shutdown.cancelled().await;
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
    };
    tokio::select! {
        () = work => Some(()),
        () = grace => None,
    }
}

/// Reads one record, or says why it can't be read.
fn read<E: Event>(message: &BorrowedMessage<'_>) -> Result<Received<E>, Box<(Raw, String)>> {
    let header = |name: &str| {
        let headers = message.headers()?;
        let found = headers.iter().find(|header| header.key == name)?;
        Some(String::from_utf8_lossy(found.value?).into_owned())
    };
    let raw = Raw {
        topic: E::TOPIC,
        partition: message.partition(),
        offset: message.offset(),
        key: message.key().unwrap_or_default().to_vec(),
        value: message.payload().unwrap_or_default().to_vec(),
        content_type: header("content-type"),
    };
    if raw.value.len() > MAX_VALUE_BYTES {
        let reason = format!("the value has {} bytes, more than {MAX_VALUE_BYTES}", raw.value.len());
        return Err(Box::new((raw, reason)));
    }
    match E::decode_value(&raw.value, raw.content_type.as_deref()) {
        Ok(event) => Ok(Received {
            event,
            key: String::from_utf8_lossy(&raw.key).into_owned(),
            event_id: header("ce_id").unwrap_or_else(|| {
                // The time keeps a record of today apart from one that stood in the same place on another broker.
                let at_ms = message.timestamp().to_millis().unwrap_or_default();
                format!("{}:{}:{}:{at_ms}", raw.topic, raw.partition, raw.offset)
            }),
            traceparent: header(trace_propagation::TRACEPARENT),
            raw,
        }),
        Err(reason) => Err(Box::new((raw, reason))),
    }
}

pub(crate) fn log_consumer_error(topic: &str, error: &KafkaError) {
    match error.rdkafka_error_code() {
        // The first are said by the producer for the whole process; a topic that does not exist yet will.
        Some(
            RDKafkaErrorCode::AllBrokersDown
            | RDKafkaErrorCode::BrokerTransportFailure
            | RDKafkaErrorCode::UnknownTopicOrPartition
            | RDKafkaErrorCode::UnknownTopic,
        ) => tracing::debug!(%error, topic, "Kafka consumer"),
        _ => tracing::warn!(%error, topic, "reading from Kafka failed; it goes on by itself"),
    }
}

/// Keeps librdkafka's own words out of our log: what matters of them is said in ours.
pub(crate) struct GroupContext;

impl ClientContext for GroupContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(?level, facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "Kafka consumer");
    }
}

impl ConsumerContext for GroupContext {}
