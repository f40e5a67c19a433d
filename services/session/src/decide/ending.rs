//! Ending a session: the one place where energy becomes money.

use evcharging_common::{
    clock,
    error::Error,
    money::{self, CURRENCY},
    pb::events::v1 as pb,
    pricing, trace_propagation,
    vocabulary::{EndReason, SessionState},
};

use super::{known_session, session_reply};
use crate::{
    command::{EndSupply, Reply, SupplyEndCause},
    entities::{LedgerEntry, Session},
    session_state::{SessionInput, Transition, transition},
    world::Draft,
};

/// A charge point says that it supplies a session no longer.
pub(super) fn end_supply(draft: &mut Draft<'_>, request: &EndSupply) -> Result<Reply, Error> {
    let session = known_session(draft, &request.session_id)?.clone();
    if session.cp_id != request.cp_id {
        let message =
            format!("session {} is at {}, not at {}", session.session_id, session.cp_id, request.cp_id);
        return Err(Error::failed_precondition("WRONG_CP", message));
    }
    let says_register = !matches!(request.cause, SupplyEndCause::NotSupplying | SupplyEndCause::StartRefused);
    let (input, reason) = meaning(&session, request.cause);
    match transition(session.state, input, session.was_supplied()) {
        Transition::To(end) => {
            if says_register {
                raise_register(draft, &session.session_id, request.register_mwh);
            }
            let reported_mwh = session.start_register_mwh.map_or(0, |start| request.register_mwh - start);
            if says_register && session.was_supplied() && reported_mwh > session.energy_limit_mwh {
                let message = format!(
                    "{} reported {reported_mwh} mWh, more than the limit of {} mWh that is billed",
                    session.cp_id, session.energy_limit_mwh
                );
                draft.audit_session("LIMIT_EXCEEDED", &session, "charge_point", message);
            }
            close(draft, &session.session_id, end, reason, "charge_point", false);
        }
        Transition::Late => {
            if says_register && session.register_mwh != Some(request.register_mwh) {
                let message = format!(
                    "{} reported a final register of {} mWh after the session was ended with {} mWh",
                    session.cp_id,
                    request.register_mwh,
                    session.register_mwh.unwrap_or_default(),
                );
                draft.audit_session("LATE_SUPPLY_END", &session, "charge_point", message);
            }
        }
        Transition::Stay | Transition::Refused => {
            let message = format!("the session is {}: there is no supply to end", session.state);
            return Err(Error::failed_precondition("SESSION_NOT_STARTED", message));
        }
    }
    session_reply(draft, &session.session_id)
}

/// What a charge point's word means for the session, and the reason that its ticket shows.
fn meaning(session: &Session, cause: SupplyEndCause) -> (SessionInput, EndReason) {
    let asked = session.end_reason;
    match cause {
        SupplyEndCause::LimitReached if session.balance_limited => {
            (SessionInput::SupplyEnded, EndReason::BalanceExhausted)
        }
        SupplyEndCause::LimitReached | SupplyEndCause::VehicleFull => {
            (SessionInput::SupplyEnded, EndReason::TargetReached)
        }
        SupplyEndCause::Fault => (SessionInput::SupplyFailed, EndReason::Fault),
        SupplyEndCause::StartRefused => {
            (SessionInput::StartRefused, asked.unwrap_or(EndReason::StartRefused))
        }
        SupplyEndCause::Stopped | SupplyEndCause::MonitorLost | SupplyEndCause::NotSupplying => match asked {
            Some(asked) => (SessionInput::SupplyEnded, asked),
            // Nobody here asked for it: the charge point had lost us, or had lost itself.
            None => (SessionInput::SupplyFailed, EndReason::LinkLost),
        },
    }
}

/// The deadline of a waiting state has passed.
pub(super) fn expire(draft: &mut Draft<'_>, session_id: &str) -> Result<Reply, Error> {
    let session = known_session(draft, session_id)?.clone();
    if session.is_open() && session.deadline_ms.is_some_and(|deadline_ms| deadline_ms <= draft.now_ms) {
        let reason = match session.state {
            SessionState::Reserved => EndReason::ReservationExpired,
            SessionState::Starting => EndReason::StartTimeout,
            _ => session.end_reason.unwrap_or(EndReason::LinkLost),
        };
        if let Transition::To(next) =
            transition(session.state, SessionInput::Deadline, session.was_supplied())
        {
            end(draft, session_id, next, reason, "network");
        }
    }
    session_reply(draft, session_id)
}

/// The network ends what is open, with what it knows.
pub(super) fn terminate(draft: &mut Draft<'_>, session_id: &str) -> Result<Reply, Error> {
    let session = known_session(draft, session_id)?.clone();
    let reason = session.end_reason.unwrap_or(EndReason::NetworkRestart);
    if let Transition::To(next) = transition(session.state, SessionInput::Terminate, session.was_supplied()) {
        end(draft, session_id, next, reason, "network");
    }
    session_reply(draft, session_id)
}

/// Ends a session that its charge point may not know to be over: it is told to stop, too.
pub(super) fn end(
    draft: &mut Draft<'_>,
    session_id: &str,
    end: SessionState,
    reason: EndReason,
    actor: &str,
) {
    close(draft, session_id, end, reason, actor, true);
}

/// Takes a register that came with the end. It never goes back.
pub(super) fn raise_register(draft: &mut Draft<'_>, session_id: &str, register_mwh: i64) {
    if let Some(session) = draft.session_mut(session_id)
        && session.was_supplied()
    {
        session.register_mwh = session.register_mwh.max(Some(register_mwh));
    }
}

