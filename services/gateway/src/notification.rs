//! What a driver is told, in frames. Pure.

use evcharging_common::{
    framed::{Message, TicketDetails, link::sayable},
    pb::events::v1::driver_notification::Notification,
};

/// The charge is over and no ticket follows; why comes next.
const ENDED: &str = "ENDED";
/// The reservation ended before the charge began.
const EXPIRED: &str = "EXPIRED";

/// Has each message of a notification said by `say`. What is in brackets in [`Message`] is told to those alone who `know_more`. `seq` counts
/// the readings of a charge.
pub fn tell<E>(
    notification: &Notification,
    knows_more: bool,
    seq: i64,
    mut say: impl FnMut(&Message<'_>) -> Result<(), E>,
) -> Result<(), E> {
    match notification {
        Notification::AuthorizationResponse(answer) if answer.authorized => say(&Message::Authorized {
            cp_id: &answer.cp_id,
            request_id: &answer.request_id,
            session_id: knows_more.then_some(&answer.session_id),
        }),
        Notification::AuthorizationResponse(answer) => {
            let message = knows_more.then(|| sayable(&answer.message));
            say(&Message::Denied { reason: &answer.reason, message: message.as_deref() })
        }
        Notification::SessionStarted(started) => say(&Message::Start {
            session_id: &started.session_id,
            driver_id: &started.driver_id,
            limit_mwh: started.energy_limit_mwh,
            traceparent: None,
        }),
        Notification::ConsumptionUpdate(update) => say(&Message::Reading {
            cp_id: &update.cp_id,
            session_id: &update.session_id,
            seq,
            register_mwh: update.energy_mwh,
            power_w: update.power_w,
            cost_micros: knows_more.then_some(update.cost_micros),
        }),
        Notification::SupplyError(error) => {
            let reason = sayable(&format!("{}: {}", error.reason, error.message));
            let last = knows_more.then_some((error.session_id.as_str(), error.energy_mwh));
            if !error.ticket_follows {
                say(&Message::Status { cp_id: &error.cp_id, status: ENDED })?;
            }
            say(&Message::Broken { cp_id: &error.cp_id, reason: &reason, last })
        }
        Notification::Ticket(ticket) => say(&Message::Ticket {
            session_id: &ticket.session_id,
            energy_mwh: ticket.energy_mwh,
            cost_micros: ticket.cost_micros,
            seconds: ticket.duration_ms / 1_000,
            more: knows_more.then_some(TicketDetails {
                end_reason: &ticket.end_reason,
                balance_micros: ticket.balance_micros.max(0),
                trace_id: &ticket.trace_id,
            }),
        }),
        Notification::ReservationExpired(expired) => {
            say(&Message::Status { cp_id: &expired.cp_id, status: EXPIRED })
        }
        Notification::CpError(error) => {
            let reason = sayable(&format!("{}: {}", error.kind, error.message));
            say(&Message::Broken { cp_id: &error.cp_id, reason: &reason, last: None })
        }
        Notification::CpFixed(fixed) => say(&Message::Recovered { cp_id: &fixed.cp_id }),
    }
}

#[cfg(test)]
mod tests {
    use evcharging_common::{
        framed::{Unit, decode},
        pb::events::v1::{AuthorizationResponse, ConsumptionUpdate, SupplyError, Ticket},
    };

    use super::*;

    fn told(notification: &Notification, knows_more: bool) -> Vec<String> {
        let mut payloads = Vec::new();
        let done = tell(notification, knows_more, 3, |message| {
            let mut sent = Vec::new();
            message.encode(&mut sent)?;
            if let Some((Ok(Unit::Frame(payload)), _)) = decode(&sent) {
                payloads.push(payload.to_owned());
            }
            Ok::<(), evcharging_common::framed::Unsayable>(())
        });
        assert_eq!(done, Ok(()));
        payloads
    }

    #[test]
    fn who_knows_more_is_told_more() {
        let refusal = AuthorizationResponse {
            reason: "CP_OCCUPIED".into(),
            message: "MAD-01 is in use: ask #2".into(),
            ..Default::default()
        };
        let refusal = Notification::AuthorizationResponse(refusal);
        assert_eq!(told(&refusal, false), ["DENIED#CP_OCCUPIED"]);
        assert_eq!(told(&refusal, true), ["DENIED#CP_OCCUPIED#MAD-01 is in use: ask  2"]);
        let reading = Notification::ConsumptionUpdate(ConsumptionUpdate {
            session_id: "s-1".into(),
            cp_id: "MAD-01".into(),
            energy_mwh: 70,
            cost_micros: 28,
            power_w: 9,
            ..Default::default()
        });
        assert_eq!(told(&reading, false), ["TELEM#MAD-01#s-1#3#70#9"]);
        assert_eq!(told(&reading, true), ["TELEM#MAD-01#s-1#3#70#9#28"]);
        let ticket = Ticket {
            session_id: "s-1".into(),
            energy_mwh: 250_000,
            cost_micros: 100_000,
            duration_ms: 9_900,
            end_reason: "DRIVER_STOPPED".into(),
            balance_micros: 49_900_000,
            ..Default::default()
        };
        let ticket = Notification::Ticket(ticket);
        assert_eq!(told(&ticket, false), ["TICKET#s-1#0.25#0.10#9"]);
        assert_eq!(told(&ticket, true), ["TICKET#s-1#0.25#0.10#9#DRIVER_STOPPED#49.90#"]);
    }

    #[test]
    fn a_failure_without_a_ticket_is_the_end() {
        let error = |ticket_follows| {
            let error = SupplyError {
                cp_id: "MAD-01".into(),
                reason: "FAULT".into(),
                ticket_follows,
                ..Default::default()
            };
            told(&Notification::SupplyError(error), false)
        };
        assert_eq!(error(true), ["AVR#MAD-01#FAULT: "]);
        assert_eq!(error(false), ["STATUS#MAD-01#ENDED", "AVR#MAD-01#FAULT: "]);
    }
}
