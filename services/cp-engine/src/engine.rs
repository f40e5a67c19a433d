//! The engine's state machine: what it does, what it was told, and what it has to say about it. Pure: time comes in as
//! milliseconds of a monotonic clock.

use std::collections::VecDeque;

use evcharging_common::{
    error::{Error, ErrorCode},
    pb::engine::v1::{EngineMode, EngineState},
};

use crate::{
    register::Register,
    supply::Supply,
    telemetry::{Event, SupplyEndReason, Telemetry},
};

#[cfg(test)]
mod tests;

/// How long a monitor keeps its place after its last check.
pub const MONITOR_LEASE_MS: i64 = 3_000;
/// How long a supply goes on without a check: a monitor that is started anew gets the place of the old one, and checks, before that.
pub const FORSAKEN_AFTER_MS: i64 = MONITOR_LEASE_MS + 2_000;
/// Readings come this far apart.
const READING_INTERVAL_MS: i64 = 1_000;
/// How many ends are remembered.
const REMEMBERED_ENDS: usize = 16;

/// A charge point's engine.
#[derive(Debug)]
pub struct Engine {
    max_power_w: i64,
    vehicle_energy_mwh: i64,
    register: Register,
    mode: Mode,
    monitor: Option<Monitor>,
    /// The last sessions that ended here or were stopped before they began, oldest first.
    ends: VecDeque<Telemetry>,
    last_supplied_session_id: String,
    unsaid: Vec<Telemetry>,
}

#[derive(Debug)]
enum Mode {
    Idle,
    Charging(Charge),
    Faulted(String),
}

#[derive(Debug)]
struct Charge {
    session_id: String,
    traceparent: Option<String>,
    supply: Supply,
    end_at_target: SupplyEndReason,
    seq: i64,
}

#[derive(Debug)]
struct Monitor {
    /// Empty when the place is free.
    monitor_id: String,
    checked_at_ms: i64,
}

impl Engine {
    /// An idle engine.
    pub fn new(max_power_w: i64, vehicle_energy_mwh: i64, register_mwh: i64) -> Self {
        Self {
            max_power_w,
            vehicle_energy_mwh,
            register: Register::new(register_mwh),
            mode: Mode::Idle,
            monitor: None,
            ends: VecDeque::with_capacity(REMEMBERED_ENDS),
            last_supplied_session_id: String::new(),
            unsaid: Vec::new(),
        }
    }

    /// Lets energy flow until `now_ms`, and ends the supply where its target or the dead man's switch ends it. Every other
    /// method expects that this was called with the same `now_ms`.
    pub fn advance(&mut self, now_ms: i64) {
        let Mode::Charging(charge) = &mut self.mode else { return };
        let checked_at_ms = self.monitor.as_ref().map_or(0, |monitor| monitor.checked_at_ms);
        // Whoever started the supply gets as long as a monitor that has just checked.
        let forsaken_at_ms = checked_at_ms.max(charge.supply.started_at_ms()) + FORSAKEN_AFTER_MS;
        self.register.add(charge.supply.advance_to(now_ms.min(forsaken_at_ms)));
        if charge.supply.is_complete() {
            let reason = charge.end_at_target;
            self.end_supply(reason);
        } else if now_ms >= forsaken_at_ms {
            self.end_supply(SupplyEndReason::MonitorLost);
        }
    }

    /// Says a reading, when energy flows.
    pub fn tick(&mut self) {
        let register_mwh = self.register.mwh();
        if let Mode::Charging(charge) = &mut self.mode {
            charge.seq += 1;
            let event = Event::Reading {
                session_id: charge.session_id.clone(),
                seq: charge.seq,
                register_mwh,
                power_w: charge.supply.power_w(),
            };
            let (at_ms, traceparent) = (charge.supply.at_ms(), charge.traceparent.clone());
            self.unsaid.push(Telemetry { at_ms, traceparent, event });
        }
    }

    /// When the next reading is due: whole seconds after the supply began. `None` when no energy flows.
    pub fn next_reading_ms(&self, now_ms: i64) -> Option<i64> {
        let Mode::Charging(charge) = &self.mode else { return None };
        let started_at_ms = charge.supply.started_at_ms();
        let seconds = (now_ms - started_at_ms) / READING_INTERVAL_MS;
        Some(started_at_ms + (seconds + 1) * READING_INTERVAL_MS)
    }

    /// Takes or keeps the place of the one monitor.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when another monitor has it.
    pub fn check_health(&mut self, monitor_id: &str, now_ms: i64) -> Result<(), Error> {
        if let Some(monitor) = &self.monitor
            && !monitor.monitor_id.is_empty()
            && monitor.monitor_id != monitor_id
            && now_ms - monitor.checked_at_ms < MONITOR_LEASE_MS
        {
            return Err(Error::new(
                ErrorCode::ResourceExhausted,
                "MONITOR_PRESENT",
                "another monitor watches this engine; end that one, its place is free 3 s later",
            ));
        }
        self.monitor = Some(Monitor { monitor_id: monitor_id.to_owned(), checked_at_ms: now_ms });
        Ok(())
    }

    /// The monitor is gone, as its connection tells: another may have its place at once. How long the supply goes on unwatched stays.
    pub fn release(&mut self, monitor_id: &str) {
        if let Some(monitor) = self.monitor.as_mut().filter(|monitor| monitor.monitor_id == monitor_id) {
            monitor.monitor_id.clear();
        }
    }

