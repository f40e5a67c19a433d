//! One charge as its driver sees it: what is heard, asked or due moves it on. Pure: no I/O, and the time comes in.

use evcharging_common::pb::events::v1::driver_notification::Notification;

use crate::{
    requests_file::{Request, Target},
    step::Step,
    summary::{ChargeResult, Outcome},
};

mod deadlines;
mod heard;
#[cfg(test)]
mod tests;

/// How long after the request's own end its answer may still be under way.
const ANSWER_GRACE_MS: i64 = 5_000;
/// How long after the reservation's end a start may still be confirmed.
const START_GRACE_MS: i64 = 30_000;
/// How long a ticket may take.
const TICKET_WAIT_MS: i64 = 30_000;
/// How long a stop may try to reach Kafka: giving up leaves the vehicle charging, so it tries for long.
const STOP_DELIVERY_MS: i64 = 600_000;
/// How long one who wants to leave waits for the answer to its request.
const LEAVING_ANSWER_MS: i64 = 10_000;
/// How long an objection to a reservation that is given back may take. Nobody confirms it.
const GIVING_BACK_MS: i64 = 5_000;
/// Readings come each second; after this long their absence is told.
const SILENCE_MS: i64 = 15_000;

/// What moves a charge on.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time")]
pub(crate) enum Input {
    /// The network told something.
    Heard(Notification),
    /// Kafka has a message of ours.
    Delivered(Outgoing),
    /// Time went by.
    Tick,
    /// The driver wants to leave.
    StopAsked,
}

/// A message of the driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outgoing {
    /// AUTHORIZATION_REQUEST.
    Request,
    /// CHARGING_STARTED.
    Start,
    /// CHARGING_STOPPED.
    Stop,
}

/// What follows from an input.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Reaction {
    /// To be shown, in order.
    pub steps: Vec<Step>,
    /// To be sent.
    pub send: Option<Outgoing>,
}

impl Reaction {
    fn show(step: Step) -> Self {
        Self { steps: vec![step], send: None }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The request is on its way, or its answer.
    Asking { delivered: bool, deadline_ms: i64 },
    /// The start is on its way, or its confirmation.
    Starting { deadline_ms: i64 },
    /// Energy flows.
    Charging { stop_at_ms: Option<i64>, heard_at_ms: i64, silence_told: bool },
    /// The stop is on its way, or the ticket. `gives_back`: no start was ever sent.
    Stopping { gives_back: bool, deadline_ms: i64 },
    /// The supply failed; its ticket is on the way.
    Billing { deadline_ms: i64 },
    /// There is an outcome.
    Ended,
}

/// One charge, from the request to its outcome.
#[derive(Debug)]
pub(crate) struct Charge {
    pub(crate) driver_id: String,
    pub(crate) request_id: String,
    pub(crate) expires_at_ms: i64,
    pub(crate) target: Target,
    /// The one that was asked for, then the one that was reserved; empty for any.
    pub(crate) cp_id: String,
    begun_at_ms: i64,
    session_id: String,
    energy_mwh: i64,
    measured_at_ms: i64,
    cp_problem: Option<(String, String)>,
    supply_error: Option<String>,
    stop_asked: bool,
    request_delivered: bool,
    state: State,
    outcome: Option<Outcome>,
}

impl Charge {
    /// A charge whose request is to be sent now.
    pub fn begin(
        driver_id: &str,
        request_id: String,
        request: &Request,
        expires_at_ms: i64,
        now_ms: i64,
    ) -> (Self, Reaction) {
        let charge = Self {
            driver_id: driver_id.to_owned(),
            request_id,
            expires_at_ms,
            target: request.target,
            cp_id: request.cp_id.clone().unwrap_or_default(),
            begun_at_ms: now_ms,
            session_id: String::new(),
            energy_mwh: 0,
            measured_at_ms: 0,
            cp_problem: None,
            supply_error: None,
            stop_asked: false,
            request_delivered: false,
            state: State::Asking { delivered: false, deadline_ms: expires_at_ms },
            outcome: None,
        };
        let step = Step::Requested { cp_id: request.cp_id.clone(), target: request.target, expires_at_ms };
        (charge, Reaction { steps: vec![step], send: Some(Outgoing::Request) })
    }

