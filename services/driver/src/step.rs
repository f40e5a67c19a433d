//! What happens to the driver, step by step: the one list that the terminal, plain lines and JSON show.

use evcharging_common::{clock, pb::events::v1 as events};
use serde::Serialize;

use crate::{requests_file::Target, summary::Summary};

/// One step. In JSON, `step` names it; energies are in mWh, money in micro-units, instants in milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub(crate) enum Step {
    /// The network as it is.
    NetworkStatus { charge_points: Vec<ChargePoint> },
    /// No status of the network came in time.
    NetworkStatusMissing { message: String },
    /// A charge is asked for.
    Requested { cp_id: Option<String>, target: Target, expires_at_ms: i64 },
    /// It may begin, until then if that is known.
    Authorized { cp_id: String, session_id: String, reserved_until_ms: Option<i64> },
    /// It may not.
    Refused { reason: String, message: String },
    /// Energy flows.
    SupplyStarted { cp_id: String, session_id: String, energy_limit_mwh: i64 },
    /// Energy and cost so far.
    Consumption { cp_id: String, session_id: String, power_w: i64, energy_mwh: i64, cost_micros: i64 },
    /// Nothing was measured for a while.
    NoReading { since_ms: i64 },
    /// The driver stops.
    Stopping { message: String },
    /// The supply failed.
    SupplyError { reason: String, message: String, energy_mwh: i64, cost_micros: i64, ticket_follows: bool },
    /// The reservation is gone.
    ReservationExpired { cp_id: String },
    /// The charge point has a problem.
    CpError { cp_id: String, kind: String, message: String },
    /// The problem is gone.
    CpFixed { cp_id: String, message: String },
    /// The bill.
    Ticket(Ticket),
    /// The charge failed.
    Failed { reason: String, message: String },
    /// The driver gave the charge up before anything was supplied.
    Cancelled { message: String },
    /// The driver was asked to end (Ctrl-C).
    StopAsked { message: String },
    /// Kafka is away.
    MessagingUnavailable,
    /// Kafka is back.
    MessagingBack,
    /// What came of the file.
    Summary(Summary),
}

/// A charge point in the network's status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct ChargePoint {
    pub cp_id: String,
    pub status: String,
    pub location: String,
    pub price_micros_per_kwh: i64,
    pub since_ms: i64,
}

/// The bill of one charge.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Ticket {
    pub session_id: String,
    pub cp_id: String,
    pub energy_mwh: i64,
    pub cost_micros: i64,
    pub currency: String,
    pub duration_ms: i64,
    pub started_at_ms: i64,
    pub ended_at_ms: i64,
    pub end_reason: String,
    pub balance_micros: i64,
    pub trace_id: String,
}

impl From<events::Ticket> for Ticket {
    fn from(ticket: events::Ticket) -> Self {
        Self {
            session_id: ticket.session_id,
            cp_id: ticket.cp_id,
            energy_mwh: ticket.energy_mwh,
            cost_micros: ticket.cost_micros,
            currency: ticket.currency,
            duration_ms: ticket.duration_ms,
            started_at_ms: ticket.started_at.as_ref().map_or(0, clock::from_timestamp),
            ended_at_ms: ticket.ended_at.as_ref().map_or(0, clock::from_timestamp),
            end_reason: ticket.end_reason,
            balance_micros: ticket.balance_micros,
            trace_id: ticket.trace_id,
        }
    }
}

impl From<events::ChargePointSummary> for ChargePoint {
    fn from(summary: events::ChargePointSummary) -> Self {
        Self {
            cp_id: summary.cp_id,
            status: summary.status,
            location: summary.location,
            price_micros_per_kwh: summary.price_micros_per_kwh,
            since_ms: summary.since.as_ref().map_or(0, clock::from_timestamp),
        }
    }
}