    /// Begins to supply a session; the same session again changes nothing. All that is said about it belongs to `traceparent`.
    ///
    /// # Errors
    /// FAILED_PRECONDITION with SESSION_ENDED, ENGINE_BUSY or ENGINE_FAULTED.
    pub fn start(
        &mut self,
        session_id: &str,
        energy_limit_mwh: i64,
        traceparent: Option<String>,
        now_ms: i64,
    ) -> Result<(), Error> {
        if self.end_of(session_id).is_some() {
            return Err(Error::failed_precondition(
                "SESSION_ENDED",
                format!("session {session_id} has ended here; a new charge needs a new session"),
            ));
        }
        match &self.mode {
            Mode::Charging(charge) if charge.session_id == session_id => return Ok(()),
            Mode::Charging(charge) => {
                return Err(Error::failed_precondition(
                    "ENGINE_BUSY",
                    format!("the engine supplies session {}; stop it first", charge.session_id),
                ));
            }
            Mode::Faulted(message) => {
                return Err(Error::failed_precondition(
                    "ENGINE_FAULTED",
                    format!("the engine is KO: {message}; clear the fault first"),
                ));
            }
            Mode::Idle => {}
        }
        let end_at_target = if energy_limit_mwh <= self.vehicle_energy_mwh {
            SupplyEndReason::LimitReached
        } else {
            SupplyEndReason::VehicleFull
        };
        let target_mwh = energy_limit_mwh.min(self.vehicle_energy_mwh);
        session_id.clone_into(&mut self.last_supplied_session_id);
        self.unsaid.push(Telemetry {
            at_ms: now_ms,
            traceparent: traceparent.clone(),
            event: Event::SupplyStarted {
                session_id: session_id.to_owned(),
                register_mwh: self.register.mwh(),
            },
        });
        self.mode = Mode::Charging(Charge {
            session_id: session_id.to_owned(),
            traceparent,
            supply: Supply::new(self.max_power_w, target_mwh, now_ms),
            end_at_target,
            seq: 0,
        });
        Ok(())
    }

    /// Ceases to supply a session, or whatever is supplied when `session_id` is empty. A session that is not supplied is told to
    /// have ended all the same, and can't be started any more.
    pub fn stop(&mut self, session_id: &str, traceparent: Option<String>, now_ms: i64) {
        if self.is_supplying(session_id) || (session_id.is_empty() && matches!(self.mode, Mode::Charging(_)))
        {
            self.end_supply(SupplyEndReason::Stopped);
        } else if let Some(end) = self.end_of(session_id) {
            self.unsaid.push(end.clone());
        } else if !session_id.is_empty() {
            self.say_end(Telemetry {
                at_ms: now_ms,
                traceparent,
                event: Event::SupplyEnded {
                    session_id: session_id.to_owned(),
                    register_mwh: self.register.mwh(),
                    reason: SupplyEndReason::NotSupplying,
                },
            });
        }
    }

    /// Goes KO. A KO engine stays as it is.
    pub fn set_fault(&mut self, message: &str, now_ms: i64) {
        let (session_id, traceparent) = match &self.mode {
            Mode::Faulted(_) => return,
            Mode::Charging(charge) => (charge.session_id.clone(), charge.traceparent.clone()),
            Mode::Idle => (String::new(), None),
        };
        let (message, register_mwh) = (message.to_owned(), self.register.mwh());
        let event = Event::Faulted { message: message.clone(), register_mwh, session_id };
        self.unsaid.push(Telemetry { at_ms: now_ms, traceparent, event });
        self.end_supply(SupplyEndReason::Fault);
        self.mode = Mode::Faulted(message);
    }

    /// Is OK again.
    pub fn clear_fault(&mut self) {
        if matches!(self.mode, Mode::Faulted(_)) {
            self.mode = Mode::Idle;
        }
    }

    /// Whether energy flows for this session.
    pub fn is_supplying(&self, session_id: &str) -> bool {
        matches!(&self.mode, Mode::Charging(charge) if charge.session_id == session_id)
    }

    /// What it does.
    pub fn state(&self) -> EngineState {
        let (mode, power_w, session_id, fault_message) = match &self.mode {
            Mode::Idle => (EngineMode::Idle, 0, "", ""),
            Mode::Charging(charge) => {
                (EngineMode::Charging, charge.supply.power_w(), charge.session_id.as_str(), "")
            }
            // Its monitor reports the fault with the register, and has to know whose energy that counted last.
            Mode::Faulted(message) => {
                (EngineMode::Faulted, 0, self.last_supplied_session_id.as_str(), message.as_str())
            }
        };
        EngineState {
            mode: mode.into(),
            register_mwh: self.register.mwh(),
            power_w,
            session_id: session_id.to_owned(),
            fault_message: fault_message.to_owned(),
            // Its handle's to tell.
            engine_id: String::new(),
        }
    }

    /// What it has to say since this was last called, in order.
    pub fn take_telemetry(&mut self) -> Vec<Telemetry> {
        std::mem::take(&mut self.unsaid)
    }

    fn end_of(&self, session_id: &str) -> Option<&Telemetry> {
        self.ends.iter().find(|end| end.event.session_id() == session_id)
    }

    fn end_supply(&mut self, reason: SupplyEndReason) {
        if let Mode::Charging(charge) = std::mem::replace(&mut self.mode, Mode::Idle) {
            self.say_end(Telemetry {
                at_ms: charge.supply.at_ms(),
                traceparent: charge.traceparent,
                event: Event::SupplyEnded {
                    session_id: charge.session_id,
                    register_mwh: self.register.mwh(),
                    reason,
                },
            });
        }
    }

    fn say_end(&mut self, end: Telemetry) {
        if self.ends.len() == REMEMBERED_ENDS {
            self.ends.pop_front();
        }
        self.ends.push_back(end.clone());
        self.unsaid.push(end);
    }
}
