//! What differs between the topics that the network needs and those that Kafka has. Pure.

use std::collections::BTreeMap;

use evcharging_common::kafka::topics::Topic;

use crate::tables::Tabular;

/// A topic as it should be.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// Its name in Kafka.
    pub name: String,
    /// At least so many.
    pub partitions: i32,
    /// Copies of each record.
    pub replicas: i32,
    /// Its settings, by Kafka's names.
    pub settings: Vec<(&'static str, String)>,
}

/// A topic as it is.
#[derive(Debug, Clone, Default)]
pub(super) struct Found {
    pub partitions: i32,
    pub replicas: i32,
    /// What holds for it, by Kafka's names.
    pub settings: BTreeMap<String, String>,
    /// What was set for it in particular.
    pub own_settings: BTreeMap<String, String>,
}

/// One thing that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Change {
    pub topic: String,
    pub what: &'static str,
    pub is: String,
    pub should_be: String,
}

/// How the number of copies is called.
const REPLICAS: &str = "replicas";
const PARTITIONS: &str = "partitions";
const EXISTS: &str = "topic";
/// Kafka's name for how many copies must have a record before it counts.
const MIN_COPIES: &str = "min.insync.replicas";

impl Wanted {
    pub(super) fn new(topic: &Topic, name: String, partitions: i32, replicas: i32) -> Self {
        let policy = if topic.is_state { "compact,delete" } else { "delete" };
        let settings = vec![
            ("cleanup.policy", policy.to_owned()),
            ("retention.ms", (topic.retention_hours * 3_600_000).to_string()),
            // One broker may be away without a write being refused, and none is confirmed that one copy alone holds.
            (MIN_COPIES, (replicas - 1).max(1).to_string()),
        ];
        Self { name, partitions, replicas, settings }
    }
}

impl Change {
    fn new(topic: &Wanted, what: &'static str, is: impl ToString, should_be: impl ToString) -> Self {
        Self { topic: topic.name.clone(), what, is: is.to_string(), should_be: should_be.to_string() }
    }

    /// Copies can't be changed by a simple command.
    pub(super) fn can_be_applied(&self) -> bool {
        self.what != REPLICAS
    }

    pub(super) fn grows_partitions(&self) -> bool {
        self.what == PARTITIONS
    }

    pub(super) fn is_setting(&self) -> bool {
        ![EXISTS, PARTITIONS, REPLICAS].contains(&self.what)
    }
}

/// What has to be done, in the order of the topics.
pub(super) fn differences(wanted: &[Wanted], found: &BTreeMap<String, Found>) -> Vec<Change> {
    let mut changes = Vec::new();
    for topic in wanted {
        let Some(is) = found.get(&topic.name) else {
            let should_be = format!("{} partitions, {} replicas", topic.partitions, topic.replicas);
            changes.push(Change::new(topic, EXISTS, "missing", should_be));
            continue;
        };
        // More than needed are fine, and can't be taken back.
        if is.partitions < topic.partitions {
            changes.push(Change::new(topic, PARTITIONS, is.partitions, topic.partitions));
        }
        if is.replicas < topic.replicas {
            changes.push(Change::new(topic, REPLICAS, is.replicas, topic.replicas));
        }
        for (name, should_be) in &topic.settings {
            let setting = is.settings.get(*name).map_or("", String::as_str);
            if !is_enough(name, setting, should_be) {
                changes.push(Change::new(topic, name, setting, should_be));
            }
        }
    }
    changes
}

/// The same, or for copies that must have a record: more.
pub(super) fn is_enough(name: &str, is: &str, should_be: &str) -> bool {
    let number = |text: &str| text.parse::<i32>().unwrap_or(0);
    same(is, should_be) || (name == MIN_COPIES && number(is) >= number(should_be))
}

/// Kafka may tell a list in another order.
fn same(is: &str, should_be: &str) -> bool {
    let sorted = |list: &str| {
        let mut words: Vec<String> = list.split(',').map(|word| word.trim().to_owned()).collect();
        words.sort();
        words
    };
    sorted(is) == sorted(should_be)
}

impl Tabular for Change {
    const NAME: &'static str = "differences";
    const HEADER: &'static [&'static str] = &["topic", "what", ">is", ">should be"];

    fn row(&self) -> Vec<String> {
        vec![self.topic.clone(), self.what.to_owned(), self.is.clone(), self.should_be.clone()]
    }
}

#[cfg(test)]
mod tests {
    use evcharging_common::kafka::topics;

    use super::*;

    fn wanted() -> Vec<Wanted> {
        topics::ALL
            .iter()
            .map(|topic| Wanted::new(topic, topic.name.to_owned(), topic.partitions, 3))
            .collect()
    }

    fn as_wanted(wanted: &[Wanted]) -> BTreeMap<String, Found> {
        let found = wanted.iter().map(|topic| {
            let settings = topic.settings.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
            let found = Found {
                partitions: topic.partitions,
                replicas: topic.replicas,
                settings: settings.collect(),
                own_settings: BTreeMap::new(),
            };
            (topic.name.clone(), found)
        });
        found.collect()
    }

    #[test]
    fn nothing_differs_where_all_is_as_wanted_or_larger() {
        let wanted = wanted();
        let mut found = as_wanted(&wanted);
        for topic in found.values_mut() {
            topic.partitions += 1;
            topic.settings.insert("segment.ms".to_owned(), "1".to_owned());
        }
        if let Some(status) = found.get_mut(topics::NETWORK_STATUS) {
            status.settings.insert("cleanup.policy".to_owned(), "delete, compact".to_owned());
        }
        assert_eq!(differences(&wanted, &found), []);
    }

    #[test]
    fn more_copies_than_needed_are_never_taken_back() {
        let wanted = wanted();
        let mut found = as_wanted(&wanted);
        for topic in found.values_mut() {
            topic.replicas = 5;
            topic.settings.insert(MIN_COPIES.to_owned(), "4".to_owned());
        }
        assert_eq!(differences(&wanted, &found), []);
    }

    #[test]
    fn each_difference_is_told_once_with_what_is_and_what_should_be() {
        let wanted = wanted();
        let mut found = as_wanted(&wanted);
        found.remove(topics::DEAD_LETTERS);
        if let Some(requests) = found.get_mut(topics::DRIVER_REQUESTS) {
            requests.partitions = 2;
            requests.replicas = 1;
            requests.settings.insert("retention.ms".to_owned(), "1000".to_owned());
        }
        let told: Vec<String> = differences(&wanted, &found)
            .iter()
            .map(|change| format!("{} {} {} {}", change.topic, change.what, change.is, change.should_be))
            .collect();
        assert_eq!(
            told,
            [
                "driver_requests partitions 2 12",
                "driver_requests replicas 1 3",
                "driver_requests retention.ms 1000 86400000",
                "dead_letters topic missing 3 partitions, 3 replicas",
            ]
        );
    }
}
