//! Database rows as the protocol's messages.

use sqlx::{Row, any::AnyRow};

use crate::{
    columns::{optional_word, truth, word},
    money::CURRENCY,
    pb::types::v1 as pb,
    pricing, trace_propagation,
    vocabulary::{ChargePointStatus, EndReason, FaultKind, SessionState, SimulatedErrorKind},
};

type Result<T> = std::result::Result<T, sqlx::Error>;

pub(super) fn driver(row: &AnyRow) -> Result<pb::Driver> {
    Ok(pb::Driver {
        driver_id: row.try_get("driver_id")?,
        name: row.try_get("name")?,
        blocked: truth(row, "blocked")?,
        balance_micros: row.try_get("balance_micros")?,
        currency: CURRENCY.to_owned(),
        open_session_id: optional_text(row, "session_id")?,
    })
}

pub(super) fn charge_point(row: &AnyRow) -> Result<pb::ChargePoint> {
    Ok(pb::ChargePoint {
        cp_id: row.try_get("cp_id")?,
        location: row.try_get("location")?,
        price_micros_per_kwh: row.try_get("price_micros_per_kwh")?,
        max_power_w: row.try_get("max_power_w")?,
        status: word::<ChargePointStatus>(row, "status")?.into(),
        status_since_ms: row.try_get("status_since_ms")?,
        connected: row.try_get::<Option<String>, _>("link_id")?.is_some(),
        in_service: truth(row, "in_service")?,
        fault_kind: optional_word::<FaultKind>(row, "fault_kind")?.map(Into::into),
        fault_message: row.try_get("fault_message")?,
        simulated_error: optional_word::<SimulatedErrorKind>(row, "simulated_error")?.map(Into::into),
        session_id: optional_text(row, "session_id")?,
        driver_id: optional_text(row, "driver_id")?,
        version: row.try_get("version")?,
    })
}

pub(super) fn session(row: &AnyRow) -> Result<pb::Session> {
    let start_register_mwh: Option<i64> = row.try_get("start_register_mwh")?;
    let register_mwh: Option<i64> = row.try_get("register_mwh")?;
    let energy_limit_mwh: i64 = row.try_get("energy_limit_mwh")?;
    let price_micros_per_kwh = row.try_get("price_micros_per_kwh")?;
    let energy_mwh = energy_mwh(start_register_mwh, register_mwh, energy_limit_mwh);
    let billed: Option<i64> = row.try_get("cost_micros")?;
    let ended_at_ms: Option<i64> = row.try_get("ended_at_ms")?;
    let end_reason = optional_word::<EndReason>(row, "end_reason")?;
    Ok(pb::Session {
        session_id: row.try_get("session_id")?,
        request_id: row.try_get("request_id")?,
        driver_id: row.try_get("driver_id")?,
        cp_id: row.try_get("cp_id")?,
        state: word::<SessionState>(row, "state")?.into(),
        price_micros_per_kwh,
        energy_limit_mwh,
        reserved_until_ms: row.try_get("reserved_until_ms")?,
        start_register_mwh,
        register_mwh,
        energy_mwh,
        cost_micros: billed.unwrap_or_else(|| pricing::running_cost_micros(energy_mwh, price_micros_per_kwh)),
        currency: CURRENCY.to_owned(),
        power_w: row.try_get("power_w")?,
        created_at_ms: row.try_get("created_at_ms")?,
        started_at_ms: row.try_get("started_at_ms")?,
        ended_at_ms,
        end_reason: end_reason.filter(|_| ended_at_ms.is_some()).map_or(0, Into::into),
        version: row.try_get("version")?,
        trace_id: trace_propagation::trace_id(&row.try_get::<String, _>("traceparent")?),
    })
}

pub(super) fn ticket(row: &AnyRow) -> Result<pb::Ticket> {
    let session = session(row)?;
    let ended_at_ms = session.ended_at_ms.unwrap_or_default();
    let started_at_ms = session.started_at_ms.unwrap_or(ended_at_ms);
    Ok(pb::Ticket {
        session_id: session.session_id,
        driver_id: session.driver_id,
        cp_id: session.cp_id,
        energy_mwh: session.energy_mwh,
        cost_micros: session.cost_micros,
        currency: session.currency,
        duration_ms: (ended_at_ms - started_at_ms).max(0),
        started_at_ms,
        ended_at_ms,
        end_reason: session.end_reason,
        balance_micros: row.try_get("balance_micros")?,
        trace_id: session.trace_id,
        price_micros_per_kwh: session.price_micros_per_kwh,
    })
}

pub(super) fn audit_event(row: &AnyRow) -> Result<pb::AuditEvent> {
    Ok(pb::AuditEvent {
        event_id: row.try_get("event_id")?,
        at_ms: row.try_get("at_ms")?,
        kind: row.try_get("kind")?,
        cp_id: optional_text(row, "cp_id")?,
        driver_id: optional_text(row, "driver_id")?,
        session_id: optional_text(row, "session_id")?,
        actor: row.try_get("actor")?,
        message: row.try_get("message")?,
    })
}

/// Energy supplied between two registers, never more than the limit that was agreed.
fn energy_mwh(start_register_mwh: Option<i64>, register_mwh: Option<i64>, limit_mwh: i64) -> i64 {
    start_register_mwh.zip(register_mwh).map_or(0, |(start, now)| (now - start).clamp(0, limit_mwh))
}

fn optional_text(row: &AnyRow, column: &str) -> Result<String> {
    Ok(row.try_get::<Option<String>, _>(column)?.unwrap_or_default())
}
