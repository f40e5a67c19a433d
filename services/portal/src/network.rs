//! The network as the pages show it, and what changed since a page was told last. Pure: the clock comes in as an argument.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use evcharging_common::pb::{
    portal::v1::{Messaging, PowerPoint, Reading},
    types::v1::{AuditEvent, ChargePoint},
};

use crate::power::PowerHistory;

/// The network's status is said every 5 s: whoever hears nothing for longer hears nothing at all.
const SILENCE_MS: i64 = 12_000;
/// A reading that is older tells nothing about the power now.
const FRESH_MS: i64 = 5_000;
/// Events that a page which was away for a moment still gets.
const MOST_EVENTS: usize = 500;
/// Steps of what is remembered of power: of one charge point, and of the network.
const CHARGE_POINT_STEP_MS: i64 = 10_000;
const NETWORK_STEP_MS: i64 = 5_000;

/// Counts changes: a page is told what came after the count that it has seen.
pub type Version = u64;

/// The network now.
#[derive(Debug)]
pub struct Network {
    version: Version,
    entries: BTreeMap<String, Entry>,
    is_complete: bool,
    events: VecDeque<(Version, AuditEvent)>,
    /// The newest of the ids that were seen: with several writers, a smaller one may be stored later.
    seen_event_ids: BTreeSet<i64>,
    power: PowerHistory,
    new_power: VecDeque<(Version, PowerPoint)>,
    messaging: Messaging,
    messaging_version: Version,
    heard_at_ms: i64,
}

#[derive(Debug)]
struct Entry {
    charge_point: ChargePoint,
    version: Version,
    reading: Option<Reading>,
    reading_version: Version,
    power: PowerHistory,
}

/// What changed after a version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Charge points whose facts changed.
    pub charge_points: Vec<ChargePoint>,
    /// They are all there are.
    pub is_complete: bool,
    /// New readings.
    pub readings: Vec<Reading>,
    /// What happened, oldest first.
    pub events: Vec<AuditEvent>,
    /// Power of the network.
    pub power: Vec<PowerPoint>,
    /// When it changed.
    pub messaging: Option<Messaging>,
}

impl Network {
    /// Nothing is known yet; Kafka is taken to be heard.
    pub fn new(now_ms: i64) -> Self {
        Self {
            version: 1,
            entries: BTreeMap::new(),
            is_complete: false,
            events: VecDeque::new(),
            seen_event_ids: BTreeSet::new(),
            power: PowerHistory::with_step(NETWORK_STEP_MS),
            new_power: VecDeque::new(),
            messaging: Messaging { is_heard: true, since_ms: now_ms },
            messaging_version: 1,
            heard_at_ms: now_ms,
        }
    }

    /// Counts every change so far.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Whether every charge point is known.
    pub fn is_complete(&self) -> bool {
        self.is_complete
    }

    /// Every charge point is known now.
    pub fn set_complete(&mut self) {
        if !self.is_complete {
            self.is_complete = true;
            self.version += 1;
        }
    }

    /// Whether Kafka is heard.
    pub fn is_heard(&self) -> bool {
        self.messaging.is_heard
    }

    /// A charge point as it was at some time; an older one than is known changes nothing.
    pub fn set_charge_point(&mut self, charge_point: ChargePoint, now_ms: i64) {
        self.version += 1;
        let version = self.version;
        match self.entries.get_mut(&charge_point.cp_id) {
            Some(entry) if entry.charge_point == charge_point => {}
            Some(entry) if entry.charge_point.version > charge_point.version => {}
            Some(entry) => {
                if entry.reading.as_ref().is_some_and(|reading| reading.session_id != charge_point.session_id)
                {
                    entry.reading = None;
                    entry.power.note(now_ms, 0);
                }
                entry.charge_point = charge_point;
                entry.version = version;
            }
            None => {
                let entry = Entry {
                    charge_point,
                    version,
                    reading: None,
                    reading_version: 0,
                    power: PowerHistory::with_step(CHARGE_POINT_STEP_MS),
                };
                self.entries.insert(entry.charge_point.cp_id.clone(), entry);
            }
        }
    }

