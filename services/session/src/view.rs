//! Entities as the protocol shows them.

use evcharging_common::{money::CURRENCY, pb::types::v1 as pb, trace_propagation};

use crate::entities::{ChargePoint, Driver, Session};

/// A charge point as operators and drivers see it.
pub fn charge_point(charge_point: ChargePoint) -> pb::ChargePoint {
    pb::ChargePoint {
        connected: charge_point.is_connected(),
        cp_id: charge_point.cp_id,
        location: charge_point.location,
        price_micros_per_kwh: charge_point.price_micros_per_kwh,
        max_power_w: charge_point.max_power_w,
        status: charge_point.status.into(),
        status_since_ms: charge_point.status_since_ms,
        in_service: charge_point.in_service,
        fault_kind: charge_point.fault_kind.map(Into::into),
        fault_message: charge_point.fault_message,
        simulated_error: charge_point.simulated_error.map(Into::into),
        session_id: charge_point.session_id.unwrap_or_default(),
        driver_id: charge_point.driver_id.unwrap_or_default(),
        version: charge_point.version,
    }
}

/// A session.
pub fn session(session: Session) -> pb::Session {
    pb::Session {
        energy_mwh: session.energy_mwh(),
        cost_micros: session.cost_micros(),
        end_reason: session.end_reason.filter(|_| !session.is_open()).map_or(0, Into::into),
        session_id: session.session_id,
        request_id: session.request_id,
        driver_id: session.driver_id,
        cp_id: session.cp_id,
        state: session.state.into(),
        price_micros_per_kwh: session.price_micros_per_kwh,
        energy_limit_mwh: session.energy_limit_mwh,
        reserved_until_ms: session.reserved_until_ms,
        start_register_mwh: session.start_register_mwh,
        register_mwh: session.register_mwh,
        currency: CURRENCY.to_owned(),
        power_w: session.power_w,
        created_at_ms: session.created_at_ms,
        started_at_ms: session.started_at_ms,
        ended_at_ms: session.ended_at_ms,
        version: session.version,
        trace_id: trace_propagation::trace_id(&session.traceparent),
    }
}

/// A driver and its account.
pub fn driver(driver: Driver) -> pb::Driver {
    pb::Driver {
        driver_id: driver.driver_id,
        name: driver.name,
        blocked: driver.blocked,
        balance_micros: driver.balance_micros,
        currency: CURRENCY.to_owned(),
        open_session_id: driver.session_id.unwrap_or_default(),
    }
}
