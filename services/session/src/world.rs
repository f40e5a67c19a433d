//! The part of the network that a batch of commands touches, in memory, and one command's changes to it.

use std::collections::{HashMap, HashSet, hash_map::Entry};

use evcharging_common::{
    clock, events::Event, pb::events::v1 as pb, trace_propagation, vocabulary::ChargePointStatus,
};

use crate::{
    charge_point_state,
    entities::{AuditEvent, ChargePoint, Driver, LedgerEntry, OutboxEvent, Session},
};

/// What a batch touches, as later commands of the batch see it.
#[derive(Debug, Default, Clone)]
pub struct World {
    /// By id.
    pub charge_points: HashMap<String, ChargePoint>,
    /// By id.
    pub drivers: HashMap<String, Driver>,
    /// By id: those that were named, and the open ones of the charge points and drivers above.
    pub sessions: HashMap<String, Session>,
}

/// Everything that a batch changes, to be stored in one transaction.
#[derive(Debug, Default)]
pub struct Changes {
    /// Ids of changed charge points.
    pub cp_ids: HashSet<String>,
    /// Ids of changed drivers.
    pub driver_ids: HashSet<String>,
    /// Ids of changed sessions.
    pub session_ids: HashSet<String>,
    /// Those of the charge points that were not there before.
    pub new_cp_ids: HashSet<String>,
    /// Those of the drivers that were not there before.
    pub new_driver_ids: HashSet<String>,
    /// Those of the sessions that were not there before.
    pub new_session_ids: HashSet<String>,
    /// New ledger entries.
    pub ledger_entries: Vec<LedgerEntry>,
    /// New audit events.
    pub audit_events: Vec<AuditEvent>,
    /// New events for Kafka, in order.
    pub outbox_events: Vec<OutboxEvent>,
}

impl Changes {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.cp_ids.is_empty()
            && self.driver_ids.is_empty()
            && self.session_ids.is_empty()
            && self.ledger_entries.is_empty()
            && self.audit_events.is_empty()
            && self.outbox_events.is_empty()
    }
}

/// One command's view of the world: it reads through to the world and keeps its changes apart, so that a refused command leaves
/// nothing behind.
pub struct Draft<'a> {
    world: &'a World,
    /// When the command is decided.
    pub now_ms: i64,
    /// The trace of the caller, for what belongs to no session.
    pub traceparent: &'a str,
    charge_points: HashMap<String, ChargePoint>,
    drivers: HashMap<String, Driver>,
    sessions: HashMap<String, Session>,
    ledger_entries: Vec<LedgerEntry>,
    audit_events: Vec<AuditEvent>,
    outbox_events: Vec<OutboxEvent>,
}

/// What a draft came to.
pub struct Finished {
    charge_points: HashMap<String, ChargePoint>,
    drivers: HashMap<String, Driver>,
    sessions: HashMap<String, Session>,
    ledger_entries: Vec<LedgerEntry>,
    audit_events: Vec<AuditEvent>,
    outbox_events: Vec<OutboxEvent>,
}

impl World {
    /// Takes over what a command decided.
    pub fn apply(&mut self, finished: Finished, changes: &mut Changes) {
        changes.new_cp_ids.extend(new_ids(&self.charge_points, &finished.charge_points));
        changes.new_driver_ids.extend(new_ids(&self.drivers, &finished.drivers));
        changes.new_session_ids.extend(new_ids(&self.sessions, &finished.sessions));
        changes.cp_ids.extend(finished.charge_points.keys().cloned());
        changes.driver_ids.extend(finished.drivers.keys().cloned());
        changes.session_ids.extend(finished.sessions.keys().cloned());
        changes.ledger_entries.extend(finished.ledger_entries);
        changes.audit_events.extend(finished.audit_events);
        changes.outbox_events.extend(finished.outbox_events);
        self.charge_points.extend(finished.charge_points);
        self.drivers.extend(finished.drivers);
        self.sessions.extend(finished.sessions);
    }
}

fn new_ids<T>(known: &HashMap<String, T>, finished: &HashMap<String, T>) -> impl Iterator<Item = String> {
    finished.keys().filter(|id| !known.contains_key(*id)).cloned()
}

impl<'a> Draft<'a> {
    /// A draft without changes.
    pub fn new(world: &'a World, now_ms: i64, traceparent: &'a str) -> Self {
        Self {
            world,
            now_ms,
            traceparent,
            charge_points: HashMap::new(),
            drivers: HashMap::new(),
            sessions: HashMap::new(),
            ledger_entries: Vec::new(),
            audit_events: Vec::new(),
            outbox_events: Vec::new(),
        }
    }

    /// A charge point as it is now.
    pub fn charge_point(&self, cp_id: &str) -> Option<&ChargePoint> {
        self.charge_points.get(cp_id).or_else(|| self.world.charge_points.get(cp_id))
    }