    /// A reading; one that is older than what is known changes nothing.
    pub fn read(&mut self, reading: Reading) {
        let Some(entry) = self.entries.get_mut(&reading.cp_id) else { return };
        if entry.charge_point.session_id != reading.session_id {
            // It came late; or the charge point's own news did, and the next comes in a second.
            return;
        }
        if entry.reading.as_ref().is_some_and(|known| known.measured_at_ms >= reading.measured_at_ms) {
            return;
        }
        self.version += 1;
        entry.power.note(reading.measured_at_ms, reading.power_w);
        entry.reading_version = self.version;
        entry.reading = Some(reading);
    }

    /// Events that happened, newest first, as lists of them are told.
    pub fn add_events(&mut self, newest_first: Vec<AuditEvent>) {
        for event in newest_first.into_iter().rev() {
            let is_old = self.seen_event_ids.len() >= MOST_EVENTS
                && self.seen_event_ids.first().is_some_and(|first| event.event_id < *first);
            if !is_old && self.seen_event_ids.insert(event.event_id) {
                self.version += 1;
                self.events.push_back((self.version, event));
            }
        }
        while self.seen_event_ids.len() > MOST_EVENTS {
            self.seen_event_ids.pop_first();
        }
        while self.events.len() > MOST_EVENTS {
            self.events.pop_front();
        }
    }

    /// Something came by Kafka.
    pub fn hear(&mut self, now_ms: i64) {
        self.heard_at_ms = now_ms;
    }

    /// What changes by itself: silence, and the sum of power.
    pub fn tick(&mut self, now_ms: i64) {
        let is_heard = now_ms - self.heard_at_ms < SILENCE_MS;
        if is_heard != self.messaging.is_heard {
            // Silence began when the last was heard, not when it was noticed.
            let since_ms = if is_heard { now_ms } else { self.heard_at_ms };
            self.messaging = Messaging { is_heard, since_ms };
            self.version += 1;
            self.messaging_version = self.version;
        }
        let readings = self.entries.values().filter_map(|entry| entry.reading.as_ref());
        let fresh = readings.filter(|reading| now_ms - reading.measured_at_ms < FRESH_MS);
        let power_w = fresh.map(|reading| reading.power_w).sum();
        if let Some(point) = self.power.note(now_ms, power_w) {
            self.version += 1;
            self.new_power.push_back((self.version, point));
            while self.new_power.len() > 60 {
                self.new_power.pop_front();
            }
        }
    }

    /// Everything, for a page that knows nothing.
    pub fn everything(&self, now_ms: i64) -> Changes {
        Changes { events: Vec::new(), power: self.power.points(now_ms), ..self.since(0) }
    }

    /// What changed after a version.
    pub fn since(&self, version: Version) -> Changes {
        let newer = |entry: &&Entry| entry.version > version;
        Changes {
            charge_points: self
                .entries
                .values()
                .filter(newer)
                .map(|entry| entry.charge_point.clone())
                .collect(),
            is_complete: version == 0,
            readings: self
                .entries
                .values()
                .filter(|entry| entry.reading_version > version)
                .filter_map(|entry| entry.reading.clone())
                .collect(),
            events: newer_than(&self.events, version),
            power: newer_than(&self.new_power, version),
            messaging: (self.messaging_version > version).then_some(self.messaging),
        }
    }

    /// Power of one charge point over the last hour.
    pub fn power_of(&self, cp_id: &str, now_ms: i64) -> Vec<PowerPoint> {
        self.entries.get(cp_id).map(|entry| entry.power.points(now_ms)).unwrap_or_default()
    }
}

