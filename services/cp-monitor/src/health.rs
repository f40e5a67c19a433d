//! What a series of checks says about the engine. Pure.

use evcharging_common::{
    pb::{
        cp_registry::v1::FaultReport,
        engine::v1::{EngineMode, EngineState},
    },
    vocabulary::FaultKind,
};

/// One check without answer may be a hiccup; this many in a row are not.
const UNANSWERED_CHECKS: u32 = 2;
/// Another monitor's place is free after three seconds; if it is still taken then, that monitor lives.
const CHECKS_REFUSED: u32 = 5;

/// How one check went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckOutcome {
    /// The engine is OK.
    Ok,
    /// The engine says that it is KO.
    Ko { message: String, register_mwh: i64, session_id: String },
    /// It did not answer in time.
    NoAnswer,
    /// It can't be reached, or what is there is no engine.
    ConnectionLost(String),
    /// Another monitor has it.
    Refused(String),
}

/// The engine's health, as the network is told.
#[derive(Debug, Clone, PartialEq)]
pub enum EngineHealth {
    /// Whole.
    Healthy,
    /// Broken, or out of sight.
    Faulty(FaultReport),
}

impl EngineHealth {
    fn is_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Healthy, Self::Healthy) => true,
            // Another text is nothing new. Nor is another way of being out of sight: to a frozen engine, connections come and go.
            (Self::Faulty(report), Self::Faulty(other)) => is_ko(report) == is_ko(other),
            (Self::Healthy, Self::Faulty(_)) | (Self::Faulty(_), Self::Healthy) => false,
        }
    }
}

fn is_ko(report: &FaultReport) -> bool {
    report.kind == i32::from(FaultKind::EngineKo)
}

/// Turns checks into changes of health.
#[derive(Debug, Default)]
pub struct HealthTracker {
    health: Option<EngineHealth>,
    unanswered_checks: u32,
    refused_checks: u32,
}

impl HealthTracker {
    /// Takes a check into account, and returns the health if that changed it.
    pub fn record(&mut self, outcome: CheckOutcome) -> Option<EngineHealth> {
        self.unanswered_checks =
            if outcome == CheckOutcome::NoAnswer { self.unanswered_checks.saturating_add(1) } else { 0 };
        self.refused_checks = if matches!(outcome, CheckOutcome::Refused(_)) {
            self.refused_checks.saturating_add(1)
        } else {
            0
        };
        let health = match outcome {
            CheckOutcome::Ok => EngineHealth::Healthy,
            CheckOutcome::Ko { message, register_mwh, session_id } => EngineHealth::Faulty(FaultReport {
                kind: FaultKind::EngineKo.into(),
                message: format!("the engine is KO: {message}"),
                register_mwh: Some(register_mwh),
                session_id,
            }),
            CheckOutcome::NoAnswer if self.unanswered_checks < UNANSWERED_CHECKS => return None,
            CheckOutcome::NoAnswer => fault(
                FaultKind::EngineTimeout,
                format!("the engine did not answer {UNANSWERED_CHECKS} health checks in a row"),
            ),
            CheckOutcome::ConnectionLost(cause) => fault(
                FaultKind::EngineConnectionLost,
                format!("the connection to the engine is lost: {cause}"),
            ),
            CheckOutcome::Refused(_) if self.refused_checks < CHECKS_REFUSED => return None,
            CheckOutcome::Refused(cause) => fault(FaultKind::EngineConnectionLost, cause),
        };
        if self.health.as_ref().is_some_and(|before| before.is_same_as(&health)) {
            return None;
        }
        self.health = Some(health.clone());
        Some(health)
    }
}

/// The engine that the last check found, and what it supplied. An engine that begins anew between two checks is as good as one that was
/// gone: it has forgotten what it did.
#[derive(Debug, Default)]
pub struct SeenEngine {
    engine_id: String,
    session_id: String,
}

impl SeenEngine {
    /// Takes a state into account. When it is that of another start of the engine, what the one before supplied, empty for nothing.
    pub fn began_anew(&mut self, state: &EngineState) -> Option<String> {
        let session_id =
            if state.mode() == EngineMode::Charging { state.session_id.clone() } else { String::new() };
        let before = std::mem::replace(self, Self { engine_id: state.engine_id.clone(), session_id });
        let is_another = !before.engine_id.is_empty() && before.engine_id != state.engine_id;
        is_another.then_some(before.session_id)
    }
}

