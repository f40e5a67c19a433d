//! Charge points: who they are, whether they are connected, whether they are in service.

use evcharging_common::{
    error::{Error, ErrorCode},
    pb::events::v1 as pb,
    vocabulary::{ChargePointStatus, EndReason, SessionState, SimulatedErrorKind},
};

use super::{Rules, charge_point_reply, ending, known_charge_point, stopping};
use crate::{
    command::{RegisterChargePoint, Reply},
    entities::ChargePoint,
    world::Draft,
};

pub(super) fn register(
    draft: &mut Draft<'_>,
    rules: &Rules,
    request: &RegisterChargePoint,
) -> Result<Reply, Error> {
    let cp_id = &request.cp_id;
    let mut announce = true;
    if let Some(known) = draft.charge_point(cp_id) {
        if known.key_hash != request.key_hash {
            let message = format!("the key is not the one that {cp_id} was first registered with");
            return Err(Error::new(ErrorCode::Unauthenticated, "CP_KEY_WRONG", message));
        }
        if known.simulated_error == Some(SimulatedErrorKind::Offline) && request.link_id.is_some() {
            let message =
                format!("an operator simulates that {cp_id} is offline; it may connect once that is fixed");
            return Err(Error::failed_precondition("CP_OFFLINE_SIMULATED", message));
        }
        announce = known.location != request.location
            || known.price_micros_per_kwh != request.price_micros_per_kwh
            || known.max_power_w != request.max_power_w;
    } else {
        draft.insert_charge_point(new_charge_point(request, draft.now_ms));
    }

    let presence_until_ms = draft.now_ms + request.lease_ms;
    if let Some(charge_point) = draft.charge_point_mut(cp_id) {
        charge_point.location.clone_from(&request.location);
        charge_point.price_micros_per_kwh = request.price_micros_per_kwh;
        charge_point.max_power_w = request.max_power_w;
        if let Some(link_id) = &request.link_id {
            charge_point.link_id = Some(link_id.clone());
            charge_point.presence_until_ms = Some(presence_until_ms);
        }
    }
    if request.link_id.is_some() {
        reunite(draft, rules, cp_id);
    }
    if announce {
        draft.send::<pb::CpEvent>(
            cp_id,
            pb::CpRegistered {
                cp_id: cp_id.clone(),
                location: request.location.clone(),
                price_micros_per_kwh: request.price_micros_per_kwh,
                max_power_w: request.max_power_w,
            },
        );
        draft.audit_charge_point(
            "CP_REGISTERED",
            cp_id,
            "charge_point",
            format!("{cp_id} at {}", request.location),
        );
    }
    charge_point_reply(draft, cp_id)
}

fn new_charge_point(request: &RegisterChargePoint, now_ms: i64) -> ChargePoint {
    ChargePoint {
        cp_id: request.cp_id.clone(),
        location: request.location.clone(),
        price_micros_per_kwh: request.price_micros_per_kwh,
        max_power_w: request.max_power_w,
        key_hash: request.key_hash.clone(),
        in_service: true,
        fault_kind: None,
        fault_message: String::new(),
        fault_driver_id: None,
        simulated_error: None,
        link_id: None,
        presence_until_ms: None,
        session_id: None,
        driver_id: None,
        status: ChargePointStatus::Offline,
        status_since_ms: now_ms,
        version: 1,
    }
}

/// The charge point is back: a session that waited for it goes on.
fn reunite(draft: &mut Draft<'_>, rules: &Rules, cp_id: &str) {
    let start_by_ms = draft.now_ms + rules.start_timeout_ms;
    let Some(session_id) = draft.session_at(cp_id).map(|session| session.session_id.clone()) else { return };
    if let Some(session) = draft.session_mut(&session_id) {
        match session.state {
            SessionState::Charging => session.deadline_ms = None,
            SessionState::Starting => session.deadline_ms = session.deadline_ms.max(Some(start_by_ms)),
            _ => {}
        }
    }
}

