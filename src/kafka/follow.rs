//! Following topics from now on, without a group: every follower sees everything.

use std::time::Duration;

use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{Consumer, StreamConsumer},
    message::BorrowedMessage,
};
use tokio::sync::mpsc;
use tracing::Span;

use super::{
    KafkaConfig,
    config::refused,
    context::{ConsumerEvents, log_consumer_error},
    received::{Headers, decode},
};
use crate::{
    backoff::Backoff,
    error::Error,
    events::{Event, is_said_each_second},
    shutdown::CancellationToken,
    spans,
};

/// Events that a slow reader may lag behind before the broker has to wait for it.
const QUEUE: usize = 1024;

/// One event that was seen.
#[derive(Debug, Clone)]
pub struct Seen<E> {
    /// What happened.
    pub event: E,
    /// The record's key.
    pub key: String,
    headers: Headers,
    partition: i32,
    offset: i64,
}

impl<E: Event> Seen<E> {
    /// The trace that it belongs to.
    pub fn traceparent(&self) -> Option<&str> {
        self.headers.traceparent.as_deref()
    }

    /// The span in which it is worked on: a child of what its sender was doing. None for what came without a trace, and for
    /// what is said each second of each charge.
    pub fn process_span(&self) -> Span {
        let Headers { event_id, traceparent, .. } = &self.headers;
        if traceparent.is_none() || self.event.event_type().is_some_and(is_said_each_second) {
            return Span::none();
        }
        let event_id = event_id.as_deref().unwrap_or_default();
        spans::process(E::TOPIC, self.partition, self.offset, event_id, traceparent.as_deref())
    }
}

/// Follows the topic of `E` from its end. Returns once the end is known, so that nothing sent after that is missed; waits for
/// a broker that is away. What can't be read is skipped: whoever must not lose it reads in a group.
///
/// # Errors
/// When the client can't be made, or shutdown came first.
pub async fn follow<E: Event>(
    config: &KafkaConfig,
    client_id: &str,
    shutdown: CancellationToken,
) -> Result<mpsc::Receiver<Seen<E>>, Error> {
    let consumer: StreamConsumer<ConsumerEvents> = config
        .client(client_id)
        // librdkafka wants a group's name even of a client that joins none.
        .set("group.id", format!("{client_id}-follower"))
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "latest")
        .set("queued.max.messages.kbytes", "1024")
        .create_with_context(ConsumerEvents::default())
        .map_err(refused)?;
    let consumer = std::sync::Arc::new(consumer);
    let mut backoff = Backoff::reconnect();
    loop {
        if shutdown.is_cancelled() {
            return Err(Error::unavailable("Kafka was not reached before the end", E::TOPIC));
        }
        let (blocking, topic) = (consumer.clone(), config.name_of(E::TOPIC));
        let assigned = tokio::task::spawn_blocking(move || assign_to_end(&blocking, &topic)).await;
        match assigned.map_err(Error::internal)? {
            Ok(()) => break,
            Err(reason) => tracing::debug!(topic = E::TOPIC, reason, "following waits for Kafka"),
        }
        let _ = shutdown.run_until_cancelled(backoff.wait()).await;
    }

    let (sender, receiver) = mpsc::channel(QUEUE);
    tokio::spawn(async move {
        loop {
            let received = tokio::select! {
                received = consumer.recv() => received,
                () = shutdown.cancelled() => return,
                () = sender.closed() => return,
            };
            match received {
                Ok(message) => {
                    if let Some(seen) = read::<E>(&message)
                        && sender.send(seen).await.is_err()
                    {
                        return;
                    }
                }
                Err(error) => log_consumer_error(E::TOPIC, &error),
            }
        }
    });
    Ok(receiver)
}

/// Assigns every partition from the offset that is its end right now.
fn assign_to_end(consumer: &StreamConsumer<ConsumerEvents>, topic: &str) -> Result<(), String> {
    let timeout = Duration::from_secs(2);
    let metadata = consumer.fetch_metadata(Some(topic), timeout).map_err(|error| error.to_string())?;
    let partitions = metadata.topics().first().map(|found| found.partitions()).unwrap_or_default();
    if partitions.is_empty() {
        return Err("the topic has no partitions yet".to_owned());
    }
    let mut assignment = TopicPartitionList::new();
    for partition in partitions {
        let (_, end) =
            consumer.fetch_watermarks(topic, partition.id(), timeout).map_err(|error| error.to_string())?;
        assignment
            .add_partition_offset(topic, partition.id(), Offset::Offset(end))
            .map_err(|error| error.to_string())?;
    }
    consumer.assign(&assignment).map_err(|error| error.to_string())
}

fn read<E: Event>(message: &BorrowedMessage<'_>) -> Option<Seen<E>> {
    let event = decode(message).ok()?;
    let key = String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned();
    let (partition, offset) = (message.partition(), message.offset());
    Some(Seen { event, key, headers: Headers::of(message), partition, offset })
}