    /// A driver as it is now.
    pub fn driver(&self, driver_id: &str) -> Option<&Driver> {
        self.drivers.get(driver_id).or_else(|| self.world.drivers.get(driver_id))
    }

    /// A session as it is now.
    pub fn session(&self, session_id: &str) -> Option<&Session> {
        self.sessions.get(session_id).or_else(|| self.world.sessions.get(session_id))
    }

    /// The open session of a charge point.
    pub fn session_at(&self, cp_id: &str) -> Option<&Session> {
        self.session(self.charge_point(cp_id)?.session_id.as_deref()?)
    }

    /// The open session of a driver.
    pub fn session_of(&self, driver_id: &str) -> Option<&Session> {
        self.session(self.driver(driver_id)?.session_id.as_deref()?)
    }

    /// A charge point to change.
    pub fn charge_point_mut(&mut self, cp_id: &str) -> Option<&mut ChargePoint> {
        to_change(&mut self.charge_points, &self.world.charge_points, cp_id)
    }

    /// A driver to change.
    pub fn driver_mut(&mut self, driver_id: &str) -> Option<&mut Driver> {
        to_change(&mut self.drivers, &self.world.drivers, driver_id)
    }

    /// A session to change.
    pub fn session_mut(&mut self, session_id: &str) -> Option<&mut Session> {
        to_change(&mut self.sessions, &self.world.sessions, session_id)
    }

    /// A new charge point.
    pub fn insert_charge_point(&mut self, charge_point: ChargePoint) {
        self.charge_points.insert(charge_point.cp_id.clone(), charge_point);
    }

    /// A new driver.
    pub fn insert_driver(&mut self, driver: Driver) {
        self.drivers.insert(driver.driver_id.clone(), driver);
    }

    /// A new session.
    pub fn insert_session(&mut self, session: Session) {
        self.sessions.insert(session.session_id.clone(), session);
    }

    /// A new ledger entry.
    pub fn add_ledger_entry(&mut self, entry: LedgerEntry) {
        self.ledger_entries.push(entry);
    }

    /// Sends an event in the caller's trace.
    pub fn send<E: Event>(&mut self, key: &str, event: impl Into<E>) {
        self.send_in_trace(key, event.into(), self.traceparent.to_owned());
    }

    /// Sends an event in a session's trace.
    pub fn send_for<E: Event>(&mut self, session: &Session, key: &str, event: impl Into<E>) {
        self.send_in_trace(key, event.into(), self.traceparent_for(session));
    }

    /// Where in a session's trace what is decided now belongs: to the command, if that is of the same trace, as what caused it; or
    /// else to the session's beginning.
    pub fn traceparent_for(&self, session: &Session) -> String {
        let is_of_session = trace_propagation::is_same_trace(self.traceparent, &session.traceparent);
        let nearest = if is_of_session { self.traceparent } else { &session.traceparent };
        nearest.to_owned()
    }

    fn send_in_trace<E: Event>(&mut self, key: &str, event: E, traceparent: String) {
        self.outbox_events.push(OutboxEvent {
            topic: E::TOPIC,
            record_key: key.to_owned(),
            // Every event that is made here names what happened.
            event_type: event.event_type().unwrap_or("UNKNOWN"),
            payload: event.to_json(),
            traceparent,
            at_ms: self.now_ms,
        });
    }

    /// Keeps what happened at a charge point for those who ask later.
    pub fn audit_charge_point(
        &mut self,
        kind: &'static str,
        cp_id: &str,
        actor: &str,
        message: impl Into<String>,
    ) {
        let (driver_id, session_id) = self.session_at(cp_id).map_or((None, None), |session| {
            (Some(session.driver_id.clone()), Some(session.session_id.clone()))
        });
        let cp_id = Some(cp_id.to_owned());
        let (at_ms, actor, message) = (self.now_ms, actor.to_owned(), message.into());
        self.audit_events.push(AuditEvent { at_ms, kind, cp_id, driver_id, session_id, actor, message });
    }

    /// Keeps what happened to a session.
    pub fn audit_session(
        &mut self,
        kind: &'static str,
        session: &Session,
        actor: &str,
        message: impl Into<String>,
    ) {
        self.audit_events.push(AuditEvent {
            at_ms: self.now_ms,
            kind,
            cp_id: Some(session.cp_id.clone()),
            driver_id: Some(session.driver_id.clone()),
            session_id: Some(session.session_id.clone()),
            actor: actor.to_owned(),
            message: message.into(),
        });
    }

