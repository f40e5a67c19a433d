//! Faults: those that monitors report and those that operators simulate.

use evcharging_common::{
    error::Error,
    pb::events::v1 as pb,
    vocabulary::{EndReason, SimulatedErrorKind},
};

use super::{Rules, charge_point_reply, charge_points, ending, known_charge_point};
use crate::{
    command::{Reply, ReportFault},
    session_state::{SessionInput, Transition, transition},
    world::Draft,
};

/// A charge point broke: whatever happens there ends, with the register that could still be read.
pub(super) fn report(draft: &mut Draft<'_>, report: &ReportFault) -> Result<Reply, Error> {
    let cp_id = &report.cp_id;
    let known = known_charge_point(draft, cp_id)?;
    let is_new = known.fault_kind.is_none();
    let session = draft.session_at(cp_id).cloned();
    let driver_id = session.as_ref().map(|session| session.driver_id.clone());
    let driver_id = driver_id.or_else(|| known.fault_driver_id.clone());
    if let Some(charge_point) = draft.charge_point_mut(cp_id) {
        charge_point.fault_kind = Some(report.kind);
        charge_point.fault_message.clone_from(&report.message);
        charge_point.fault_driver_id.clone_from(&driver_id);
    }
    if is_new && let Some(driver_id) = driver_id {
        let key = driver_id.clone();
        let (cp_id, kind, message) = (cp_id.clone(), report.kind.to_string(), report.message.clone());
        draft.send::<pb::DriverNotification>(&key, pb::CpError { cp_id, kind, message, driver_id });
    }
    if is_new {
        draft.audit_charge_point(
            "CP_FAULTED",
            cp_id,
            "charge_point",
            format!("{}: {}", report.kind, report.message),
        );
    }
    if let Some(session) = session {
        if let Some(register_mwh) = report.register_mwh
            && report.session_id == session.session_id
        {
            ending::raise_register(draft, &session.session_id, register_mwh);
        }
        if let Transition::To(end) = transition(session.state, SessionInput::Fault, session.was_supplied()) {
            ending::end(draft, &session.session_id, end, EndReason::Fault, "charge_point");
        }
    }
    charge_point_reply(draft, cp_id)
}

pub(super) fn clear(draft: &mut Draft<'_>, cp_id: &str) -> Result<Reply, Error> {
    if known_charge_point(draft, cp_id)?.fault_kind.is_some() {
        forget_fault(draft, cp_id, "charge_point");
    }
    charge_point_reply(draft, cp_id)
}

/// The fault is over; the driver that it concerned is told.
fn forget_fault(draft: &mut Draft<'_>, cp_id: &str, actor: &str) {
    let Some(charge_point) = draft.charge_point_mut(cp_id) else { return };
    charge_point.fault_kind = None;
    charge_point.fault_message.clear();
    if let Some(driver_id) = charge_point.fault_driver_id.take() {
        tell_fixed(draft, cp_id, driver_id);
    }
    draft.audit_charge_point("CP_RECOVERED", cp_id, actor, format!("{cp_id} is whole again"));
}

fn tell_fixed(draft: &mut Draft<'_>, cp_id: &str, driver_id: String) {
    let message = format!("{cp_id} is whole again");
    let key = driver_id.clone();
    draft.send::<pb::DriverNotification>(&key, pb::CpFixed { cp_id: cp_id.to_owned(), message, driver_id });
}

