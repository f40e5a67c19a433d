//! Rows of every database as entities: their columns have the same names and types everywhere.

use evcharging_common::columns::{optional_word, truth, word};
use sqlx::{Row, any::AnyRow};

use super::{RecordedReply, WaitingEvent};
use crate::entities::{ChargePoint, Driver, Session};

type Result<T> = std::result::Result<T, sqlx::Error>;

pub(super) fn charge_point(row: &AnyRow) -> Result<ChargePoint> {
    Ok(ChargePoint {
        cp_id: row.try_get("cp_id")?,
        location: row.try_get("location")?,
        price_micros_per_kwh: row.try_get("price_micros_per_kwh")?,
        max_power_w: row.try_get("max_power_w")?,
        key_hash: row.try_get("key_hash")?,
        in_service: truth(row, "in_service")?,
        fault_kind: optional_word(row, "fault_kind")?,
        fault_message: row.try_get("fault_message")?,
        fault_driver_id: row.try_get("fault_driver_id")?,
        simulated_error: optional_word(row, "simulated_error")?,
        link_id: row.try_get("link_id")?,
        presence_until_ms: row.try_get("presence_until_ms")?,
        session_id: row.try_get("session_id")?,
        driver_id: row.try_get("driver_id")?,
        status: word(row, "status")?,
        status_since_ms: row.try_get("status_since_ms")?,
        version: row.try_get("version")?,
    })
}

pub(super) fn driver(row: &AnyRow) -> Result<Driver> {
    Ok(Driver {
        driver_id: row.try_get("driver_id")?,
        name: row.try_get("name")?,
        blocked: truth(row, "blocked")?,
        balance_micros: row.try_get("balance_micros")?,
        session_id: row.try_get("session_id")?,
        version: row.try_get("version")?,
    })
}

pub(super) fn session(row: &AnyRow) -> Result<Session> {
    Ok(Session {
        session_id: row.try_get("session_id")?,
        request_id: row.try_get("request_id")?,
        driver_id: row.try_get("driver_id")?,
        cp_id: row.try_get("cp_id")?,
        state: word(row, "state")?,
        price_micros_per_kwh: row.try_get("price_micros_per_kwh")?,
        energy_limit_mwh: row.try_get("energy_limit_mwh")?,
        balance_limited: truth(row, "balance_limited")?,
        reserved_until_ms: row.try_get("reserved_until_ms")?,
        deadline_ms: row.try_get("deadline_ms")?,
        start_register_mwh: row.try_get("start_register_mwh")?,
        register_mwh: row.try_get("register_mwh")?,
        meter_seq: row.try_get("meter_seq")?,
        power_w: row.try_get("power_w")?,
        cost_micros: row.try_get("cost_micros")?,
        created_at_ms: row.try_get("created_at_ms")?,
        started_at_ms: row.try_get("started_at_ms")?,
        ended_at_ms: row.try_get("ended_at_ms")?,
        end_reason: optional_word(row, "end_reason")?,
        traceparent: row.try_get("traceparent")?,
        version: row.try_get("version")?,
    })
}

pub(super) fn recorded_reply(row: &AnyRow) -> Result<RecordedReply> {
    Ok(RecordedReply {
        idempotency_key: row.try_get("idempotency_key")?,
        fingerprint: row.try_get("fingerprint")?,
        reply: row.try_get("reply")?,
        created_at_ms: row.try_get("created_at_ms")?,
    })
}

pub(super) fn waiting_event(row: &AnyRow) -> Result<WaitingEvent> {
    Ok(WaitingEvent {
        outbox_id: row.try_get("outbox_id")?,
        event_id: row.try_get("event_id")?,
        topic: row.try_get("topic")?,
        record_key: row.try_get("record_key")?,
        event_type: row.try_get("event_type")?,
        payload: row.try_get("payload")?,
        traceparent: row.try_get("traceparent")?,
        at_ms: row.try_get("at_ms")?,
    })
}
