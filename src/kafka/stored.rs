//! Reading what a topic holds at the moment, from its beginning to its end, without a group.

use std::time::{Duration, Instant};

use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};

use super::{
    KafkaConfig,
    config::refused,
    received::{Headers, decode},
};
use crate::{error::Error, events::Event};

const METADATA_TIMEOUT: Duration = Duration::from_secs(10);
/// How long Kafka may be silent before the rest is given up.
const SILENCE: Duration = Duration::from_secs(10);

/// One record that a topic holds.
#[derive(Debug, Clone)]
pub struct Stored<E> {
    /// Its partition.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// Its `ce_id` header, if it has one.
    pub event_id: Option<String>,
    /// What it tells, or why it can't be read.
    pub event: Result<E, String>,
}

/// The newest records of the topic of `E` up to now, at most so many of each partition, each partition in its order; and how many there are
/// altogether.
///
/// # Errors
/// When there is no such topic, or Kafka does not answer or goes silent.
pub async fn read_stored<E: Event>(
    config: &KafkaConfig,
    client_id: &'static str,
    most_of_a_partition: i64,
) -> Result<(Vec<Stored<E>>, i64), Error> {
    let config = config.clone();
    let reading = tokio::task::spawn_blocking(move || read_blocking(&config, client_id, most_of_a_partition));
    reading.await.map_err(Error::internal)?
}

fn read_blocking<E: Event>(
    config: &KafkaConfig,
    client_id: &str,
    most_of_a_partition: i64,
) -> Result<(Vec<Stored<E>>, i64), Error> {
    let topic = config.name_of(E::TOPIC);
    let place = &config.kafka_bootstrap_servers;
    let away =
        |error: KafkaError| Error::unavailable(format!("Kafka at {place} does not answer: {error}"), error);
    let consumer: BaseConsumer = config
        .client(client_id)
        // librdkafka wants a group's name even of a client that joins none.
        .set("group.id", config.name_of(client_id))
        .set("enable.auto.commit", "false")
        // Should the oldest go while we read.
        .set("auto.offset.reset", "earliest")
        // Where the last offset holds no record, the end is told apart from silence.
        .set("enable.partition.eof", "true")
        .create()
        .map_err(refused)?;
    let metadata = consumer.fetch_metadata(Some(&topic), METADATA_TIMEOUT).map_err(away)?;
    if metadata.topics().iter().all(|found| found.partitions().is_empty()) {
        return Err(Error::not_found("TOPIC_UNKNOWN", format!("Kafka at {place} has no topic {topic}")));
    }
    let mut assignment = TopicPartitionList::new();
    let mut expected = Vec::new();
    let mut total = 0;
    for partition in metadata.topics().iter().flat_map(|found| found.partitions()) {
        let (first, end) =
            consumer.fetch_watermarks(&topic, partition.id(), METADATA_TIMEOUT).map_err(away)?;
        total += end - first;
        if first < end {
            let first = first.max(end.saturating_sub(most_of_a_partition));
            assignment.add_partition_offset(&topic, partition.id(), Offset::Offset(first)).map_err(away)?;
            expected.push((partition.id(), end));
        }
    }
    let mut stored = Vec::new();
    if expected.is_empty() {
        return Ok((stored, total));
    }
    consumer.assign(&assignment).map_err(away)?;
    let mut heard = Instant::now();
    while !expected.is_empty() {
        match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(message)) => {
                heard = Instant::now();
                let (partition, offset) = (message.partition(), message.offset());
                let event_id = Headers::of(&message).event_id;
                stored.push(Stored { partition, offset, event_id, event: decode(&message) });
                expected.retain(|(other, end)| *other != partition || offset + 1 < *end);
            }
            Some(Err(KafkaError::PartitionEOF(ended))) => {
                expected.retain(|(partition, _)| *partition != ended);
            }
            // One broker of several may be away; silence ends it in any case.
            Some(Err(error)) => tracing::debug!(%error, topic, "reading what a topic holds"),
            None if heard.elapsed() > SILENCE => {
                return Err(Error::unavailable(format!("Kafka at {place} went silent"), "no record came"));
            }
            None => {}
        }
    }
    Ok((stored, total))
}