pub(super) fn simulate(
    draft: &mut Draft<'_>,
    rules: &Rules,
    cp_id: &str,
    kind: SimulatedErrorKind,
    operator_id: &str,
) -> Result<Reply, Error> {
    let known = known_charge_point(draft, cp_id)?;
    if let Some(other) = known.simulated_error.filter(|simulated| *simulated != kind) {
        let message = format!("{other} is simulated at {cp_id} already; fix it first");
        return Err(Error::failed_precondition("ERROR_SIMULATED", message));
    }
    if known.simulated_error.is_some() {
        return charge_point_reply(draft, cp_id);
    }
    let driver_id = draft.session_at(cp_id).map(|session| session.driver_id.clone());
    if let Some(charge_point) = draft.charge_point_mut(cp_id) {
        charge_point.simulated_error = Some(kind);
        if driver_id.is_some() {
            charge_point.fault_driver_id = driver_id;
        }
    }
    draft.send::<pb::CpEvent>(
        cp_id,
        pb::CpErrorSimulated {
            cp_id: cp_id.to_owned(),
            kind: kind.to_string(),
            operator_id: operator_id.to_owned(),
        },
    );
    draft.audit_charge_point(
        "CP_ERROR_SIMULATED",
        cp_id,
        operator_id,
        format!("{kind} at {cp_id} by {operator_id}"),
    );
    match kind {
        SimulatedErrorKind::OutOfService => {
            if let Some(charge_point) = draft.charge_point_mut(cp_id) {
                charge_point.in_service = false;
            }
            charge_points::end_for_service(draft, rules, cp_id, operator_id)?;
        }
        SimulatedErrorKind::Fault => {
            tell_driver_there(draft, cp_id, kind);
            send_command(draft, cp_id, set_fault(kind));
        }
        SimulatedErrorKind::Offline => {
            tell_driver_there(draft, cp_id, kind);
            send_command(draft, cp_id, set_fault(kind));
            if known_charge_point(draft, cp_id)?.is_connected() {
                charge_points::lose_link(draft, rules, cp_id, "an operator simulates that it is offline");
            }
        }
    }
    charge_point_reply(draft, cp_id)
}

fn tell_driver_there(draft: &mut Draft<'_>, cp_id: &str, kind: SimulatedErrorKind) {
    if let Some(session) = draft.session_at(cp_id).cloned() {
        draft.send_for::<pb::DriverNotification>(
            &session,
            &session.driver_id,
            pb::CpError {
                cp_id: cp_id.to_owned(),
                kind: kind.to_string(),
                message: format!("there is a problem at {cp_id}; your charge there may end"),
                driver_id: session.driver_id.clone(),
            },
        );
    }
}

/// Ends what is simulated and tells the engine to mend. A connected charge point's own monitor then says whether it is whole; one
/// that is not connected can't, so the operator's word counts.
pub(super) fn fix(draft: &mut Draft<'_>, cp_id: &str, operator_id: &str) -> Result<Reply, Error> {
    let known = known_charge_point(draft, cp_id)?.clone();
    if let Some(charge_point) = draft.charge_point_mut(cp_id) {
        charge_point.simulated_error = None;
        if known.simulated_error == Some(SimulatedErrorKind::OutOfService) {
            charge_point.in_service = true;
        }
    }
    draft.send::<pb::CpEvent>(
        cp_id,
        pb::CpErrorFixed { cp_id: cp_id.to_owned(), operator_id: operator_id.to_owned() },
    );
    draft.audit_charge_point("CP_ERROR_FIXED", cp_id, operator_id, format!("{cp_id} by {operator_id}"));
    send_command(draft, cp_id, pb::central_command::Command::ClearFault(pb::ClearFaultCommand {}));
    if known.fault_kind.is_some() && !known.is_connected() {
        forget_fault(draft, cp_id, operator_id);
    } else if known.fault_kind.is_none()
        && let Some(charge_point) = draft.charge_point_mut(cp_id)
        && let Some(driver_id) = charge_point.fault_driver_id.take()
    {
        tell_fixed(draft, cp_id, driver_id);
    }
    charge_point_reply(draft, cp_id)
}

fn set_fault(kind: SimulatedErrorKind) -> pb::central_command::Command {
    pb::central_command::Command::SetFault(pb::SetFaultCommand { kind: kind.to_string() })
}

fn send_command(draft: &mut Draft<'_>, cp_id: &str, command: pb::central_command::Command) {
    let version = draft.charge_point(cp_id).map_or(0, |charge_point| charge_point.version + 1);
    let traceparent = draft.traceparent.to_owned();
    let command =
        pb::CentralCommand { cp_id: cp_id.to_owned(), version, traceparent, command: Some(command) };
    draft.send::<pb::CentralCommand>(cp_id, command);
}