pub(super) fn renew(draft: &mut Draft<'_>, presences: &[(String, String)], lease_ms: i64) -> Reply {
    let until_ms = draft.now_ms + lease_ms;
    let mut lost = Vec::new();
    for (cp_id, link_id) in presences {
        match draft.charge_point_mut(cp_id) {
            Some(charge_point) if charge_point.link_id.as_ref() == Some(link_id) => {
                charge_point.presence_until_ms = Some(until_ms);
            }
            _ => lost.push(cp_id.clone()),
        }
    }
    Reply::LostLinks(lost)
}

pub(super) fn disconnect(
    draft: &mut Draft<'_>,
    rules: &Rules,
    cp_id: &str,
    link_id: &str,
) -> Result<Reply, Error> {
    if known_charge_point(draft, cp_id)?.link_id.as_deref() == Some(link_id) {
        lose_link(draft, rules, cp_id, "its link is gone");
    }
    Ok(Reply::Done)
}

pub(super) fn expire_presence(draft: &mut Draft<'_>, rules: &Rules, cp_id: &str) -> Result<Reply, Error> {
    let until_ms = known_charge_point(draft, cp_id)?.presence_until_ms;
    if until_ms.is_some_and(|until_ms| until_ms <= draft.now_ms) {
        lose_link(draft, rules, cp_id, "its presence was not renewed");
    }
    Ok(Reply::Done)
}

/// The charge point is offline from now on. A supply under way gets some grace for it to come back.
pub(super) fn lose_link(draft: &mut Draft<'_>, rules: &Rules, cp_id: &str, why: &str) {
    let deadline_ms = draft.now_ms + rules.link_grace_ms;
    if let Some(charge_point) = draft.charge_point_mut(cp_id) {
        charge_point.link_id = None;
        charge_point.presence_until_ms = None;
    }
    let charging = draft.session_at(cp_id).filter(|session| session.state == SessionState::Charging);
    if let Some(session_id) = charging.map(|session| session.session_id.clone())
        && let Some(session) = draft.session_mut(&session_id)
    {
        session.deadline_ms = Some(deadline_ms);
    }
    draft.audit_charge_point("CP_DISCONNECTED", cp_id, "network", format!("{cp_id}: {why}"));
}

pub(super) fn set_in_service(
    draft: &mut Draft<'_>,
    rules: &Rules,
    cp_id: &str,
    in_service: bool,
    operator_id: &str,
) -> Result<Reply, Error> {
    if known_charge_point(draft, cp_id)?.in_service != in_service {
        if let Some(charge_point) = draft.charge_point_mut(cp_id) {
            charge_point.in_service = in_service;
            if in_service && charge_point.simulated_error == Some(SimulatedErrorKind::OutOfService) {
                charge_point.simulated_error = None;
            }
        }
        let kind = if in_service { "CP_IN_SERVICE" } else { "CP_OUT_OF_SERVICE" };
        draft.audit_charge_point(kind, cp_id, operator_id, format!("{cp_id} by {operator_id}"));
        if !in_service {
            end_for_service(draft, rules, cp_id, operator_id)?;
        }
    }
    charge_point_reply(draft, cp_id)
}

/// A charge point that goes out of service ends what happens there, and tells the driver.
pub(super) fn end_for_service(
    draft: &mut Draft<'_>,
    rules: &Rules,
    cp_id: &str,
    operator_id: &str,
) -> Result<(), Error> {
    let Some(session) = draft.session_at(cp_id).cloned() else { return Ok(()) };
    draft.send_for::<pb::DriverNotification>(
        &session,
        &session.driver_id,
        pb::CpError {
            cp_id: cp_id.to_owned(),
            kind: EndReason::OutOfService.to_string(),
            message: format!("{cp_id} is put out of service; your charge there ends"),
            driver_id: session.driver_id.clone(),
        },
    );
    if session.state == SessionState::Reserved {
        ending::end(
            draft,
            &session.session_id,
            SessionState::Cancelled,
            EndReason::OutOfService,
            operator_id,
        );
        Ok(())
    } else {
        stopping::stop(draft, rules, &session.session_id, EndReason::OutOfService, operator_id)
    }
}