fn fault(kind: FaultKind, message: String) -> EngineHealth {
    EngineHealth::Faulty(FaultReport {
        kind: kind.into(),
        message,
        register_mwh: None,
        session_id: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ko() -> CheckOutcome {
        CheckOutcome::Ko { message: "smoke".to_owned(), register_mwh: 7, session_id: "s-1".to_owned() }
    }

    fn lost() -> CheckOutcome {
        CheckOutcome::ConnectionLost("refused".to_owned())
    }

    fn refused() -> CheckOutcome {
        CheckOutcome::Refused("another monitor watches this engine".to_owned())
    }

    /// What is said after each check: `OK`, the kind of fault, or nothing.
    fn said(outcomes: impl IntoIterator<Item = CheckOutcome>) -> Vec<String> {
        let mut tracker = HealthTracker::default();
        let said = outcomes.into_iter().map(|outcome| match tracker.record(outcome) {
            None => String::new(),
            Some(EngineHealth::Healthy) => "OK".to_owned(),
            Some(EngineHealth::Faulty(report)) => {
                FaultKind::try_from(report.kind).map(|kind| kind.to_string()).unwrap_or_default()
            }
        });
        said.collect()
    }

    #[test]
    fn each_change_is_said_once() {
        assert_eq!(
            said([CheckOutcome::Ok, CheckOutcome::Ok, ko(), ko(), CheckOutcome::Ok, CheckOutcome::Ok]),
            ["OK", "", "ENGINE_KO", "", "OK", ""]
        );
        assert_eq!(
            said([ko(), lost(), lost(), ko()]),
            ["ENGINE_KO", "ENGINE_CONNECTION_LOST", "", "ENGINE_KO"]
        );
    }

    #[test]
    fn one_missing_answer_is_forgiven_and_two_in_a_row_are_not() {
        use CheckOutcome::{NoAnswer, Ok};
        assert_eq!(said([NoAnswer, Ok, NoAnswer, Ok]), ["", "OK", "", ""]);
        assert_eq!(said([Ok, NoAnswer, NoAnswer, NoAnswer, Ok]), ["OK", "", "ENGINE_TIMEOUT", "", "OK"]);
    }

    #[test]
    fn an_engine_that_stays_out_of_sight_is_reported_once() {
        use CheckOutcome::{NoAnswer, Ok};
        assert_eq!(
            said([Ok, NoAnswer, NoAnswer, lost(), NoAnswer, NoAnswer, Ok]),
            ["OK", "", "ENGINE_TIMEOUT", "", "", "", "OK"]
        );
    }

    #[test]
    fn another_monitor_that_stays_is_a_fault() {
        let outcomes = std::iter::repeat_n(refused(), 6).chain([CheckOutcome::Ok]);
        assert_eq!(said(outcomes), ["", "", "", "", "ENGINE_CONNECTION_LOST", "", "OK"]);
    }

    #[test]
    fn an_engine_that_began_anew_has_lost_what_it_supplied() {
        let state = |engine_id: &str, session_id: &str| {
            let mode = if session_id.is_empty() { EngineMode::Idle } else { EngineMode::Charging };
            EngineState {
                engine_id: engine_id.to_owned(),
                session_id: session_id.to_owned(),
                mode: mode.into(),
                ..Default::default()
            }
        };
        let mut seen = SeenEngine::default();
        for (engine_id, session_id, lost) in [
            ("a", "", None),
            ("a", "s-1", None),
            ("b", "", Some("s-1")),
            ("b", "s-2", None),
            ("c", "s-2", Some("s-2")),
            ("c", "", None),
            ("d", "", Some("")),
        ] {
            assert_eq!(
                seen.began_anew(&state(engine_id, session_id)).as_deref(),
                lost,
                "{engine_id} {session_id}"
            );
        }
    }

    #[test]
    fn a_ko_engine_tells_its_register_and_whose_energy_it_counted() {
        let Some(EngineHealth::Faulty(report)) = HealthTracker::default().record(ko()) else {
            panic!("a KO engine is faulty")
        };
        assert_eq!((report.register_mwh, report.session_id.as_str()), (Some(7), "s-1"));
        assert_eq!(report.message, "the engine is KO: smoke");
    }
}
