//! Time moves a charge on: every wait has an end.

use super::{Charge, Reaction, SILENCE_MS, State};
use crate::{duration::format_duration, step::Step};

impl Charge {
    pub(super) fn on_tick(&mut self, now_ms: i64) -> Reaction {
        if let State::Charging { stop_at_ms, heard_at_ms, silence_told } = &mut self.state {
            if stop_at_ms.is_some_and(|stop_at_ms| now_ms >= stop_at_ms) {
                return self.stop("the time is up, stops the charge", now_ms);
            }
            if !*silence_told && now_ms >= *heard_at_ms + SILENCE_MS {
                *silence_told = true;
                return Reaction::show(Step::NoReading { since_ms: *heard_at_ms });
            }
            return Reaction::default();
        }
        if self.wake_at_ms().is_none_or(|deadline_ms| now_ms < deadline_ms) {
            return Reaction::default();
        }
        self.on_deadline()
    }

    fn on_deadline(&mut self) -> Reaction {
        match self.state {
            State::Asking { delivered: false, .. } => {
                let waited = format_duration(self.expires_at_ms - self.begun_at_ms);
                self.fail(
                    "MESSAGING_UNAVAILABLE",
                    format!("messaging unavailable: the request could not be sent within {waited}; is Kafka, or the gateway, running?"),
                )
            }
            State::Asking { delivered: true, .. } if self.stop_asked => {
                self.cancel("no answer came; should a reservation be made, it expires by itself")
            }
            State::Asking { delivered: true, .. } => self.fail(
                "NO_ANSWER",
                "the network did not answer the request in time; is the authorization service running?".to_owned(),
            ),
            State::Starting { .. } => self.fail(
                "NO_START",
                format!(
                    "{} was reserved, but the supply did not begin in time; `evcharging show charge-points` tells its status",
                    self.cp_id
                ),
            ),
            State::Stopping { gives_back: true, .. } => self.given_back(),
            State::Stopping { .. } | State::Billing { .. } => self.fail(
                "NO_TICKET",
                format!(
                    "no ticket came in time for session {}; `evcharging show tickets` has it once it is billed",
                    self.session_id
                ),
            ),
            State::Charging { .. } | State::Ended => Reaction::default(),
        }
    }
}
