//! The commands of one charge as the doors make them: what the store and the decisions are measured with.

use evcharging_common::ids;
use evcharging_session::command::{
    Command, EndSupply, MeterReading, RegisterChargePoint, Reserve, SupplyEndCause, WhichCharge,
};

/// A trace that everything belongs to.
pub const TRACEPARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// What a register gains from one reading to the next, in mWh.
const READING_MWH: i64 = 10_000;
/// The readings of one charge.
const READINGS: i64 = 4;

/// A driver with a charge point of its own, who charges there again and again.
pub struct Charger {
    driver_id: String,
    cp_id: String,
    register_mwh: i64,
}

impl Charger {
    /// One of many, new in whatever database it charges.
    pub fn new(number: usize) -> Self {
        let run = ids::new_id();
        Self {
            driver_id: format!("driver{number}-{run}"),
            cp_id: format!("CP-{number}-{run}"),
            register_mwh: 0,
        }
    }

    /// The driver.
    pub fn driver_id(&self) -> &str {
        &self.driver_id
    }

    /// The charge point.
    pub fn cp_id(&self) -> &str {
        &self.cp_id
    }

    /// What makes its driver and its charge point known.
    pub fn introductions(&self) -> Vec<Command> {
        let mut introductions = self.driver_introductions();
        introductions.push(Command::RegisterChargePoint(RegisterChargePoint {
            cp_id: self.cp_id.clone(),
            location: "Gran Vía 28, Madrid".to_owned(),
            price_micros_per_kwh: 400_000,
            max_power_w: 50_000,
            key_hash: "0".repeat(64),
            link_id: Some(format!("link-{}", self.cp_id)),
            lease_ms: 86_400_000,
        }));
        introductions
    }

    /// What makes its driver known, with money.
    pub fn driver_introductions(&self) -> Vec<Command> {
        vec![
            Command::CreateDriver { driver_id: self.driver_id.clone(), name: self.driver_id.clone() },
            Command::TopUp {
                top_up_id: "first".to_owned(),
                driver_id: self.driver_id.clone(),
                amount_micros: 1_000_000_000_000,
                operator_id: "operator".to_owned(),
            },
        ]
    }

    /// The commands of its next charge, from the reservation to the bill: 8 of them.
    pub fn charge(&mut self) -> Vec<Command> {
        // As in life: ids that grow with time, so that new rows stand beside each other.
        let session_id = ids::new_id();
        let (driver_id, cp_id) = (self.driver_id.clone(), self.cp_id.clone());
        let mut commands = vec![
            Command::Reserve(Reserve {
                session_id: session_id.clone(),
                request_id: ids::new_id(),
                driver_id: driver_id.clone(),
                candidates: vec![cp_id.clone()],
                any: false,
                candidates_complete: false,
                energy_limit_mwh: Some(1_000_000),
                expires_at_ms: None,
                traceparent: TRACEPARENT.to_owned(),
            }),
            Command::StartCharging(WhichCharge {
                driver_id,
                cp_id: cp_id.clone(),
                request_id: String::new(),
            }),
        ];
        for seq in 0..=READINGS {
            self.register_mwh += READING_MWH;
            commands.push(Command::RecordMeter(vec![MeterReading {
                session_id: session_id.clone(),
                cp_id: cp_id.clone(),
                seq,
                register_mwh: self.register_mwh,
                power_w: 50_000,
                measured_at_ms: 0,
            }]));
        }
        commands.push(Command::EndSupply(EndSupply {
            session_id,
            cp_id,
            register_mwh: self.register_mwh,
            cause: SupplyEndCause::Stopped,
            ended_at_ms: 0,
        }));
        commands
    }
}
