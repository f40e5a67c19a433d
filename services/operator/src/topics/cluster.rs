//! Kafka's own view of its topics, and changing them.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use evcharging_common::{
    error::Error,
    kafka::{KafkaConfig, refused},
};
use rdkafka::{
    ClientContext,
    admin::{
        AdminClient, AdminOptions, AlterConfig, ConfigSource, NewPartitions, NewTopic,
        OwnedResourceSpecifier, ResourceSpecifier, TopicReplication, TopicResult,
    },
    config::RDKafkaLogLevel,
    error::KafkaError,
    types::RDKafkaErrorCode,
};

use super::difference::{Change, Found, Wanted, is_enough};

/// How long Kafka may take for one answer.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Keeps librdkafka's own words out of what a person reads.
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        tracing::debug!(?level, facility, message, "librdkafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Authentication) {
            tracing::warn!(reason, "Kafka does not let us in");
        }
    }
}

/// A connection for administration.
pub(super) struct Cluster {
    admin: Arc<AdminClient<Quiet>>,
    place: String,
    logs_in: bool,
}

impl Cluster {
    /// Connects on first use.
    pub(super) fn connect(config: &KafkaConfig) -> Result<Self, Error> {
        let admin = config.client("evcharging-topics").create_with_context(Quiet).map_err(refused)?;
        Ok(Self {
            admin: Arc::new(admin),
            place: config.kafka_bootstrap_servers.clone(),
            logs_in: config.access.kafka_username.is_some(),
        })
    }

    /// How many brokers answer, and those of the named topics that exist.
    pub(super) async fn topics(&self, wanted: &[String]) -> Result<(i32, BTreeMap<String, Found>), Error> {
        let admin = self.admin.clone();
        let metadata = tokio::task::spawn_blocking(move || admin.inner().fetch_metadata(None, TIMEOUT)).await;
        let metadata = metadata.map_err(Error::internal)?.map_err(|error| self.away(&error))?;
        let mut found = BTreeMap::new();
        for topic in metadata.topics().iter().filter(|topic| wanted.iter().any(|name| name == topic.name())) {
            let replicas = topic.partitions().iter().map(|partition| partition.replicas().len()).min();
            let topic_found = Found {
                partitions: count(topic.partitions().len()),
                replicas: count(replicas.unwrap_or(0)),
                ..Found::default()
            };
            found.insert(topic.name().to_owned(), topic_found);
        }
        let names: Vec<String> = found.keys().cloned().collect();
        let resources: Vec<ResourceSpecifier<'_>> =
            names.iter().map(|name| ResourceSpecifier::Topic(name)).collect();
        if !resources.is_empty() {
            let described = self
                .admin
                .describe_configs(&resources, &options())
                .await
                .map_err(|error| self.away(&error))?;
            for resource in described {
                let resource = resource.map_err(|code| self.refused("to describe a topic", code))?;
                let OwnedResourceSpecifier::Topic(name) = &resource.specifier else { continue };
                let Some(topic) = found.get_mut(name) else { continue };
                for entry in resource.entries {
                    let Some(value) = entry.value else { continue };
                    if entry.source == ConfigSource::DynamicTopic {
                        topic.own_settings.insert(entry.name.clone(), value.clone());
                    }
                    topic.settings.insert(entry.name, value);
                }
            }
        }
        Ok((count(metadata.brokers().len()), found))
    }

    /// Makes one topic what it should be, as far as that can be done.
    pub(super) async fn apply(
        &self,
        topic: &Wanted,
        found: Option<&Found>,
        changes: &[Change],
    ) -> Result<(), Error> {
        let Some(found) = found else { return self.create(topic).await };
        let mut changes = changes.iter().filter(|change| change.topic == topic.name);
        if changes.clone().any(Change::grows_partitions) {
            let partitions = NewPartitions::new(&topic.name, usize::try_from(topic.partitions).unwrap_or(1));
            let done = self.admin.create_partitions([&partitions], &options()).await;
            self.all_done("to add partitions", done)?;
        }
        if changes.any(Change::is_setting) {
            // Kafka forgets every setting that is not told again, also those that others made.
            let mut altered = AlterConfig::new(ResourceSpecifier::Topic(&topic.name));
            for (name, value) in &found.own_settings {
                if !topic.settings.iter().any(|(wanted, _)| wanted == name) {
                    altered = altered.set(name, value);
                }
            }
            for (name, value) in &topic.settings {
                let set = found.settings.get(*name).filter(|is| is_enough(name, is, value)).unwrap_or(value);
                altered = altered.set(name, set);
            }
            let done =
                self.admin.alter_configs([&altered], &options()).await.map_err(|error| self.away(&error))?;
            for result in done {
                result.map_err(|(_, code)| self.refused("to change a setting", code))?;
            }
        }
        Ok(())
    }

    async fn create(&self, topic: &Wanted) -> Result<(), Error> {
        let mut new = NewTopic::new(&topic.name, topic.partitions, TopicReplication::Fixed(topic.replicas));
        for (name, value) in &topic.settings {
            new = new.set(name, value);
        }
        let done = self.admin.create_topics([&new], &options()).await;
        self.all_done("to make a topic", done)
    }

    fn all_done(&self, what: &str, done: Result<Vec<TopicResult>, KafkaError>) -> Result<(), Error> {
        for result in done.map_err(|error| self.away(&error))? {
            match result {
                // Someone else did it at the same time.
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((_, code)) => return Err(self.refused(what, code)),
            }
        }
        Ok(())
    }

    fn away(&self, error: &KafkaError) -> Error {
        // librdkafka tells a wrong password and a broker that is away by the same code.
        let hint = if self.logs_in { "; a wrong user or password looks the same" } else { "" };
        Error::unavailable(format!("Kafka at {} does not answer: {error}{hint}", self.place), error)
    }

    fn refused(&self, what: &str, code: RDKafkaErrorCode) -> Error {
        let message = format!("Kafka at {} refused {what}: {code}", self.place);
        Error::failed_precondition("TOPICS_REFUSED", message)
    }
}

fn options() -> AdminOptions {
    AdminOptions::new().request_timeout(Some(TIMEOUT)).operation_timeout(Some(TIMEOUT))
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
