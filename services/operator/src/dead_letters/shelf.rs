//! Reading all dead letters that there are at the moment.

use evcharging_common::{
    error::Error,
    kafka::{self, KafkaConfig},
    pb::events::v1::DeadLetter,
};

use super::letter::{Letter, Place};

/// Every letter up to now, oldest first.
pub(super) async fn read_all(config: &KafkaConfig) -> Result<Vec<Letter>, Error> {
    let (stored, _) = kafka::read_stored::<DeadLetter>(config, "evcharging-dead-letters", i64::MAX).await?;
    // What others put there can't be replayed, but must not hide the rest.
    let mut letters: Vec<Letter> = stored
        .into_iter()
        .filter_map(|stored| {
            let place = Place { partition: stored.partition, offset: stored.offset };
            Some(Letter { place, record: stored.event.ok()? })
        })
        .collect();
    letters.sort_by_key(|letter| (letter.rejected_at_ms(), letter.place));
    Ok(letters)
}
