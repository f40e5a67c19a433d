//! `evcharging topics`: what Kafka has, what the network needs, and making it so.

mod cluster;
mod difference;

use evcharging_common::{
    error::Error,
    kafka::{KafkaConfig, topics},
};

use crate::{
    output::{print, remark},
    tables::table,
};
use cluster::Cluster;
use difference::{Change, Wanted, differences};

/// The most replicas by default; fewer where there are fewer brokers.
const REPLICAS: i32 = 3;

/// How the topics should be.
#[derive(Debug, Clone, clap::Args)]
pub struct TopicsConfig {
    /// Make what is missing and change what differs; without it, only tell
    #[arg(long)]
    pub apply: bool,
    /// Copies of each record; by default as many as a topic has, and for a new one 3, or as many as brokers answer
    #[arg(long, env = "EVCHARGING_REPLICATION_FACTOR", value_name = "N", value_parser = clap::value_parser!(i32).range(1..=15))]
    pub replication_factor: Option<i32>,
    /// Partitions of a topic instead of the usual number; can be repeated
    #[arg(long = "partitions", value_name = "TOPIC=N", value_parser = parse_partitions)]
    pub partitions: Vec<(String, i32)>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub kafka: KafkaConfig,
}

/// Tells the difference, and with `--apply` removes it.
///
/// # Errors
/// When Kafka does not answer or refuses, or when there is a difference that was not removed.
pub async fn topics(config: TopicsConfig) -> Result<(), Error> {
    let cluster = Cluster::connect(&config.kafka)?;
    let names: Vec<String> = topics::ALL.iter().map(|topic| config.kafka.name_of(topic.name)).collect();
    let (brokers, found) = cluster.topics(&names).await?;
    if let Some(replicas) = config.replication_factor
        && replicas > brokers
    {
        let problem = format!("is {replicas}, but {brokers} brokers answer");
        return Err(Error::invalid_argument("--replication-factor", problem));
    }
    let wanted: Vec<Wanted> = topics::ALL
        .iter()
        .map(|topic| {
            let asked = config.partitions.iter().find(|(name, _)| name == topic.name);
            let partitions = asked.map_or(topic.partitions, |(_, partitions)| *partitions);
            let name = config.kafka.name_of(topic.name);
            // A topic that exists keeps its copies: a broker that is away at the moment is no reason for fewer.
            let kept = found.get(&name).map(|found| found.replicas);
            let replicas = config.replication_factor.or(kept).unwrap_or(REPLICAS.min(brokers));
            Wanted::new(topic, name, partitions, replicas)
        })
        .collect();
    let changes: Vec<Change> = differences(&wanted, &found);
    if changes.is_empty() {
        print(&format!("All {} topics are as they should be.", wanted.len()));
        return Ok(());
    }
    print(&table(&changes));
    if config.apply {
        for topic in &wanted {
            cluster.apply(topic, found.get(&topic.name), &changes).await?;
        }
        if changes.iter().any(Change::grows_partitions) {
            remark(
                "Partitions were added: restart cp-registry, which follows those that it found at its start.",
            );
        }
    }
    let left = changes.iter().filter(|change| !config.apply || !change.can_be_applied()).count();
    if left == 0 {
        remark("Done.");
        return Ok(());
    }
    let advice = if config.apply {
        "copies of a topic that exists are changed with Kafka's own tool, kafka-reassign-partitions"
    } else {
        "run the same with --apply"
    };
    let message = format!("{left} settings of Kafka's topics differ from what the network needs: {advice}");
    Err(Error::failed_precondition("TOPICS_DIFFER", message))
}

fn parse_partitions(text: &str) -> Result<(String, i32), String> {
    let (name, number) = text.split_once('=').ok_or("must be TOPIC=N, such as cp_telemetry=48")?;
    if !topics::ALL.iter().any(|topic| topic.name == name) {
        let names: Vec<&str> = topics::ALL.iter().map(|topic| topic.name).collect();
        return Err(format!("{name:?} is none of {}", names.join(", ")));
    }
    match number.parse() {
        Ok(partitions @ 1..=1_000) => Ok((name.to_owned(), partitions)),
        _ => Err(format!("{number:?} is no number of partitions from 1 to 1000")),
    }
}
