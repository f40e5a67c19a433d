//! What the engine should be supplying, as far as the registry has told.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A shared note of it. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Assignment {
    noted: Arc<Mutex<Noted>>,
}

#[derive(Debug, Default)]
struct Noted {
    expected: Expected,
    /// A session whose start is being tried: the engine may supply it already.
    starting_session_id: Option<String>,
    /// A session that the engine supplied and forgot.
    lost_session_id: String,
    /// Grows with each change.
    revision: u64,
}

#[derive(Debug, Default)]
enum Expected {
    /// The registry was not heard yet: what the engine does may be right.
    #[default]
    Unknown,
    Nothing,
    Session(String),
}

impl Assignment {
    /// The engine should supply this session, and no other; an empty one means none.
    pub fn set(&self, session_id: &str) {
        let expected =
            if session_id.is_empty() { Expected::Nothing } else { Expected::Session(session_id.to_owned()) };
        self.change(|noted| {
            noted.expected = expected;
            noted.starting_session_id = None;
        });
    }

    /// The start of this session is being tried. What was expected before still is, until the engine has answered.
    pub fn begin_start(&self, session_id: &str) {
        self.change(|noted| noted.starting_session_id = Some(session_id.to_owned()));
    }

    /// The session that was to be started is over: what was expected before stays.
    pub fn abandon_start(&self) {
        self.change(|noted| noted.starting_session_id = None);
    }

    /// The engine should not supply this session any more. Another that it should stays.
    pub fn remove(&self, session_id: &str) {
        self.change(|noted| {
            let is_other = matches!(&noted.expected, Expected::Session(other) if other != session_id);
            if !is_other {
                noted.expected = Expected::Nothing;
            }
        });
    }

    /// The engine has forgotten this session, which it supplied; an empty one is none.
    pub fn lose(&self, session_id: &str) {
        if !session_id.is_empty() {
            self.change(|noted| session_id.clone_into(&mut noted.lost_session_id));
        }
    }

    /// Whether the engine has forgotten this session. To begin it anew would supply again what it had supplied.
    pub fn is_lost(&self, session_id: &str) -> bool {
        self.lock().lost_session_id == session_id
    }

    /// Which state of this note it is: what the engine said of itself before a change says nothing about what it does after it.
    pub fn revision(&self) -> u64 {
        self.lock().revision
    }

    /// Whether an engine that supplies this session does what it should not.
    pub fn forbids(&self, supplied_session_id: &str) -> bool {
        let noted = self.lock();
        let is_starting = noted.starting_session_id.as_deref() == Some(supplied_session_id);
        let is_expected = match &noted.expected {
            Expected::Unknown => true,
            Expected::Nothing => false,
            Expected::Session(session_id) => session_id == supplied_session_id,
        };
        !is_starting && !is_expected
    }

    fn change(&self, change: impl FnOnce(&mut Noted)) {
        let mut noted = self.lock();
        change(&mut noted);
        noted.revision += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_assigned_is_forbidden_once_the_registry_was_heard() {
        let assignment = Assignment::default();
        assert!(!assignment.forbids("s-1"));
        assignment.set("s-1");
        assert!(!assignment.forbids("s-1") && assignment.forbids("s-2"));
        assignment.remove("s-2");
        assert!(!assignment.forbids("s-1"), "a late stop of another session changes nothing");
        assignment.remove("s-1");
        assert!(assignment.forbids("s-1"));
        assignment.set("s-1");
        assignment.set("");
        assert!(assignment.forbids("s-1"));
    }

    #[test]
    fn each_change_is_a_new_revision() {
        let assignment = Assignment::default();
        let mut last = assignment.revision();
        let changes: [&dyn Fn(); 4] = [
            &|| assignment.set("s-1"),
            &|| assignment.begin_start("s-2"),
            &|| assignment.abandon_start(),
            &|| assignment.remove("s-1"),
        ];
        for change in changes {
            change();
            assert!(assignment.revision() > last);
            last = assignment.revision();
        }
        assert!(assignment.forbids("s-1"));
        assert_eq!(assignment.revision(), last, "a look changes nothing");
    }

    #[test]
    fn a_start_under_way_forbids_neither_the_old_nor_the_new_session() {
        let assignment = Assignment::default();
        assignment.set("s-1");
        assignment.begin_start("s-2");
        assert!(!assignment.forbids("s-1") && !assignment.forbids("s-2"));
        assignment.abandon_start();
        assert!(!assignment.forbids("s-1") && assignment.forbids("s-2"));
        assignment.begin_start("s-2");
        assignment.set("s-2");
        assert!(assignment.forbids("s-1") && !assignment.forbids("s-2"));
    }
}
