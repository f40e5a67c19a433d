//! Everything that was ever said on the topics, read from their beginning.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
    time::Duration,
};

use evcharging_common::{
    events::Event,
    kafka::KafkaConfig,
    pb::events::v1::{
        CpTelemetry, DriverNotification, cp_telemetry::Telemetry, driver_notification::Notification,
    },
};
use rdkafka::{
    Message, Offset, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
    message::Headers,
};

const TIMEOUT: Duration = Duration::from_secs(10);

/// What a charge point published about one session.
#[derive(Debug, Clone, Copy, Default)]
pub struct Metered {
    pub start_mwh: Option<i64>,
    pub highest_mwh: i64,
    pub end_mwh: Option<i64>,
}

/// What the topics hold.
pub struct History {
    /// What each driver was told, in order; what was sent again with the same id is here once.
    pub told: Vec<Notification>,
    /// Notifications that came again.
    pub repeated: usize,
    /// By session.
    pub metered: BTreeMap<String, Metered>,
    /// Records of dead_letters.
    pub dead_letters: usize,
}

impl History {
    /// Reads all that there is now.
    pub async fn read(kafka: &KafkaConfig) -> Self {
        let kafka = kafka.clone();
        tokio::task::spawn_blocking(move || Self::read_blocking(&kafka)).await.expect("the topics are read")
    }

    fn read_blocking(kafka: &KafkaConfig) -> Self {
        let mut history = Self { told: Vec::new(), repeated: 0, metered: BTreeMap::new(), dead_letters: 0 };
        let mut seen = HashSet::new();
        each_record::<DriverNotification>(kafka, |event_id, event| {
            if seen.insert(event_id) {
                history.told.extend(event.notification);
            } else {
                history.repeated += 1;
            }
        });
        each_record::<CpTelemetry>(kafka, |_, event| match event.telemetry {
            Some(Telemetry::SessionStarted(started)) => {
                let metered = history.metered.entry(started.session_id).or_default();
                metered.start_mwh = Some(started.register_mwh);
                metered.highest_mwh = metered.highest_mwh.max(started.register_mwh);
            }
            Some(Telemetry::Consumption(reading)) => {
                let metered = history.metered.entry(reading.session_id).or_default();
                metered.highest_mwh = metered.highest_mwh.max(reading.register_mwh);
            }
            Some(Telemetry::SupplyEnd(end)) => {
                let metered = history.metered.entry(end.session_id).or_default();
                metered.highest_mwh = metered.highest_mwh.max(end.register_mwh);
                metered.end_mwh = Some(end.register_mwh);
            }
            Some(Telemetry::Fault(_)) | None => {}
        });
        each_record::<evcharging_common::pb::events::v1::DeadLetter>(kafka, |_, _| history.dead_letters += 1);
        history
    }

    /// Writes what the drivers were told, a line each.
    pub fn write(&self, folder: &Path) {
        let lines: Vec<String> = self.told.iter().map(|told| format!("{told:?}")).collect();
        std::fs::write(folder.join("driver_notifications.txt"), lines.join("\n")).expect("a file is written");
    }
}

fn each_record<E: Event>(kafka: &KafkaConfig, mut take: impl FnMut(String, E)) {
    let consumer: BaseConsumer =
        kafka.client("chaos-history").set("group.id", "chaos-history").create().expect("a consumer");
    let topic = kafka.name_of(E::TOPIC);
    let metadata = consumer.fetch_metadata(Some(&topic), TIMEOUT).expect("the topic is there");
    let mut assignment = TopicPartitionList::new();
    let mut left = BTreeMap::new();
    for partition in metadata.topics()[0].partitions() {
        let (first, end) = consumer.fetch_watermarks(&topic, partition.id(), TIMEOUT).expect("its bounds");
        if first < end {
            assignment
                .add_partition_offset(&topic, partition.id(), Offset::Offset(first))
                .expect("an offset");
            left.insert(partition.id(), end);
        }
    }
    consumer.assign(&assignment).expect("partitions are assigned");
    while !left.is_empty() {
        let message = consumer.poll(TIMEOUT).expect("a record in time").expect("a record");
        let header = |name: &str| {
            let found = message.headers()?.iter().find(|header| header.key == name)?;
            Some(String::from_utf8_lossy(found.value?).into_owned())
        };
        let value = message.payload().unwrap_or_default();
        let event = E::decode_value(value, header("content-type").as_deref()).expect("an event of ours");
        take(header("ce_id").unwrap_or_default(), event);
        left.retain(|partition, end| *partition != message.partition() || message.offset() + 1 < *end);
    }
}
