//! What came of the charges of a file, and the exit code that says so.

use evcharging_common::money::CURRENCY;
use serde::Serialize;

use crate::requests_file::Request;

/// Exit code: all charges completed.
pub const EXIT_COMPLETED: u8 = 0;
/// Exit code: at least one charge was refused or failed.
pub const EXIT_FAILED: u8 = 1;
/// Exit code: the flags or the file of requests are wrong; nothing was sent.
pub const EXIT_USAGE: u8 = 2;
/// Exit code: nothing could be sent at all.
pub const EXIT_MESSAGING_UNAVAILABLE: u8 = 3;
/// Exit code: ended by Ctrl-C.
pub const EXIT_INTERRUPTED: u8 = 130;

/// How a charge ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChargeResult {
    /// As asked, with a ticket.
    Completed,
    /// By a failure, with a ticket for what was supplied.
    Interrupted,
    /// It was not allowed.
    Refused,
    /// Without a ticket.
    Failed,
    /// The driver gave it up before anything was supplied.
    Cancelled,
    /// The driver left without waiting for its end.
    Abandoned,
    /// It was never asked for.
    Skipped,
}

impl ChargeResult {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Interrupted => "interrupted",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Abandoned => "abandoned",
            Self::Skipped => "skipped",
        }
    }
}

/// What came of one charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Outcome {
    /// The charge point; the one that was asked for when none was given.
    pub cp_id: Option<String>,
    /// How it ended.
    pub result: ChargeResult,
    /// Why it ended, in words or as the network's reason.
    pub message: String,
    /// What the ticket says, in mWh.
    pub energy_mwh: i64,
    /// What the ticket says, in micro-units.
    pub cost_micros: i64,
}

/// What came of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct LineOutcome {
    /// The line in the file.
    pub line: usize,
    /// What came of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came of the whole file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Summary {
    /// Line by line.
    pub charges: Vec<LineOutcome>,
    /// How many completed.
    pub completed: usize,
    /// Energy of all tickets, in mWh.
    pub energy_mwh: i64,
    /// Cost of all tickets, in micro-units.
    pub cost_micros: i64,
    /// Currency of the cost.
    pub currency: &'static str,
    /// What the process ends with.
    pub exit_code: u8,
}

impl Summary {
    /// Sums up; the lines for which `outcomes` has nothing were skipped.
    pub fn new(requests: &[Request], outcomes: Vec<Outcome>, interrupted: bool, anything_sent: bool) -> Self {
        let mut outcomes = outcomes.into_iter();
        let charges: Vec<_> = requests
            .iter()
            .map(|request| {
                let skipped = || Outcome {
                    cp_id: request.cp_id.clone(),
                    result: ChargeResult::Skipped,
                    message: "not asked for".to_owned(),
                    energy_mwh: 0,
                    cost_micros: 0,
                };
                LineOutcome { line: request.line, outcome: outcomes.next().unwrap_or_else(skipped) }
            })
            .collect();
        let completed =
            charges.iter().filter(|charge| charge.outcome.result == ChargeResult::Completed).count();
        let exit_code = if interrupted {
            EXIT_INTERRUPTED
        } else if !anything_sent {
            EXIT_MESSAGING_UNAVAILABLE
        } else if completed == charges.len() {
            EXIT_COMPLETED
        } else {
            EXIT_FAILED
        };
        Self {
            completed,
            energy_mwh: charges.iter().map(|charge| charge.outcome.energy_mwh).sum(),
            cost_micros: charges.iter().map(|charge| charge.outcome.cost_micros).sum(),
            currency: CURRENCY,
            exit_code,
            charges,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::requests_file::Target;

    fn outcome(result: ChargeResult) -> Outcome {
        Outcome { cp_id: None, result, message: String::new(), energy_mwh: 2, cost_micros: 10_000 }
    }

    #[test]
    fn the_exit_code_says_what_came_of_the_file() {
        use ChargeResult::{Completed, Failed, Interrupted, Refused};
        let requests: Vec<_> =
            (1..=2).map(|line| Request { line, cp_id: None, target: Target::Full }).collect();
        for (results, interrupted, anything_sent, expected) in [
            (vec![Completed, Completed], false, true, 0),
            (vec![Completed, Refused], false, true, 1),
            (vec![Interrupted, Completed], false, true, 1),
            (vec![Failed, Failed], false, false, 3),
            (vec![Completed], true, true, 130),
            (vec![], true, false, 130),
        ] {
            let outcomes = results.iter().copied().map(outcome).collect();
            let summary = Summary::new(&requests, outcomes, interrupted, anything_sent);
            assert_eq!(summary.exit_code, expected, "{results:?}");
            assert_eq!(summary.charges.len(), 2);
        }
    }

    #[test]
    fn lines_that_were_not_reached_are_skipped_and_totals_add_up() {
        let requests: Vec<_> =
            (1..=3).map(|line| Request { line, cp_id: None, target: Target::Full }).collect();
        let outcomes = vec![outcome(ChargeResult::Completed), outcome(ChargeResult::Interrupted)];
        let summary = Summary::new(&requests, outcomes, true, true);
        assert_eq!(summary.charges[2].outcome.result, ChargeResult::Skipped);
        assert_eq!((summary.completed, summary.energy_mwh, summary.cost_micros), (1, 4, 20_000));
    }
}