    /// Keeps what happened to a driver.
    pub fn audit_driver(
        &mut self,
        kind: &'static str,
        driver_id: &str,
        actor: &str,
        message: impl Into<String>,
    ) {
        self.audit_events.push(AuditEvent {
            at_ms: self.now_ms,
            kind,
            cp_id: None,
            driver_id: Some(driver_id.to_owned()),
            session_id: None,
            actor: actor.to_owned(),
            message: message.into(),
        });
    }

    /// Closes the draft: statuses follow from the facts, versions grow, and whoever watches is told of each new status.
    pub fn finish(mut self) -> Finished {
        // A session's state shows in its charge point's status.
        let cp_ids: Vec<String> = self.sessions.values().map(|session| session.cp_id.clone()).collect();
        for cp_id in cp_ids {
            self.refresh_status(&cp_id, true);
        }
        let cp_ids: Vec<String> = self.charge_points.keys().cloned().collect();
        for cp_id in cp_ids {
            self.refresh_status(&cp_id, false);
        }
        bump(&mut self.drivers, &self.world.drivers, |driver| &mut driver.version);
        bump(&mut self.sessions, &self.world.sessions, |session| &mut session.version);
        Finished {
            charge_points: self.charge_points,
            drivers: self.drivers,
            sessions: self.sessions,
            ledger_entries: self.ledger_entries,
            audit_events: self.audit_events,
            outbox_events: self.outbox_events,
        }
    }

    fn refresh_status(&mut self, cp_id: &str, only_when_status_differs: bool) {
        let occupant =
            self.session_at(cp_id).filter(|session| session.is_open()).map(|session| session.state);
        let Some(current) = self.charge_point(cp_id) else { return };
        let status = charge_point_state::status(current, occupant);
        if only_when_status_differs && (current.status == status || self.charge_points.contains_key(cp_id)) {
            return;
        }
        let now_ms = self.now_ms;
        let before = self.world.charge_points.get(cp_id).cloned();
        let Some(charge_point) = self.charge_point_mut(cp_id) else { return };
        if let Some(before) = &before {
            if *before == *charge_point && before.status == status {
                self.charge_points.remove(cp_id);
                return;
            }
            charge_point.version = before.version + 1;
        }
        let shown = |charge_point: &ChargePoint| (charge_point.status, charge_point.session_id.clone());
        charge_point.status = status;
        if before.as_ref().is_none_or(|before| before.status != status) {
            charge_point.status_since_ms = now_ms;
        }
        if before.as_ref().is_none_or(|before| shown(before) != shown(charge_point)) {
            let event = status_changed(charge_point);
            let traceparent = self.session_at(cp_id).map(|session| session.traceparent.clone());
            let traceparent = traceparent.unwrap_or_else(|| self.traceparent.to_owned());
            self.send_in_trace::<pb::CpEvent>(cp_id, event.into(), traceparent);
        }
    }
}

fn status_changed(charge_point: &ChargePoint) -> pb::CpStatusChanged {
    let message = match charge_point.status {
        ChargePointStatus::Faulted => charge_point.fault_message.clone(),
        _ => String::new(),
    };
    pb::CpStatusChanged {
        cp_id: charge_point.cp_id.clone(),
        status: charge_point.status.to_string(),
        since: Some(clock::to_timestamp(charge_point.status_since_ms)),
        session_id: charge_point.session_id.clone().unwrap_or_default(),
        driver_id: charge_point.driver_id.clone().unwrap_or_default(),
        message,
        version: charge_point.version,
    }
}

fn to_change<'d, T: Clone>(
    changed: &'d mut HashMap<String, T>,
    world: &HashMap<String, T>,
    id: &str,
) -> Option<&'d mut T> {
    match changed.entry(id.to_owned()) {
        Entry::Occupied(entry) => Some(entry.into_mut()),
        Entry::Vacant(entry) => world.get(id).map(|known| entry.insert(known.clone())),
    }
}

/// Raises the versions of what really changed and forgets the rest.
fn bump<T: PartialEq>(
    changed: &mut HashMap<String, T>,
    world: &HashMap<String, T>,
    version: impl Fn(&mut T) -> &mut i64,
) {
    changed.retain(|id, entity| world.get(id) != Some(entity));
    for entity in changed.values_mut() {
        *version(entity) += 1;
    }
}

impl Finished {
    /// A charge point as the decision left it.
    pub fn charge_point_or(&self, unchanged: ChargePoint) -> ChargePoint {
        self.charge_points.get(&unchanged.cp_id).cloned().unwrap_or(unchanged)
    }

    /// A driver as the decision left it.
    pub fn driver_or(&self, unchanged: Driver) -> Driver {
        self.drivers.get(&unchanged.driver_id).cloned().unwrap_or(unchanged)
    }

    /// A session as the decision left it.
    pub fn session_or(&self, unchanged: Session) -> Session {
        self.sessions.get(&unchanged.session_id).cloned().unwrap_or(unchanged)
    }
}
