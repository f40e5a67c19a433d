//! Starting the charge that was reserved.

use evcharging_common::{error::Error, pb::events::v1 as pb};

use super::{Rules, session_reply};
use crate::{
    command::{Reply, WhichCharge},
    entities::Session,
    session_state::{SessionInput, Transition, transition},
    world::Draft,
};

pub(super) fn start(draft: &mut Draft<'_>, rules: &Rules, charge: &WhichCharge) -> Result<Reply, Error> {
    let session = open_session(draft, charge)?.clone();
    match transition(session.state, SessionInput::Start, session.was_supplied()) {
        Transition::To(next) => {
            let now_ms = draft.now_ms;
            let connected = draft.charge_point(&session.cp_id).is_some_and(|found| found.is_connected());
            if let Some(changed) = draft.session_mut(&session.session_id) {
                changed.state = next;
                // An offline charge point has until the reservation's end to connect and begin.
                let start_by_ms = now_ms + rules.start_timeout_ms;
                changed.deadline_ms =
                    Some(if connected { start_by_ms } else { start_by_ms.max(session.reserved_until_ms) });
            }
            send_start(draft, &session);
            draft.audit_session(
                "START_ASKED",
                &session,
                "driver",
                format!("start asked at {}", session.cp_id),
            );
        }
        Transition::Stay => {}
        Transition::Refused | Transition::Late => {
            let message = format!("the session at {} is {} already", session.cp_id, session.state);
            return Err(Error::failed_precondition("SESSION_STOPPING", message));
        }
    }
    session_reply(draft, &session.session_id)
}

/// The command that makes a charge point supply a session.
fn send_start(draft: &mut Draft<'_>, session: &Session) {
    let command = pb::CentralCommand {
        cp_id: session.cp_id.clone(),
        version: draft.charge_point(&session.cp_id).map_or(0, |charge_point| charge_point.version + 1),
        traceparent: draft.traceparent_for(session),
        command: Some(pb::central_command::Command::Start(pb::StartCommand {
            session_id: session.session_id.clone(),
            driver_id: session.driver_id.clone(),
            energy_limit_mwh: session.energy_limit_mwh,
        })),
    };
    draft.send_for::<pb::CentralCommand>(session, &session.cp_id, command);
}

/// The driver's open session, when it is the one that is meant.
pub(super) fn open_session<'d>(draft: &'d Draft<'_>, charge: &WhichCharge) -> Result<&'d Session, Error> {
    let WhichCharge { driver_id, cp_id, request_id } = charge;
    let session = draft.session_of(driver_id);
    let meant = session.filter(|session| {
        session.cp_id == *cp_id && (request_id.is_empty() || session.request_id == *request_id)
    });
    meant.ok_or_else(|| {
        let message = match session {
            Some(session) if session.cp_id != *cp_id => {
                format!("{driver_id} has its session at {}, not at {cp_id}", session.cp_id)
            }
            Some(session) => format!(
                "{driver_id} has its session there by request {}, not {request_id}",
                session.request_id
            ),
            None => format!("{driver_id} has no reservation and no session at {cp_id}"),
        };
        Error::failed_precondition("NO_RESERVATION", message)
    })
}
