//! What a driver says and is told, as frames and back. Pure, but for the clock.

use evcharging_common::{
    clock,
    error::Error,
    framed::Message,
    money::CURRENCY,
    pb::events::v1::{
        AuthorizationResponse, ConsumptionUpdate, CpError, CpFixed, ReservationExpired, SessionStarted,
        SupplyError, Ticket, driver_notification::Notification,
    },
};

use crate::said::Said;

/// The charge that frames are about: they name less of it than the network's own messages do.
#[derive(Debug, Default)]
pub(super) struct Translation {
    driver_id: String,
    request_id: String,
    cp_id: String,
    session_id: String,
    /// Its supply is known to have begun.
    has_started: bool,
    /// The charge is over without a ticket; why comes next.
    has_ended: bool,
}

impl Translation {
    pub fn of(driver_id: &str) -> Self {
        Self { driver_id: driver_id.to_owned(), ..Self::default() }
    }

    /// What says on a new connection which charge goes on, if one does.
    pub fn resume(&self) -> Option<Message<'_>> {
        let Self { session_id, driver_id, .. } = self;
        let resume = Message::Start { session_id, driver_id, limit_mwh: 0, traceparent: None };
        (!session_id.is_empty()).then_some(resume)
    }

    /// The frame for what the driver says; `None` when the gateway does that by itself.
    pub fn say<'a>(&'a mut self, said: &'a Said) -> Option<Message<'a>> {
        match said {
            Said::Request(request) => {
                *self = Self { request_id: request.request_id.clone(), ..Self::of(&request.driver_id) };
                // Said in any case: who names a limit is told more.
                let limit_mwh = Some(request.energy_limit_mwh.unwrap_or(0));
                Some(Message::Request { driver_id: &request.driver_id, cp_id: &request.cp_id, limit_mwh })
            }
            Said::Started(_) => None,
            Said::Stopped(_) => Some(Message::Stop { session_id: &self.session_id, reason: None }),
        }
    }

    /// What the gateway's refusal means for the charge.
    pub fn refuse(&self, error: &Error) -> Option<Notification> {
        if self.session_id.is_empty() {
            return Some(self.refusal(&error.reason, &error.message));
        }
        tracing::warn!(%error, "the gateway refused what the driver said");
        None
    }

    /// Nothing was heard of the charge over a new connection: it must have ended before that.
    pub fn unheard(&self) -> Notification {
        Notification::SupplyError(SupplyError {
            session_id: self.session_id.clone(),
            driver_id: self.driver_id.clone(),
            cp_id: self.cp_id.clone(),
            reason: "NOT_HEARD".to_owned(),
            message: "nothing is heard of the charge since the connection was lost; it may have ended"
                .to_owned(),
            ticket_follows: true,
            ..SupplyError::default()
        })
    }

    fn refusal(&self, reason: &str, message: &str) -> Notification {
        Notification::AuthorizationResponse(AuthorizationResponse {
            request_id: self.request_id.clone(),
            driver_id: self.driver_id.clone(),
            reason: reason.to_owned(),
            message: message.to_owned(),
            ..AuthorizationResponse::default()
        })
    }

    /// What a frame tells the driver.
    pub fn hear(&mut self, message: &Message<'_>) -> Option<Notification> {
        let driver_id = self.driver_id.clone();
        let now = || Some(clock::to_timestamp(clock::now_ms()));
        match *message {
            Message::Authorized { cp_id, request_id, session_id } => {
                cp_id.clone_into(&mut self.cp_id);
                // A gateway that tells no session is one that knows less; the request names the charge as well.
                session_id.unwrap_or(request_id).clone_into(&mut self.session_id);
                Some(Notification::AuthorizationResponse(AuthorizationResponse {
                    request_id: self.request_id.clone(),
                    driver_id,
                    authorized: true,
                    cp_id: cp_id.to_owned(),
                    session_id: self.session_id.clone(),
                    ..AuthorizationResponse::default()
                }))
            }
            Message::Denied { reason, message } => Some(self.refusal(reason, message.unwrap_or(reason))),
            Message::Start { session_id, limit_mwh, .. } => {
                self.has_started = true;
                Some(Notification::SessionStarted(SessionStarted {
                    session_id: session_id.to_owned(),
                    driver_id,
                    cp_id: self.cp_id.clone(),
                    started_at: now(),
                    energy_limit_mwh: limit_mwh,
                }))
            }
            // It began while the connection was lost. What was supplied is told by the next one.
            Message::Reading { session_id, .. } if self.session_id == session_id && !self.has_started => self
                .hear(&Message::Start { session_id, driver_id: &driver_id, limit_mwh: 0, traceparent: None }),
            Message::Reading { cp_id, session_id, register_mwh, power_w, cost_micros, .. } => {
                Some(Notification::ConsumptionUpdate(ConsumptionUpdate {
                    session_id: session_id.to_owned(),
                    driver_id,
                    cp_id: cp_id.to_owned(),
                    energy_mwh: register_mwh,
                    cost_micros: cost_micros.unwrap_or(0),
                    currency: CURRENCY.to_owned(),
                    power_w,
                    measured_at: now(),
                }))
            }
            Message::Broken { cp_id, reason, last } => {
                let (kind, message) = reason.split_once(": ").unwrap_or((reason, reason));
                let (cp_id, message) = (cp_id.to_owned(), message.to_owned());
                let Some((session_id, energy_mwh)) = last else {
                    let kind = kind.to_owned();
                    return Some(Notification::CpError(CpError { cp_id, kind, message, driver_id }));
                };
                Some(Notification::SupplyError(SupplyError {
                    session_id: session_id.to_owned(),
                    driver_id,
                    cp_id,
                    reason: kind.to_owned(),
                    energy_mwh,
                    message,
                    ticket_follows: !std::mem::take(&mut self.has_ended),
                    ..SupplyError::default()
                }))
            }
            Message::Recovered { cp_id } => Some(Notification::CpFixed(CpFixed {
                cp_id: cp_id.to_owned(),
                message: "the charge point is well again".to_owned(),
                driver_id,
            })),
            Message::Status { status: "ENDED", .. } => {
                self.has_ended = true;
                None
            }
            Message::Status { cp_id, status: "EXPIRED" } => {
                Some(Notification::ReservationExpired(ReservationExpired {
                    session_id: std::mem::take(&mut self.session_id),
                    driver_id,
                    cp_id: cp_id.to_owned(),
                    request_id: self.request_id.clone(),
                }))
            }
            Message::Ticket { session_id, energy_mwh, cost_micros, seconds, more } => {
                if self.session_id == session_id {
                    self.session_id.clear();
                }
                let details = more.unwrap_or_default();
                let (ended_at_ms, duration_ms) = (clock::now_ms(), seconds.saturating_mul(1_000));
                Some(Notification::Ticket(Ticket {
                    session_id: session_id.to_owned(),
                    driver_id,
                    cp_id: self.cp_id.clone(),
                    energy_mwh,
                    cost_micros,
                    currency: CURRENCY.to_owned(),
                    duration_ms,
                    started_at: Some(clock::to_timestamp(ended_at_ms.saturating_sub(duration_ms))),
                    ended_at: Some(clock::to_timestamp(ended_at_ms)),
                    end_reason: details.end_reason.to_owned(),
                    balance_micros: details.balance_micros,
                    trace_id: details.trace_id.to_owned(),
                }))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use evcharging_common::{
        framed::TicketDetails,
        pb::events::v1::{AuthorizationRequest, ChargingStarted, ChargingStopped},
    };

    use super::*;

    fn asked() -> Translation {
        let mut translation = Translation::of("driver1");
        let request = Said::Request(AuthorizationRequest {
            request_id: "mine".into(),
            driver_id: "driver1".into(),
            ..AuthorizationRequest::default()
        });
        let asks = translation.say(&request);
        assert_eq!(asks, Some(Message::Request { driver_id: "driver1", cp_id: "", limit_mwh: Some(0) }));
        translation
    }

    fn charging() -> Translation {
        let mut translation = asked();
        let authorized = Message::Authorized { cp_id: "MAD-01", request_id: "r", session_id: Some("s-1") };
        let Some(Notification::AuthorizationResponse(answer)) = translation.hear(&authorized) else {
            panic!("an answer")
        };
        assert_eq!((answer.request_id.as_str(), answer.session_id.as_str()), ("mine", "s-1"));
        translation
    }

    #[test]
    fn a_charge_is_told_as_kafka_would_tell_it() {
        let mut translation = charging();
        assert_eq!(
            translation.say(&Said::Started(ChargingStarted::default())),
            None,
            "the gateway starts it"
        );
        let start =
            Message::Start { session_id: "s-1", driver_id: "driver1", limit_mwh: 9, traceparent: None };
        let started = translation.hear(&start);
        assert!(
            matches!(started, Some(Notification::SessionStarted(started)) if started.energy_limit_mwh == 9)
        );
        let reading = Message::Reading {
            cp_id: "MAD-01",
            session_id: "s-1",
            seq: 3,
            register_mwh: 70,
            power_w: 9,
            cost_micros: Some(28),
        };
        let Some(Notification::ConsumptionUpdate(update)) = translation.hear(&reading) else {
            panic!("a reading")
        };
        assert_eq!((update.energy_mwh, update.cost_micros, update.power_w), (70, 28, 9));
        let stop = Said::Stopped(ChargingStopped::default());
        assert_eq!(translation.say(&stop), Some(Message::Stop { session_id: "s-1", reason: None }));
        let more = TicketDetails { end_reason: "DRIVER_STOPPED", balance_micros: 5, trace_id: "t" };
        let bill = Message::Ticket {
            session_id: "s-1",
            energy_mwh: 70,
            cost_micros: 28,
            seconds: 2,
            more: Some(more),
        };
        let Some(Notification::Ticket(ticket)) = translation.hear(&bill) else { panic!("a ticket") };
        assert_eq!(
            (ticket.cp_id.as_str(), ticket.duration_ms, ticket.trace_id.as_str()),
            ("MAD-01", 2_000, "t")
        );
        assert_eq!(translation.resume(), None, "it is over");
    }

    #[test]
    fn a_charge_that_goes_on_is_asked_for_over_the_next_connection() {
        let resume =
            Message::Start { session_id: "s-1", driver_id: "driver1", limit_mwh: 0, traceparent: None };
        assert_eq!(charging().resume(), Some(resume));
        assert_eq!(asked().resume(), None);
    }

    #[test]
    fn whether_a_ticket_follows_a_failure_is_known_from_what_comes_before_it() {
        for ends in [false, true] {
            let mut translation = charging();
            if ends {
                assert_eq!(translation.hear(&Message::Status { cp_id: "MAD-01", status: "ENDED" }), None);
            }
            let broken = Message::Broken { cp_id: "MAD-01", reason: "FAULT: smoke", last: Some(("s-1", 7)) };
            let Some(Notification::SupplyError(error)) = translation.hear(&broken) else {
                panic!("an error")
            };
            assert_eq!((error.reason.as_str(), error.message.as_str()), ("FAULT", "smoke"));
            assert_eq!(error.ticket_follows, !ends);
        }
    }

    #[test]
    fn a_start_that_was_missed_is_told_by_the_first_reading() {
        let mut translation = charging();
        let reading = |register_mwh| Message::Reading {
            cp_id: "MAD-01",
            session_id: "s-1",
            seq: 1,
            register_mwh,
            power_w: 9,
            cost_micros: None,
        };
        let told = translation.hear(&reading(70));
        assert!(matches!(told, Some(Notification::SessionStarted(started)) if started.session_id == "s-1"));
        assert!(matches!(translation.hear(&reading(80)), Some(Notification::ConsumptionUpdate(_))));
    }

    #[test]
    fn a_refusal_of_the_gateway_refuses_the_request_and_nothing_later() {
        let error = Error::failed_precondition("REQUEST_INVALID", "cp_id is none");
        let Some(Notification::AuthorizationResponse(answer)) = asked().refuse(&error) else {
            panic!("an answer")
        };
        assert_eq!((answer.authorized, answer.reason.as_str()), (false, "REQUEST_INVALID"));
        assert_eq!(charging().refuse(&error), None);
    }
}
