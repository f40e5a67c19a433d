//! What an engine says, and how Kafka carries it.

use evcharging_common::{
    clock,
    kafka::OutgoingRecord,
    pb::events::v1::{Consumption, CpTelemetry, Fault, SupplyEnd, SupplyStarted},
    vocabulary::FaultKind,
};

/// Why energy ceased to flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SupplyEndReason {
    /// As it was told.
    Stopped,
    /// The session's energy limit is reached.
    LimitReached,
    /// The vehicle takes no more.
    VehicleFull,
    /// The engine broke.
    Fault,
    /// Its monitor was not heard for too long.
    MonitorLost,
    /// There was nothing to stop.
    NotSupplying,
}

impl SupplyEndReason {
    /// As the event carries it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stopped => "STOPPED",
            Self::LimitReached => "LIMIT_REACHED",
            Self::VehicleFull => "VEHICLE_FULL",
            Self::Fault => "FAULT",
            Self::MonitorLost => "MONITOR_LOST",
            Self::NotSupplying => "NOT_SUPPLYING",
        }
    }
}

/// Something that an engine has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Telemetry {
    /// When it happened, on the engine's monotonic clock.
    pub at_ms: i64,
    /// The trace of the session it belongs to.
    pub traceparent: Option<String>,
    /// What happened.
    pub event: Event,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// Energy begins to flow.
    SupplyStarted { session_id: String, register_mwh: i64 },
    /// Energy flows.
    Reading { session_id: String, seq: i64, register_mwh: i64, power_w: i64 },
    /// Energy ceased to flow.
    SupplyEnded { session_id: String, register_mwh: i64, reason: SupplyEndReason },
    /// The engine broke; the session is empty when it supplied none.
    Faulted { message: String, register_mwh: i64, session_id: String },
}

impl Event {
    /// The session that it is about.
    pub fn session_id(&self) -> &str {
        match self {
            Self::SupplyStarted { session_id, .. }
            | Self::Reading { session_id, .. }
            | Self::SupplyEnded { session_id, .. }
            | Self::Faulted { session_id, .. } => session_id,
        }
    }

    /// A line for the log, except for readings: those are too many.
    pub fn log(&self, cp_id: &str) {
        match self {
            Self::SupplyStarted { session_id, register_mwh } => {
                tracing::info!(cp_id, session_id, register_mwh, "energy begins to flow");
            }
            Self::SupplyEnded { session_id, register_mwh, reason } => {
                let reason = reason.as_str();
                tracing::info!(cp_id, session_id, register_mwh, reason, "energy has ceased to flow");
            }
            Self::Faulted { message, register_mwh, session_id } => {
                tracing::warn!(cp_id, session_id, register_mwh, "the engine is KO: {message}");
            }
            Self::Reading { .. } => {}
        }
    }
}

impl Telemetry {
    /// The record that says it; it happened at `at_ms` of the clock on the wall.
    pub fn into_record(self, cp_id: &str, at_ms: i64) -> OutgoingRecord {
        let at = Some(clock::to_timestamp(at_ms));
        let cp = cp_id.to_owned();
        let event: CpTelemetry = match self.event {
            Event::SupplyStarted { session_id, register_mwh } => {
                SupplyStarted { session_id, cp_id: cp, register_mwh, started_at: at }.into()
            }
            Event::Reading { session_id, seq, register_mwh, power_w } => {
                Consumption { session_id, cp_id: cp, seq, register_mwh, power_w, measured_at: at }.into()
            }
            Event::SupplyEnded { session_id, register_mwh, reason } => {
                let reason = reason.as_str().to_owned();
                SupplyEnd { session_id, cp_id: cp, register_mwh, reason, ended_at: at }.into()
            }
            Event::Faulted { message, register_mwh, session_id } => {
                let kind = FaultKind::EngineKo.as_str().to_owned();
                Fault { cp_id: cp, kind, message, register_mwh, session_id, at }.into()
            }
        };
        OutgoingRecord { at_ms, traceparent: self.traceparent, ..OutgoingRecord::new(cp_id, &event) }
    }
}
