//! `evcharging dead-letters`: looking at the records that could not be used, and sending them again.

mod letter;
mod shelf;

use evcharging_common::{
    error::Error,
    kafka::{KafkaConfig, Producer, topics},
};

use crate::{
    output::{print, print_json, remark},
    tables::table,
};
use letter::{Letter, Place};

/// What is done with dead letters.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum DeadLettersConfig {
    /// Show the records that could not be used, oldest first, and why
    List {
        /// Only those of this topic
        #[arg(long, value_name = "TOPIC", value_parser = parse_topic)]
        topic: Option<String>,
        /// At most so many, the newest
        #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
        limit: u32,
        /// One JSON object a line, with the whole record
        #[arg(long)]
        json: bool,
        /// Where they are.
        #[command(flatten)]
        kafka: KafkaConfig,
    },
    /// Send records to their topics again, as they came: after what refused them was mended
    Replay {
        /// Which ones, as `list` shows them, such as 0:17
        #[arg(value_name = "LETTER", required_unless_present = "all", conflicts_with = "all")]
        letters: Vec<Place>,
        /// All of them; together with --topic, all of that topic
        #[arg(long)]
        all: bool,
        /// Only those of this topic
        #[arg(long, value_name = "TOPIC", requires = "all", value_parser = parse_topic)]
        topic: Option<String>,
        /// Where they are.
        #[command(flatten)]
        kafka: KafkaConfig,
    },
}

/// Lists or replays.
///
/// # Errors
/// When Kafka does not answer, or a record can't be sent again.
pub async fn dead_letters(config: DeadLettersConfig) -> Result<(), Error> {
    match config {
        DeadLettersConfig::List { topic, limit, json, kafka } => {
            let mut found = shelf::read_all(&kafka).await?;
            found.retain(|letter| letter.is_of(topic.as_deref()));
            let first = found.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
            list(&found[first..], first, json)
        }
        DeadLettersConfig::Replay { letters, all, topic, kafka } => {
            let found = shelf::read_all(&kafka).await?;
            let chosen = if all {
                found.into_iter().filter(|letter| letter.is_of(topic.as_deref())).collect()
            } else {
                pick(found, &letters)?
            };
            replay(&kafka, &chosen).await
        }
    }
}

fn list(letters: &[Letter], older: usize, json: bool) -> Result<(), Error> {
    if json {
        return letters.iter().try_for_each(|letter| print_json(&letter.record));
    }
    if letters.is_empty() {
        print("No record was set aside.");
        return Ok(());
    }
    print(&table(letters));
    if older > 0 {
        remark(&format!("{older} older ones are not shown; --limit shows more."));
    }
    Ok(())
}

fn pick(mut found: Vec<Letter>, places: &[Place]) -> Result<Vec<Letter>, Error> {
    if let Some(missing) = places.iter().find(|place| !found.iter().any(|letter| letter.place == **place)) {
        return Err(Error::not_found("DEAD_LETTER_UNKNOWN", format!("there is no dead letter {missing}")));
    }
    found.retain(|letter| places.contains(&letter.place));
    Ok(found)
}

/// Checks all before it sends the first.
async fn replay(kafka: &KafkaConfig, letters: &[Letter]) -> Result<(), Error> {
    for letter in letters {
        letter.check_whole()?;
    }
    let producer = Producer::new(kafka, "dead-letters")?;
    for letter in letters {
        let record = &letter.record;
        producer.send_as_it_is(&record.source_topic, &record.key, &record.value, letter.headers()).await?;
        print(&format!("{} went to {} again", letter.place, record.source_topic));
    }
    print(&format!(
        "{} sent again. They stay in {} until its retention ends.",
        letters.len(),
        topics::DEAD_LETTERS
    ));
    Ok(())
}

fn parse_topic(text: &str) -> Result<String, String> {
    let names: Vec<&str> = topics::ALL.iter().map(|topic| topic.name).collect();
    if names.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(format!("must be one of {}", names.join(", ")))
    }
}