fn close(
    draft: &mut Draft<'_>,
    session_id: &str,
    state: SessionState,
    reason: EndReason,
    actor: &str,
    tell_cp: bool,
) {
    let now_ms = draft.now_ms;
    let Some(session) = draft.session_mut(session_id) else { return };
    let before = session.state;
    let billed = matches!(state, SessionState::Completed | SessionState::Interrupted);
    session.state = state;
    session.ended_at_ms = Some(now_ms);
    session.deadline_ms = None;
    session.power_w = 0;
    session.end_reason = Some(reason);
    if billed {
        session.cost_micros =
            Some(pricing::billed_cost_micros(session.energy_mwh(), session.price_micros_per_kwh));
    }
    let session = session.clone();

    if let Some(charge_point) = draft.charge_point_mut(&session.cp_id) {
        charge_point.session_id = None;
        charge_point.driver_id = None;
        if reason == EndReason::Fault {
            // The engine's word may come before its monitor's: the driver is still the one to tell of the fault and its end.
            charge_point.fault_driver_id = Some(session.driver_id.clone());
        }
    }
    let mut balance_micros = 0;
    if let Some(driver) = draft.driver_mut(&session.driver_id) {
        driver.session_id = None;
        driver.balance_micros -= session.cost_micros.unwrap_or_default();
        balance_micros = driver.balance_micros;
    }
    if tell_cp && before != SessionState::Reserved {
        send_stop(draft, &session, reason);
    }
    if state == SessionState::Interrupted || (state == SessionState::Cancelled && !is_lapse(before, reason)) {
        tell_of_failure(draft, &session, reason, billed);
    }
    if billed {
        bill(draft, &session, balance_micros);
    } else if is_lapse(before, reason) {
        draft.send_for::<pb::DriverNotification>(
            &session,
            &session.driver_id,
            pb::ReservationExpired {
                session_id: session.session_id.clone(),
                driver_id: session.driver_id.clone(),
                cp_id: session.cp_id.clone(),
                request_id: session.request_id.clone(),
            },
        );
    }
    draft.audit_session("ENDED", &session, actor, format!("{state} at {}: {reason}", session.cp_id));
}

/// A reservation that is simply over, by the driver's own doing or leaving.
fn is_lapse(before: SessionState, reason: EndReason) -> bool {
    before == SessionState::Reserved
        && matches!(
            reason,
            EndReason::ReservationExpired | EndReason::ReservationCancelled | EndReason::OperatorStopped
        )
}

fn bill(draft: &mut Draft<'_>, session: &Session, balance_micros: i64) {
    let cost_micros = session.cost_micros.unwrap_or_default();
    draft.add_ledger_entry(LedgerEntry {
        driver_id: session.driver_id.clone(),
        kind: "CHARGE",
        amount_micros: -cost_micros,
        balance_micros,
        session_id: Some(session.session_id.clone()),
        top_up_id: None,
        at_ms: draft.now_ms,
    });
    let ended_at_ms = session.ended_at_ms.unwrap_or(draft.now_ms);
    draft.send_for::<pb::DriverNotification>(
        session,
        &session.driver_id,
        pb::Ticket {
            session_id: session.session_id.clone(),
            driver_id: session.driver_id.clone(),
            cp_id: session.cp_id.clone(),
            energy_mwh: session.energy_mwh(),
            cost_micros,
            currency: CURRENCY.to_owned(),
            duration_ms: session.duration_ms(),
            started_at: Some(clock::to_timestamp(session.started_at_ms.unwrap_or(ended_at_ms))),
            ended_at: Some(clock::to_timestamp(ended_at_ms)),
            end_reason: session.end_reason.map(|reason| reason.to_string()).unwrap_or_default(),
            balance_micros,
            trace_id: trace_propagation::trace_id(&session.traceparent),
        },
    );
}

fn tell_of_failure(draft: &mut Draft<'_>, session: &Session, reason: EndReason, ticket_follows: bool) {
    let what = match reason {
        EndReason::Fault => "the charge point broke",
        EndReason::LinkLost => "the link to the charge point was lost",
        EndReason::OutOfService => "the charge point was put out of service",
        EndReason::StartTimeout => "the charge point did not begin in time",
        EndReason::StartRefused => "the charge point refused to begin",
        EndReason::NetworkRestart => "the network started anew",
        EndReason::OperatorStopped => "an operator stopped the charge",
        _ => "the charge was stopped before it began",
    };
    let message = if ticket_follows {
        let so_far = session.cost_micros.unwrap_or_default();
        format!("{what}; what was supplied costs {}", money::format_money(so_far))
    } else {
        format!("{what}; nothing was supplied and nothing is billed")
    };
    draft.send_for::<pb::DriverNotification>(
        session,
        &session.driver_id,
        pb::SupplyError {
            session_id: session.session_id.clone(),
            driver_id: session.driver_id.clone(),
            cp_id: session.cp_id.clone(),
            reason: reason.to_string(),
            energy_mwh: session.energy_mwh(),
            cost_micros: session.cost_micros.unwrap_or_default(),
            message,
            ticket_follows,
        },
    );
}

/// The command that makes a charge point cease to supply a session.
pub(super) fn send_stop(draft: &mut Draft<'_>, session: &Session, reason: EndReason) {
    let command = pb::CentralCommand {
        cp_id: session.cp_id.clone(),
        version: draft.charge_point(&session.cp_id).map_or(0, |charge_point| charge_point.version + 1),
        traceparent: draft.traceparent_for(session),
        command: Some(pb::central_command::Command::Stop(pb::StopCommand {
            session_id: session.session_id.clone(),
            reason: reason.to_string(),
        })),
    };
    draft.send_for::<pb::CentralCommand>(session, &session.cp_id, command);
}
