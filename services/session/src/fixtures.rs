//! Builders that the tests of this crate share.
#![allow(clippy::unwrap_used)]

use evcharging_common::vocabulary::ChargePointStatus;

use crate::{
    command::{Command, RegisterChargePoint, Reserve, WhichCharge},
    entities::ChargePoint,
};

/// A connected, available charge point at 0.40 EUR.
pub fn charge_point(cp_id: &str) -> ChargePoint {
    ChargePoint {
        cp_id: cp_id.to_owned(),
        location: "Madrid".to_owned(),
        price_micros_per_kwh: 400_000,
        max_power_w: 50_000,
        key_hash: "hash".to_owned(),
        in_service: true,
        fault_kind: None,
        fault_message: String::new(),
        fault_driver_id: None,
        simulated_error: None,
        link_id: Some("link".to_owned()),
        presence_until_ms: Some(i64::MAX),
        session_id: None,
        driver_id: None,
        status: ChargePointStatus::Available,
        status_since_ms: 0,
        version: 1,
    }
}

/// Registers a charge point over a link.
pub fn register(cp_id: &str, link_id: &str) -> Command {
    Command::RegisterChargePoint(RegisterChargePoint {
        cp_id: cp_id.to_owned(),
        location: "Madrid".to_owned(),
        price_micros_per_kwh: 400_000,
        max_power_w: 50_000,
        key_hash: "hash".to_owned(),
        link_id: Some(link_id.to_owned()),
        lease_ms: 8_000,
    })
}

/// Makes a driver.
pub fn create_driver(driver_id: &str) -> Command {
    Command::CreateDriver { driver_id: driver_id.to_owned(), name: driver_id.to_owned() }
}

/// Tops a driver up.
pub fn top_up(driver_id: &str, top_up_id: &str, amount_micros: i64) -> Command {
    Command::TopUp {
        top_up_id: top_up_id.to_owned(),
        driver_id: driver_id.to_owned(),
        amount_micros,
        operator_id: "operator".to_owned(),
    }
}

/// Reserves one named charge point.
pub fn reserve(session_id: &str, driver_id: &str, cp_id: &str) -> Command {
    Command::Reserve(Reserve {
        session_id: session_id.to_owned(),
        request_id: format!("request-{session_id}"),
        driver_id: driver_id.to_owned(),
        candidates: vec![cp_id.to_owned()],
        any: false,
        candidates_complete: false,
        energy_limit_mwh: None,
        expires_at_ms: None,
        traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned(),
    })
}

/// Starts a driver's charge.
pub fn start(driver_id: &str, cp_id: &str) -> Command {
    Command::StartCharging(WhichCharge {
        driver_id: driver_id.to_owned(),
        cp_id: cp_id.to_owned(),
        request_id: String::new(),
    })
}
