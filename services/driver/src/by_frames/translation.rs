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

use crate::messaging::Said;

/// The charge that frames are about: they name less of it than the network's own messages do.
#[derive(Debug, Default)]
pub(super) struct Translation {
    driver_id: String,
    request_id: String,
    cp_id: String,
    session_id: String,
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
                Some(Notification::SessionStarted(SessionStarted {
                    session_id: session_id.to_owned(),
                    driver_id,
                    cp_id: self.cp_id.clone(),
                    started_at: now(),
                    energy_limit_mwh: limit_mwh,
                }))
            }
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
