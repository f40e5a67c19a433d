//! What the network tells moves a charge on.

use evcharging_common::{
    clock,
    pb::events::v1::{self as events, driver_notification::Notification},
    vocabulary::EndReason,
};

use super::{Charge, Outgoing, Reaction, START_GRACE_MS, STOP_DELIVERY_MS, State, TICKET_WAIT_MS};
use crate::{
    requests_file::Target,
    step::{Step, Ticket},
    summary::ChargeResult,
};

impl Charge {
    pub(super) fn on_heard(&mut self, notification: Notification, now_ms: i64) -> Reaction {
        match notification {
            Notification::AuthorizationResponse(answer) => self.on_answer(answer, now_ms),
            Notification::SessionStarted(started) if self.is_mine(&started.session_id) => {
                self.on_started(started, now_ms)
            }
            Notification::ConsumptionUpdate(update) if self.is_mine(&update.session_id) => {
                self.on_consumption(update, now_ms)
            }
            Notification::SupplyError(error) if self.is_mine(&error.session_id) => {
                self.on_supply_error(error, now_ms)
            }
            Notification::Ticket(ticket) if self.is_mine(&ticket.session_id) => self.on_ticket(ticket.into()),
            Notification::ReservationExpired(expired) if expired.request_id == self.request_id => {
                self.on_expired()
            }
            Notification::CpError(error) if self.is_at(&error.cp_id) => {
                let problem = (error.kind.clone(), error.message.clone());
                if self.cp_problem.replace(problem.clone()) == Some(problem) {
                    return Reaction::default();
                }
                Reaction::show(Step::CpError { cp_id: error.cp_id, kind: error.kind, message: error.message })
            }
            Notification::CpFixed(fixed) if self.is_at(&fixed.cp_id) && self.cp_problem.take().is_some() => {
                Reaction::show(Step::CpFixed { cp_id: fixed.cp_id, message: fixed.message })
            }
            // Of another charge of this driver, or told twice.
            _ => Reaction::default(),
        }
    }

    fn is_mine(&self, session_id: &str) -> bool {
        !self.session_id.is_empty() && self.session_id == session_id
    }

    fn is_at(&self, cp_id: &str) -> bool {
        !self.session_id.is_empty() && self.cp_id == cp_id
    }

    fn on_answer(&mut self, answer: events::AuthorizationResponse, now_ms: i64) -> Reaction {
        if !matches!(self.state, State::Asking { .. }) || answer.request_id != self.request_id {
            return Reaction::default();
        }
        self.request_delivered = true;
        if !answer.authorized {
            let text = format!("{} ({})", answer.message, answer.reason);
            let step = Step::Refused { reason: answer.reason, message: answer.message };
            return self.end(ChargeResult::Refused, text, Some(step));
        }
        let reserved_until_ms = answer.reserved_until.as_ref().map(clock::from_timestamp);
        self.cp_id.clone_from(&answer.cp_id);
        self.session_id.clone_from(&answer.session_id);
        let authorized =
            Step::Authorized { cp_id: answer.cp_id, session_id: answer.session_id, reserved_until_ms };
        if self.stop_asked {
            self.state = State::Stopping { gives_back: true, deadline_ms: now_ms + STOP_DELIVERY_MS };
            let message = "gives the reservation back".to_owned();
            let steps = vec![authorized, Step::Stopping { message }];
            return Reaction { steps, send: Some(Outgoing::Stop) };
        }
        self.state =
            State::Starting { deadline_ms: reserved_until_ms.unwrap_or(now_ms).max(now_ms) + START_GRACE_MS };
        Reaction { steps: vec![authorized], send: Some(Outgoing::Start) }
    }

