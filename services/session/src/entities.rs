//! What the network consists of, as the writer holds it in memory and as its rows are: field names are column names.
//!
//! Instants are milliseconds since 1970 (UTC), energy is in mWh, money in micro-units. What is absent is left out of the JSON that the
//! store writes: MySQL's JSON_TABLE makes the word "null" of a null.

use evcharging_common::{
    pricing,
    vocabulary::{ChargePointStatus, EndReason, FaultKind, SessionState, SimulatedErrorKind},
};
use serde::{Deserialize, Serialize};

/// A charge point: independent facts, and the status that follows from them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargePoint {
    /// Its id.
    pub cp_id: String,
    /// Where it stands.
    pub location: String,
    /// Price of a kWh.
    pub price_micros_per_kwh: i64,
    /// The most it can supply, in watts.
    pub max_power_w: i64,
    /// SHA-256 of its key, in hexadecimal.
    pub key_hash: String,
    /// Not taken out of service.
    pub in_service: bool,
    /// What its monitor reported as broken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault_kind: Option<FaultKind>,
    /// What the monitor said about it.
    pub fault_message: String,
    /// The driver that the trouble concerned, who is told when it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault_driver_id: Option<String>,
    /// What an operator simulates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub simulated_error: Option<SimulatedErrorKind>,
    /// The link that holds it; `None` when it is not connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link_id: Option<String>,
    /// When the link counts as lost unless it is renewed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presence_until_ms: Option<i64>,
    /// The open session that holds it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// That session's driver.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_id: Option<String>,
    /// What follows from the facts; set when a decision is finished.
    pub status: ChargePointStatus,
    /// Since when it has this status.
    pub status_since_ms: i64,
    /// Grows with each change.
    pub version: i64,
}

impl ChargePoint {
    /// Whether its monitor holds a link.
    pub fn is_connected(&self) -> bool {
        self.link_id.is_some()
    }
}

/// A driver and its account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Driver {
    /// Its id.
    pub driver_id: String,
    /// What people call it.
    pub name: String,
    /// May not charge.
    pub blocked: bool,
    /// Top-ups minus tickets.
    pub balance_micros: i64,
    /// Its open session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Grows with each change.
    pub version: i64,
}

/// One charge, from the reservation to the ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub session_id: String,
    /// The driver's id of its request.
    pub request_id: String,
    /// Who charges.
    pub driver_id: String,
    /// Where.
    pub cp_id: String,
    /// Where it stands.
    pub state: SessionState,
    /// The price that was agreed.
    pub price_micros_per_kwh: i64,
    /// The most energy that may be supplied.
    pub energy_limit_mwh: i64,
    /// The limit is what the balance affords, not what the driver wished.
    pub balance_limited: bool,
    /// Until when the charge point is held for the start.
    pub reserved_until_ms: i64,
    /// When a waiting state is moved on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<i64>,
    /// The register when the supply began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_register_mwh: Option<i64>,
    /// The last known register.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub register_mwh: Option<i64>,
    /// The last reading that counted.
    pub meter_seq: i64,
    /// The last power, in watts.
    pub power_w: i64,
    /// What was billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_micros: Option<i64>,
    /// When it was reserved.
    pub created_at_ms: i64,
    /// When the supply began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started_at_ms: Option<i64>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at_ms: Option<i64>,
    /// Why it ends: known once the stop was asked, final once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_reason: Option<EndReason>,
    /// The trace that follows this charge.
    pub traceparent: String,
    /// Grows with each change.
    pub version: i64,
}

impl Session {
    /// Whether it still holds its driver and its charge point.
    pub fn is_open(&self) -> bool {
        self.ended_at_ms.is_none()
    }

    /// Whether the charge point ever confirmed that energy flows.
    pub fn was_supplied(&self) -> bool {
        self.start_register_mwh.is_some()
    }

    /// Energy supplied: what the register gained, never more than the limit that was agreed.
    pub fn energy_mwh(&self) -> i64 {
        self.start_register_mwh
            .zip(self.register_mwh)
            .map_or(0, |(start, now)| (now - start).clamp(0, self.energy_limit_mwh))
    }

    /// Its cost: what was billed, or what it comes to so far.
    pub fn cost_micros(&self) -> i64 {
        self.cost_micros
            .unwrap_or_else(|| pricing::running_cost_micros(self.energy_mwh(), self.price_micros_per_kwh))
    }

    /// How long energy was supplied, in milliseconds.
    pub fn duration_ms(&self) -> i64 {
        self.started_at_ms.zip(self.ended_at_ms).map_or(0, |(started, ended)| (ended - started).max(0))
    }
}

/// One change of a balance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LedgerEntry {
    /// Whose balance.
    pub driver_id: String,
    /// `TOP_UP` or `CHARGE`.
    pub kind: &'static str,
    /// What it adds; a charge is negative or zero.
    pub amount_micros: i64,
    /// The balance after it.
    pub balance_micros: i64,
    /// The session that is billed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The top-up's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub top_up_id: Option<String>,
    /// When.
    pub at_ms: i64,
}

/// Something that happened, kept for those who ask later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditEvent {
    /// When.
    pub at_ms: i64,
    /// What, in UPPER_SNAKE.
    pub kind: &'static str,
    /// The charge point concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cp_id: Option<String>,
    /// The driver concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_id: Option<String>,
    /// The session concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Who caused it.
    pub actor: String,
    /// For people.
    pub message: String,
}

/// An event that leaves for Kafka once it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutboxEvent {
    /// The topic.
    pub topic: &'static str,
    /// What must stay in order shares a key.
    pub record_key: String,
    /// What happened, in UPPER_SNAKE.
    pub event_type: &'static str,
    /// proto3 JSON.
    pub payload: String,
    /// The trace that it belongs to; empty when to none.
    pub traceparent: String,
    /// When.
    pub at_ms: i64,
}