fn newer_than<T: Clone>(items: &VecDeque<(Version, T)>, version: Version) -> Vec<T> {
    items.iter().filter(|(its, _)| *its > version).map(|(_, item)| item.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn charge_point(cp_id: &str, version: i64, session_id: &str) -> ChargePoint {
        ChargePoint {
            cp_id: cp_id.to_owned(),
            version,
            session_id: session_id.to_owned(),
            ..ChargePoint::default()
        }
    }

    fn reading(session_id: &str, measured_at_ms: i64) -> Reading {
        let (cp_id, session_id) = ("MAD-01".to_owned(), session_id.to_owned());
        Reading { cp_id, session_id, power_w: 22_000, measured_at_ms, ..Reading::default() }
    }

    #[test]
    fn a_page_is_told_what_changed_since_it_was_told_last_and_nothing_twice() {
        let mut network = Network::new(0);
        network.set_charge_point(charge_point("MAD-01", 1, "s"), 0);
        network.set_charge_point(charge_point("MAD-02", 1, ""), 0);
        let seen = network.version();
        assert_eq!(network.everything(0).charge_points.len(), 2);
        assert_eq!(network.since(seen), Changes::default());
        network.read(reading("s", 1_000));
        network.read(reading("s", 2_000));
        network.read(reading("s", 1_500));
        let changes = network.since(seen);
        assert_eq!(changes.readings, [reading("s", 2_000)], "the newest of each alone");
        assert!(changes.charge_points.is_empty() && !changes.is_complete);
        assert!(network.since(network.version()).readings.is_empty());
    }

    #[test]
    fn what_comes_late_changes_nothing_and_a_reading_ends_with_its_session() {
        let mut network = Network::new(0);
        network.set_charge_point(charge_point("MAD-01", 5, "s"), 0);
        network.read(reading("s", 1_000));
        let seen = network.version();
        network.set_charge_point(charge_point("MAD-01", 4, "older"), 0);
        assert!(network.since(seen).charge_points.is_empty());
        assert_eq!(network.everything(0).readings.len(), 1);
        network.set_charge_point(charge_point("MAD-01", 6, ""), 2_000);
        assert!(network.everything(0).readings.is_empty());
        network.read(reading("s", 3_000));
        assert!(network.everything(0).readings.is_empty(), "it came after its session's end");
        assert_eq!(network.power_of("MAD-01", 2_000).last().map(|point| point.power_w), Some(0));
    }

    #[test]
    fn silence_is_noticed_and_so_is_its_end() {
        let mut network = Network::new(0);
        network.hear(10_000);
        network.tick(10_000 + SILENCE_MS - 1);
        assert!(network.is_heard());
        let seen = network.version();
        network.tick(10_000 + SILENCE_MS);
        let silent = Messaging { is_heard: false, since_ms: 10_000 };
        assert_eq!(network.since(seen).messaging, Some(silent));
        network.hear(60_000);
        network.tick(60_500);
        assert!(network.is_heard());
    }

    #[test]
    fn events_come_once_and_in_order() {
        let mut network = Network::new(0);
        let event = |event_id| AuditEvent { event_id, ..AuditEvent::default() };
        network.add_events(vec![event(2), event(1)]);
        let seen = network.version();
        network.add_events(vec![event(4), event(3), event(2)]);
        let ids: Vec<i64> = network.since(seen).events.iter().map(|event| event.event_id).collect();
        assert_eq!(ids, [3, 4]);
        assert!(network.everything(0).events.is_empty(), "a new page asks for the past");
        let seen = network.version();
        network.add_events(vec![event(9), event(7)]);
        network.add_events(vec![event(9), event(8), event(7)]);
        let ids: Vec<i64> = network.since(seen).events.iter().map(|event| event.event_id).collect();
        assert_eq!(ids, [7, 9, 8], "one that was stored later than a greater one is told, too");
    }

    #[test]
    fn power_is_the_sum_of_what_was_measured_just_now() {
        let mut network = Network::new(0);
        network.set_charge_point(charge_point("MAD-01", 1, "s"), 0);
        network.read(reading("s", 1_000));
        network.tick(2_000);
        network.tick(60_000);
        let power: Vec<i64> = network.everything(60_000).power.iter().map(|point| point.power_w).collect();
        assert_eq!(power, [22_000, 0]);
    }
}
