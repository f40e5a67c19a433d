//! Scenarios: what a driver, an operator and a charge point would notice of the decisions.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod charge;
mod faults;
mod properties;
mod refusals;

use evcharging_common::{error::Error, vocabulary::ChargePointStatus};

use super::{Rules, decide};
use crate::{
    command::{Command, EndSupply, MeterReading, Reply, StopCharging, SupplyEndCause, WhichCharge},
    entities::{ChargePoint, Driver, OutboxEvent, Session},
    fixtures,
    world::{Changes, World},
};

/// A network in memory: decides commands as the writer does and keeps all that they caused.
#[derive(Default)]
pub(super) struct Network {
    pub(super) world: World,
    pub(super) changes: Changes,
    pub(super) now_ms: i64,
}

impl Network {
    /// One connected charge point MAD-01 and one driver with 50 EUR.
    pub(super) fn small() -> Self {
        let mut network = Self { now_ms: 1_000_000, ..Self::default() };
        network.run(fixtures::register("MAD-01", "link-1")).unwrap();
        network.run(fixtures::create_driver("driver1")).unwrap();
        network.run(fixtures::top_up("driver1", "t1", 50_000_000)).unwrap();
        network.changes = Changes::default();
        network
    }

    pub(super) fn run(&mut self, command: Command) -> Result<Reply, Error> {
        let (finished, reply) = decide(&self.world, &command, &Rules::default(), self.now_ms, "")?;
        self.world.apply(finished, &mut self.changes);
        Ok(reply)
    }

    /// Goes from the reservation to energy that flows, with register 1,000.
    pub(super) fn charge(&mut self, session_id: &str) {
        self.run(fixtures::reserve(session_id, "driver1", "MAD-01")).unwrap();
        self.run(fixtures::start("driver1", "MAD-01")).unwrap();
        assert_eq!(self.meter(session_id, 0, 1_000), None);
    }

    /// Why a reading did not count.
    pub(super) fn meter(&mut self, session_id: &str, seq: i64, register_mwh: i64) -> Option<String> {
        let reading = MeterReading {
            session_id: session_id.to_owned(),
            cp_id: "MAD-01".to_owned(),
            seq,
            register_mwh,
            power_w: 22_000,
            measured_at_ms: self.now_ms,
        };
        match self.run(Command::RecordMeter(vec![reading])).unwrap() {
            Reply::Meter(mut outcomes) => outcomes.remove(0),
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn end(
        &mut self,
        session_id: &str,
        register_mwh: i64,
        cause: SupplyEndCause,
    ) -> Result<Reply, Error> {
        self.run(Command::EndSupply(EndSupply {
            session_id: session_id.to_owned(),
            cp_id: "MAD-01".to_owned(),
            register_mwh,
            cause,
            ended_at_ms: self.now_ms,
        }))
    }

    pub(super) fn stop(&mut self) -> Result<Reply, Error> {
        self.run(Command::StopCharging(StopCharging {
            charge: Some(WhichCharge {
                driver_id: "driver1".to_owned(),
                cp_id: "MAD-01".to_owned(),
                request_id: String::new(),
            }),
            session_id: String::new(),
            operator_id: None,
        }))
    }

    /// Lets time pass and everything that is due happen.
    pub(super) fn pass(&mut self, elapsed_ms: i64) {
        self.now_ms += elapsed_ms;
        let due =
            |deadline_ms: Option<i64>| deadline_ms.is_some_and(|deadline_ms| deadline_ms <= self.now_ms);
        let sessions = self.world.sessions.values().filter(|session| due(session.deadline_ms));
        let sessions =
            sessions.map(|session| Command::ExpireSession { session_id: session.session_id.clone() });
        let links = self.world.charge_points.values().filter(|found| due(found.presence_until_ms));
        let links = links.map(|found| Command::ExpirePresence { cp_id: found.cp_id.clone() });
        for command in sessions.chain(links).collect::<Vec<_>>() {
            self.run(command).unwrap();
        }
    }

    pub(super) fn session(&self, session_id: &str) -> &Session {
        &self.world.sessions[session_id]
    }

    pub(super) fn driver(&self) -> &Driver {
        &self.world.drivers["driver1"]
    }

    pub(super) fn charge_point(&self) -> &ChargePoint {
        &self.world.charge_points["MAD-01"]
    }

    pub(super) fn status(&self) -> ChargePointStatus {
        self.charge_point().status
    }

    /// The events of a type, as JSON.
    pub(super) fn events(&self, event_type: &str) -> Vec<serde_json::Value> {
        let found = self.changes.outbox_events.iter().filter(|event| event.event_type == event_type);
        found.map(|event: &OutboxEvent| serde_json::from_str(&event.payload).unwrap()).collect()
    }
}
