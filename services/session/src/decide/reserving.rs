//! Reserving a charge point for a driver.

use evcharging_common::{
    error::{Error, ErrorCode},
    money, pricing,
    vocabulary::{RefusalReason, SessionState},
};

use super::Rules;
use crate::{
    charge_point_state,
    command::{Reply, Reserve},
    entities::{ChargePoint, Driver, Session},
    world::Draft,
};

pub(super) fn reserve(draft: &mut Draft<'_>, rules: &Rules, request: &Reserve) -> Result<Reply, Error> {
    let now_ms = draft.now_ms;
    if request.expires_at_ms.is_some_and(|expires_at_ms| expires_at_ms < now_ms) {
        return Ok(refused(RefusalReason::RequestExpired, "the request is too old; ask again"));
    }
    let driver = match permitted(draft, rules, &request.driver_id) {
        Ok(driver) => driver.clone(),
        Err(refusal) => return Ok(refusal),
    };
    let charge_point = match first_to_be_had(draft, request)? {
        Ok(charge_point) => charge_point.clone(),
        Err(refusal) => return Ok(refusal),
    };

    let affordable_mwh =
        pricing::affordable_energy_mwh(driver.balance_micros, charge_point.price_micros_per_kwh);
    if affordable_mwh == 0 {
        return Ok(refused(RefusalReason::BalanceTooLow, "your balance buys no energy there; top up"));
    }
    let wished_mwh = request.energy_limit_mwh.unwrap_or(pricing::MAX_SESSION_ENERGY_MWH);
    let reserved_until_ms = now_ms + rules.reservation_ms;
    let session = Session {
        session_id: request.session_id.clone(),
        request_id: request.request_id.clone(),
        driver_id: driver.driver_id.clone(),
        cp_id: charge_point.cp_id.clone(),
        state: SessionState::Reserved,
        price_micros_per_kwh: charge_point.price_micros_per_kwh,
        energy_limit_mwh: affordable_mwh.min(wished_mwh),
        balance_limited: affordable_mwh < wished_mwh,
        reserved_until_ms,
        deadline_ms: Some(reserved_until_ms),
        start_register_mwh: None,
        register_mwh: None,
        meter_seq: 0,
        power_w: 0,
        cost_micros: None,
        created_at_ms: now_ms,
        started_at_ms: None,
        ended_at_ms: None,
        end_reason: None,
        traceparent: request.traceparent.clone(),
        version: 0,
    };
    draft.insert_session(session.clone());
    if let Some(driver) = draft.driver_mut(&session.driver_id) {
        driver.session_id = Some(session.session_id.clone());
    }
    if let Some(charge_point) = draft.charge_point_mut(&session.cp_id) {
        charge_point.session_id = Some(session.session_id.clone());
        charge_point.driver_id = Some(session.driver_id.clone());
        charge_point.fault_driver_id = None;
    }
    draft.audit_session(
        "RESERVED",
        &session,
        "driver",
        format!("{} reserved by {}", session.cp_id, session.driver_id),
    );
    Ok(Reply::Reserved(Box::new(session)))
}

/// The driver, when it may charge at all.
fn permitted<'d>(draft: &'d Draft<'_>, rules: &Rules, driver_id: &str) -> Result<&'d Driver, Reply> {
    let Some(driver) = draft.driver(driver_id) else {
        return Err(refused(RefusalReason::DriverUnknown, format!("there is no driver {driver_id}")));
    };
    if driver.blocked {
        return Err(refused(RefusalReason::DriverBlocked, "your account is blocked; ask the operator"));
    }
    if let Some(session) = draft.session_of(driver_id) {
        let message = format!("you have a session at {} already; stop it first", session.cp_id);
        return Err(refused(RefusalReason::DriverBusy, message));
    }
    if driver.balance_micros < rules.minimum_balance_micros {
        let message = format!(
            "your balance of {} is under the {} that a charge takes; top up",
            money::format_money(driver.balance_micros),
            money::format_money(rules.minimum_balance_micros),
        );
        return Err(refused(RefusalReason::BalanceTooLow, message));
    }
    Ok(driver)
}

/// The first candidate that can be had; else the refusal. ABORTED when others may be had than those that were picked.
fn first_to_be_had<'d>(
    draft: &'d Draft<'_>,
    request: &Reserve,
) -> Result<Result<&'d ChargePoint, Reply>, Error> {
    let known = request.candidates.iter().filter_map(|cp_id| draft.charge_point(cp_id));
    let mut to_be_had =
        known.filter(|charge_point| charge_point_state::refusal(charge_point.status).is_none());
    if let Some(charge_point) = to_be_had.next() {
        return Ok(Ok(charge_point));
    }
    if !request.any {
        return Ok(Err(refuse_named(draft, request)));
    }
    if request.candidates_complete {
        return Ok(Err(refused(
            RefusalReason::NoCpAvailable,
            "no charge point is available now; try again later",
        )));
    }
    Err(Error::new(ErrorCode::Aborted, "CANDIDATES_TAKEN", "all the candidates were taken; pick anew"))
}

fn refuse_named(draft: &Draft<'_>, request: &Reserve) -> Reply {
    let cp_id = request.candidates.first().map_or("", String::as_str);
    let Some(charge_point) = draft.charge_point(cp_id) else {
        return refused(RefusalReason::CpUnknown, format!("there is no charge point {cp_id}"));
    };
    // A status that does not refuse was taken above; offline is what is left to say.
    let reason = charge_point_state::refusal(charge_point.status).unwrap_or(RefusalReason::NoCpAvailable);
    let message = match reason {
        RefusalReason::CpReserved => format!("{cp_id} is reserved by another driver"),
        RefusalReason::CpOccupied => format!("another driver charges at {cp_id}"),
        RefusalReason::CpFaulted => format!("{cp_id} is broken; choose another charge point"),
        _ => format!("{cp_id} is out of service; choose another charge point"),
    };
    refused(reason, message)
}

fn refused(reason: RefusalReason, message: impl Into<String>) -> Reply {
    Reply::Refused { reason, message: message.into() }
}
