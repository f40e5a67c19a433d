//! Everything that was ever said on the topics, read from their beginning.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use evcharging_common::{
    events::Event,
    kafka::{self, KafkaConfig},
    pb::events::v1::{
        CpTelemetry, DeadLetter, DriverNotification, cp_telemetry::Telemetry,
        driver_notification::Notification,
    },
};

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
        let mut history = Self { told: Vec::new(), repeated: 0, metered: BTreeMap::new(), dead_letters: 0 };
        let mut seen = HashSet::new();
        each_record::<DriverNotification>(kafka, |event_id, event| {
            if seen.insert(event_id) {
                history.told.extend(event.notification);
            } else {
                history.repeated += 1;
            }
        })
        .await;
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
        })
        .await;
        each_record::<DeadLetter>(kafka, |_, _| history.dead_letters += 1).await;
        history
    }

    /// Writes what the drivers were told, a line each.
    pub fn write(&self, folder: &Path) {
        let lines: Vec<String> = self.told.iter().map(|told| format!("{told:?}")).collect();
        std::fs::write(folder.join("driver_notifications.txt"), lines.join("\n")).expect("a file is written");
    }
}

async fn each_record<E: Event>(kafka: &KafkaConfig, mut take: impl FnMut(String, E)) {
    let stored = kafka::read_stored::<E>(kafka, "chaos-history", i64::MAX).await;
    for stored in stored.expect("the topic is read").0 {
        take(stored.event_id.unwrap_or_default(), stored.event.expect("an event of ours"));
    }
}
