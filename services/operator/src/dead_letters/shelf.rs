//! Reading all dead letters that there are at the moment.

use std::time::{Duration, Instant};

use evcharging_common::{
    error::Error,
    events::Event,
    kafka::{KafkaConfig, topics},
    pb::events::v1::DeadLetter,
};
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    error::KafkaError,
};

use super::letter::{Letter, Place};

const METADATA_TIMEOUT: Duration = Duration::from_secs(10);
/// How long Kafka may be silent before the rest is given up.
const SILENCE: Duration = Duration::from_secs(10);

/// Every letter up to now, oldest first.
pub(super) async fn read_all(config: &KafkaConfig) -> Result<Vec<Letter>, Error> {
    let config = config.clone();
    tokio::task::spawn_blocking(move || read_all_blocking(&config)).await.map_err(Error::internal)?
}

fn read_all_blocking(config: &KafkaConfig) -> Result<Vec<Letter>, Error> {
    let topic = config.name_of(topics::DEAD_LETTERS);
    let away = |error: KafkaError| {
        Error::unavailable(
            format!("Kafka at {} does not answer: {error}", config.kafka_bootstrap_servers),
            error,
        )
    };
    let consumer: BaseConsumer = config
        .client("evcharging-dead-letters")
        // librdkafka wants a group's name even of a client that joins none.
        .set("group.id", config.name_of("evcharging-dead-letters"))
        .set("enable.auto.commit", "false")
        // Should the oldest go while we read.
        .set("auto.offset.reset", "earliest")
        // Where the last offset holds no record, the end is told apart from silence.
        .set("enable.partition.eof", "true")
        .create()
        .map_err(|error| {
            Error::invalid_argument("the configuration of Kafka", format!("was refused: {error}"))
        })?;
    let metadata = consumer.fetch_metadata(Some(&topic), METADATA_TIMEOUT).map_err(away)?;
    if metadata.topics().iter().all(|found| found.partitions().is_empty()) {
        let message = format!("Kafka at {} has no topic {topic}", config.kafka_bootstrap_servers);
        return Err(Error::not_found("TOPIC_UNKNOWN", message));
    }
    let mut assignment = TopicPartitionList::new();
    let mut expected = Vec::new();
    for partition in metadata.topics().iter().flat_map(|found| found.partitions()) {
        let (first, end) =
            consumer.fetch_watermarks(&topic, partition.id(), METADATA_TIMEOUT).map_err(away)?;
        if first < end {
            assignment.add_partition_offset(&topic, partition.id(), Offset::Offset(first)).map_err(away)?;
            expected.push((partition.id(), end));
        }
    }
    let mut letters = Vec::new();
    if expected.is_empty() {
        return Ok(letters);
    }
    consumer.assign(&assignment).map_err(away)?;
    let mut heard = Instant::now();
    while !expected.is_empty() {
        match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(message)) => {
                heard = Instant::now();
                let place = Place { partition: message.partition(), offset: message.offset() };
                // What others put there can't be replayed, but must not hide the rest.
                if let Ok(record) = DeadLetter::decode_value(message.payload().unwrap_or_default(), None) {
                    letters.push(Letter { place, record });
                }
                expected.retain(|(partition, end)| *partition != place.partition || place.offset + 1 < *end);
            }
            Some(Err(KafkaError::PartitionEOF(ended))) => {
                expected.retain(|(partition, _)| *partition != ended)
            }
            // One broker of several may be away; silence ends it in any case.
            Some(Err(error)) => tracing::debug!(%error, "reading dead letters"),
            None if heard.elapsed() > SILENCE => {
                let message = format!("Kafka at {} went silent", config.kafka_bootstrap_servers);
                return Err(Error::unavailable(message, "no record came"));
            }
            None => {}
        }
    }
    letters.sort_by_key(|letter| (letter.rejected_at_ms(), letter.place));
    Ok(letters)
}
