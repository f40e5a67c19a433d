//! The session's state machine: a pure function of (state, input), total, printed in docs/session-states.md.

use evcharging_common::vocabulary::SessionState::{
    self, Cancelled, Charging, Completed, Interrupted, Reserved, Starting, Stopping,
};

/// What can happen to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SessionInput {
    /// The driver asks for the supply to begin.
    Start,
    /// The charge point confirms the supply, by its start or by a reading.
    Supplied,
    /// The driver, an operator or the network asks for the end.
    Stop,
    /// The charge point supplies no longer, as asked or because its target is reached.
    SupplyEnded,
    /// The charge point supplies no longer, and not because it was asked.
    SupplyFailed,
    /// The charge point refused to begin.
    StartRefused,
    /// The charge point broke.
    Fault,
    /// The deadline of the state has passed.
    Deadline,
    /// The network ends everything.
    Terminate,
}

impl SessionInput {
    /// Every input.
    pub const ALL: &[Self] = &[
        Self::Start,
        Self::Supplied,
        Self::Stop,
        Self::SupplyEnded,
        Self::SupplyFailed,
        Self::StartRefused,
        Self::Fault,
        Self::Deadline,
        Self::Terminate,
    ];
}

/// What an input does to a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transition {
    /// It goes to another state.
    To(SessionState),
    /// Nothing changes: it has happened already, or it says nothing new.
    Stay,
    /// It can't happen here.
    Refused,
    /// The session has ended: kept as an audit event at most, and no money moves.
    Late,
}

/// Answers every pair of state and input. A session that never supplied anything is cancelled where another would be billed.
pub fn transition(state: SessionState, input: SessionInput, supplied: bool) -> Transition {
    use SessionInput as Input;
    let billed = |end: SessionState| Transition::To(if supplied { end } else { Cancelled });
    match (state, input) {
        (Completed | Interrupted | Cancelled, _) => Transition::Late,

        (Reserved, Input::Start) => Transition::To(Starting),
        (Reserved, Input::Stop | Input::Fault | Input::Deadline | Input::Terminate) => {
            Transition::To(Cancelled)
        }
        (Reserved, Input::Supplied | Input::SupplyEnded | Input::SupplyFailed | Input::StartRefused) => {
            Transition::Refused
        }

        (Starting, Input::Start) => Transition::Stay,
        (Starting, Input::Supplied) => Transition::To(Charging),
        (Starting, Input::Stop) => Transition::To(Stopping),
        (
            Starting,
            Input::SupplyEnded
            | Input::SupplyFailed
            | Input::StartRefused
            | Input::Fault
            | Input::Deadline
            | Input::Terminate,
        ) => Transition::To(Cancelled),

        (Charging, Input::Start | Input::Supplied) => Transition::Stay,
        (Charging, Input::Stop) => Transition::To(Stopping),
        (Charging, Input::SupplyEnded) => billed(Completed),
        (Charging, Input::SupplyFailed | Input::Fault | Input::Deadline | Input::Terminate) => {
            billed(Interrupted)
        }
        (Charging, Input::StartRefused) => Transition::Refused,

        (Stopping, Input::Start) => Transition::Refused,
        (Stopping, Input::Supplied | Input::Stop) => Transition::Stay,
        (Stopping, Input::SupplyEnded | Input::Deadline | Input::Terminate) => billed(Completed),
        (Stopping, Input::SupplyFailed | Input::Fault) => billed(Interrupted),
        (Stopping, Input::StartRefused) => billed(Completed),
    }
}

/// The whole table in Markdown, as docs/session-states.md shows it.
pub fn table() -> String {
    let mut text = String::from("| state |");
    for input in SessionInput::ALL {
        text.push_str(&format!(" {input:?} |"));
    }
    text.push_str(&format!("\n|---|{}\n", "---|".repeat(SessionInput::ALL.len())));
    for state in SessionState::ALL {
        text.push_str(&format!("| {state} |"));
        for input in SessionInput::ALL {
            let describe = |supplied| match transition(*state, *input, supplied) {
                Transition::To(next) => next.to_string(),
                Transition::Stay => "stays".to_owned(),
                Transition::Refused => "refused".to_owned(),
                Transition::Late => "late".to_owned(),
            };
            let (supplied, never) = (describe(true), describe(false));
            let cell = if supplied == never { supplied } else { format!("{supplied} ({never})") };
            text.push_str(&format!(" {cell} |"));
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_final(state: SessionState) -> bool {
        matches!(state, Completed | Interrupted | Cancelled)
    }

    #[test]
    fn final_states_never_move() {
        for state in SessionState::ALL.iter().filter(|state| is_final(**state)) {
            for input in SessionInput::ALL {
                assert_eq!(transition(*state, *input, true), Transition::Late, "{state} {input:?}");
            }
        }
    }

    #[test]
    fn every_open_state_ends_by_its_deadline_and_by_the_network() {
        for state in SessionState::ALL.iter().filter(|state| !is_final(**state)) {
            for input in [SessionInput::Deadline, SessionInput::Terminate, SessionInput::Fault] {
                for supplied in [true, false] {
                    let Transition::To(next) = transition(*state, input, supplied) else {
                        panic!("{state} stays at {input:?}");
                    };
                    assert!(is_final(next));
                }
            }
        }
    }

    #[test]
    fn what_was_never_supplied_is_never_billed() {
        for state in SessionState::ALL {
            for input in SessionInput::ALL {
                let moved = transition(*state, *input, false);
                assert!(!matches!(moved, Transition::To(Completed | Interrupted)), "{state} {input:?}");
            }
        }
    }

    #[test]
    fn the_straight_way_leads_from_reservation_to_ticket() {
        let inputs =
            [SessionInput::Start, SessionInput::Supplied, SessionInput::Stop, SessionInput::SupplyEnded];
        let mut state = Reserved;
        for input in inputs {
            let Transition::To(next) = transition(state, input, true) else { panic!("{state} {input:?}") };
            state = next;
        }
        assert_eq!(state, Completed);
    }

    #[test]
    fn the_documented_table_is_the_code() {
        let documented = include_str!("../../../docs/session-states.md");
        assert!(documented.contains(&table()), "docs/session-states.md must hold:\n{}", table());
    }
}