    fn on_started(&mut self, started: events::SessionStarted, now_ms: i64) -> Reaction {
        match &mut self.state {
            State::Starting { .. } => {
                let stop_at_ms = match self.target {
                    Target::TimeMs(time_ms) => Some(now_ms + time_ms),
                    Target::Full | Target::EnergyMwh(_) => None,
                };
                self.state = State::Charging { stop_at_ms, heard_at_ms: now_ms, silence_told: false };
            }
            // It began before the stop arrived: now a ticket is owed.
            State::Stopping { gives_back, deadline_ms } => {
                *gives_back = false;
                *deadline_ms = (*deadline_ms).max(now_ms + TICKET_WAIT_MS);
            }
            State::Asking { .. } | State::Charging { .. } | State::Billing { .. } | State::Ended => {
                return Reaction::default();
            }
        }
        Reaction::show(Step::SupplyStarted {
            cp_id: started.cp_id,
            session_id: started.session_id,
            energy_limit_mwh: started.energy_limit_mwh,
        })
    }

    /// Another service than the one that tells the start sends these: one that comes first is left, the next is a second away.
    fn on_consumption(&mut self, update: events::ConsumptionUpdate, now_ms: i64) -> Reaction {
        let measured_at_ms = update.measured_at.as_ref().map_or(0, clock::from_timestamp);
        let is_newer = (update.energy_mwh, measured_at_ms) > (self.energy_mwh, self.measured_at_ms);
        match &mut self.state {
            State::Charging { heard_at_ms, silence_told, .. } if is_newer => {
                (*heard_at_ms, *silence_told) = (now_ms, false);
            }
            State::Stopping { .. } if is_newer => {}
            _ => return Reaction::default(),
        }
        (self.energy_mwh, self.measured_at_ms) = (update.energy_mwh, measured_at_ms);
        Reaction::show(Step::Consumption {
            cp_id: update.cp_id,
            session_id: update.session_id,
            power_w: update.power_w,
            energy_mwh: update.energy_mwh,
            cost_micros: update.cost_micros,
        })
    }

    fn on_supply_error(&mut self, error: events::SupplyError, now_ms: i64) -> Reaction {
        if matches!(self.state, State::Billing { .. }) {
            return Reaction::default();
        }
        let text = format!("{} ({})", error.message, error.reason);
        if !error.ticket_follows && self.stop_asked {
            let message = format!("nothing was supplied: {}", error.message);
            return self.end(ChargeResult::Cancelled, text, Some(Step::Cancelled { message }));
        }
        let step = Step::SupplyError {
            reason: error.reason,
            message: error.message,
            energy_mwh: error.energy_mwh,
            cost_micros: error.cost_micros,
            ticket_follows: error.ticket_follows,
        };
        if !error.ticket_follows {
            return self.end(ChargeResult::Failed, text, Some(step));
        }
        self.supply_error = Some(text);
        self.state = State::Billing { deadline_ms: now_ms + TICKET_WAIT_MS };
        Reaction::show(step)
    }

    fn on_ticket(&mut self, ticket: Ticket) -> Reaction {
        let as_asked = matches!(
            ticket.end_reason.parse(),
            Ok(EndReason::DriverStopped
                | EndReason::OperatorStopped
                | EndReason::BalanceExhausted
                | EndReason::TargetReached)
        );
        let completed = as_asked && self.supply_error.is_none();
        let result = if completed { ChargeResult::Completed } else { ChargeResult::Interrupted };
        let message = self.supply_error.take().unwrap_or_else(|| ticket.end_reason.clone());
        let (energy_mwh, cost_micros) = (ticket.energy_mwh, ticket.cost_micros);
        let reaction = self.end(result, message, Some(Step::Ticket(ticket)));
        if let Some(outcome) = &mut self.outcome {
            (outcome.energy_mwh, outcome.cost_micros) = (energy_mwh, cost_micros);
        }
        reaction
    }

    fn on_expired(&mut self) -> Reaction {
        match self.state {
            State::Asking { .. } | State::Starting { .. } | State::Stopping { .. } => {
                if self.stop_asked {
                    return self.given_back();
                }
                let step = Step::ReservationExpired { cp_id: self.cp_id.clone() };
                self.end(
                    ChargeResult::Failed,
                    "the reservation ended before the charge began".to_owned(),
                    Some(step),
                )
            }
            State::Charging { .. } | State::Billing { .. } | State::Ended => Reaction::default(),
        }
    }
}
