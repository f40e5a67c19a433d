//! The records that could not be used, as they lie in their topic.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use evcharging_common::{
    clock,
    error::Error,
    kafka::{self, KafkaConfig},
    pb::{events::v1 as events, portal::v1 as pb},
};
use tokio::sync::Mutex;

/// How many are read of each partition, the newest.
const READ: i64 = 1_000;
/// How long what was read is good enough.
const FRESH: Duration = Duration::from_secs(5);
/// The most of a value that is shown, in characters.
const SHOWN: usize = 2_000;

/// Reads dead letters, one reader at a time. Cheap to clone.
#[derive(Clone)]
pub struct DeadLetters {
    kafka: KafkaConfig,
    read: Arc<Mutex<Option<Read>>>,
}

struct Read {
    at: Instant,
    letters: Arc<Vec<pb::DeadLetter>>,
    total: i64,
}

impl DeadLetters {
    /// Of this Kafka.
    pub fn of(kafka: KafkaConfig) -> Self {
        Self { kafka, read: Arc::default() }
    }

    /// The newest ones, newest first, and how many there are altogether.
    ///
    /// # Errors
    /// When Kafka does not answer.
    pub async fn newest(&self) -> Result<(Arc<Vec<pb::DeadLetter>>, i64), Error> {
        let mut read = self.read.lock().await;
        if let Some(Read { at, letters, total }) = &*read
            && at.elapsed() < FRESH
        {
            return Ok((letters.clone(), *total));
        }
        let (stored, total) =
            kafka::read_stored::<events::DeadLetter>(&self.kafka, "portal-dead-letters", READ).await?;
        let mut letters: Vec<pb::DeadLetter> = stored
            .into_iter()
            .filter_map(|stored| {
                Some(dead_letter(format!("{}:{}", stored.partition, stored.offset), stored.event.ok()?))
            })
            .collect();
        letters.sort_by_key(|letter| std::cmp::Reverse(letter.rejected_at_ms));
        let letters = Arc::new(letters);
        *read = Some(Read { at: Instant::now(), letters: letters.clone(), total });
        Ok((letters, total))
    }
}

fn dead_letter(place: String, record: events::DeadLetter) -> pb::DeadLetter {
    pb::DeadLetter {
        place,
        rejected_at_ms: record.rejected_at.as_ref().map_or(0, clock::from_timestamp),
        source_topic: record.source_topic,
        key: String::from_utf8_lossy(&record.key).into_owned(),
        reason: record.reason,
        value: String::from_utf8_lossy(&record.value).chars().take(SHOWN).collect(),
    }
}
