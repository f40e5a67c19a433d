//! Asking for the end of a charge.

use evcharging_common::{
    error::Error,
    vocabulary::{EndReason, SessionState},
};

use super::{Rules, ending, known_session, session_reply, starting};
use crate::{
    command::{Reply, StopCharging},
    session_state::{SessionInput, Transition, transition},
    world::Draft,
};

pub(super) fn stop_charging(
    draft: &mut Draft<'_>,
    rules: &Rules,
    request: &StopCharging,
) -> Result<Reply, Error> {
    let session = match &request.charge {
        Some(charge) => starting::open_session(draft, charge)?,
        None => known_session(draft, &request.session_id)?,
    };
    let (session_id, state) = (session.session_id.clone(), session.state);
    let reason = match (&request.operator_id, state) {
        (Some(_), _) => EndReason::OperatorStopped,
        (None, SessionState::Reserved) => EndReason::ReservationCancelled,
        (None, _) => EndReason::DriverStopped,
    };
    stop(draft, rules, &session_id, reason, request.operator_id.as_deref().unwrap_or("driver"))?;
    session_reply(draft, &session_id)
}

pub(super) fn cancel_reservation(draft: &mut Draft<'_>, session_id: &str) -> Result<Reply, Error> {
    let session = known_session(draft, session_id)?.clone();
    match session.state {
        SessionState::Reserved => {
            ending::end(
                draft,
                session_id,
                SessionState::Cancelled,
                EndReason::ReservationCancelled,
                "driver",
            );
        }
        // Asked again: it is so already.
        SessionState::Cancelled => {}
        state => {
            let message =
                format!("the session is {state}; a charge that has started is stopped, not cancelled");
            return Err(Error::failed_precondition("SESSION_STARTED", message));
        }
    }
    session_reply(draft, session_id)
}

/// Moves a session toward its end for `reason`. One that has ended stays as it is.
pub(super) fn stop(
    draft: &mut Draft<'_>,
    rules: &Rules,
    session_id: &str,
    reason: EndReason,
    actor: &str,
) -> Result<(), Error> {
    let session = known_session(draft, session_id)?.clone();
    let connected = draft.charge_point(&session.cp_id).is_some_and(|found| found.is_connected());
    if session.state == SessionState::Starting && !connected {
        // The start never reached the charge point: there is nothing to wait for.
        ending::end(draft, session_id, SessionState::Cancelled, reason, actor);
        return Ok(());
    }
    match transition(session.state, SessionInput::Stop, session.was_supplied()) {
        Transition::To(SessionState::Stopping) => {
            let deadline_ms = draft.now_ms + rules.stop_timeout_ms;
            if let Some(changed) = draft.session_mut(session_id) {
                changed.state = SessionState::Stopping;
                changed.deadline_ms = Some(deadline_ms);
                changed.end_reason = Some(reason);
            }
            ending::send_stop(draft, &session, reason);
            draft.audit_session(
                "STOP_ASKED",
                &session,
                actor,
                format!("stop asked at {}: {reason}", session.cp_id),
            );
        }
        Transition::To(end) => ending::end(draft, session_id, end, reason, actor),
        Transition::Stay | Transition::Refused | Transition::Late => {}
    }
    Ok(())
}