    /// How it ended, once it has.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// Whether the network got the request.
    pub fn is_request_delivered(&self) -> bool {
        self.request_delivered
    }

    /// When a [`Input::Tick`] is due at the latest.
    pub fn wake_at_ms(&self) -> Option<i64> {
        match self.state {
            State::Asking { deadline_ms, .. }
            | State::Starting { deadline_ms }
            | State::Stopping { deadline_ms, .. }
            | State::Billing { deadline_ms } => Some(deadline_ms),
            State::Charging { stop_at_ms, heard_at_ms, silence_told } => {
                let silence_at_ms = (!silence_told).then_some(heard_at_ms + SILENCE_MS);
                stop_at_ms.into_iter().chain(silence_at_ms).min()
            }
            State::Ended => None,
        }
    }

    /// Moves the charge on.
    pub fn on(&mut self, input: Input, now_ms: i64) -> Reaction {
        if self.state == State::Ended {
            return Reaction::default();
        }
        match input {
            Input::Heard(notification) => self.on_heard(notification, now_ms),
            Input::Delivered(outgoing) => self.on_delivered(outgoing, now_ms),
            Input::Tick => self.on_tick(now_ms),
            Input::StopAsked => self.on_stop_asked(now_ms),
        }
    }

    fn on_delivered(&mut self, outgoing: Outgoing, now_ms: i64) -> Reaction {
        match (outgoing, &mut self.state) {
            (Outgoing::Request, State::Asking { delivered, deadline_ms }) => {
                (*delivered, *deadline_ms) = (true, self.expires_at_ms + ANSWER_GRACE_MS);
                self.request_delivered = true;
            }
            (Outgoing::Stop, State::Stopping { gives_back, deadline_ms }) => {
                *deadline_ms = now_ms + if *gives_back { GIVING_BACK_MS } else { TICKET_WAIT_MS };
            }
            _ => {}
        }
        Reaction::default()
    }

    fn on_stop_asked(&mut self, now_ms: i64) -> Reaction {
        self.stop_asked = true;
        match &mut self.state {
            State::Asking { delivered: false, .. } => self.cancel("the request had not been sent"),
            State::Asking { delivered: true, deadline_ms } => {
                *deadline_ms = (*deadline_ms).min(now_ms + LEAVING_ANSWER_MS);
                let message = "waits for the answer to give the reservation back".to_owned();
                Reaction::show(Step::Stopping { message })
            }
            State::Starting { .. } | State::Charging { .. } => self.stop("stops the charge", now_ms),
            // The end is under way already.
            State::Stopping { .. } | State::Billing { .. } | State::Ended => Reaction::default(),
        }
    }

    fn stop(&mut self, message: &str, now_ms: i64) -> Reaction {
        self.state = State::Stopping { gives_back: false, deadline_ms: now_ms + STOP_DELIVERY_MS };
        Reaction {
            steps: vec![Step::Stopping { message: format!("{message}; the ticket follows") }],
            send: Some(Outgoing::Stop),
        }
    }

    fn given_back(&mut self) -> Reaction {
        self.cancel("the reservation was given back")
    }

    fn cancel(&mut self, message: &str) -> Reaction {
        let step = Step::Cancelled { message: message.to_owned() };
        self.end(ChargeResult::Cancelled, message.to_owned(), Some(step))
    }

    fn fail(&mut self, reason: &str, message: String) -> Reaction {
        let step = Step::Failed { reason: reason.to_owned(), message: message.clone() };
        self.end(ChargeResult::Failed, message, Some(step))
    }

    fn end(&mut self, result: ChargeResult, message: String, step: Option<Step>) -> Reaction {
        self.state = State::Ended;
        let cp_id = (!self.cp_id.is_empty()).then(|| self.cp_id.clone());
        self.outcome = Some(Outcome { cp_id, result, message, energy_mwh: 0, cost_micros: 0 });
        Reaction { steps: step.into_iter().collect(), send: None }
    }
}
