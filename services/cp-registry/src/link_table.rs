//! The links that this registry holds, and the way to each of them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use evcharging_common::{
    error::{Error, ErrorCode},
    pb::events::v1::CentralCommand,
};
use tokio::sync::{mpsc, oneshot};

use crate::link_end::LinkEnd;

/// The most links that one registry holds.
const MAX_LINKS: usize = 20_000;
/// Commands that may wait for one link.
const MAX_WAITING_COMMANDS: usize = 64;

/// Every link of this registry. Cheap to clone.
///
/// A link is here before session is asked to register it, so that no command that follows from the registration is missed.
#[derive(Clone, Default)]
pub struct LinkTable {
    links: Arc<Mutex<HashMap<String, Vec<Entry>>>>,
}

struct Entry {
    link_id: String,
    commands: mpsc::Sender<Arc<CentralCommand>>,
    end: oneshot::Sender<LinkEnd>,
    /// The charge point's version when session registered this link; none before.
    registered_version: Option<i64>,
}

/// What comes to a link from the rest of the registry.
pub struct LinkInbox {
    /// Commands, in order.
    pub commands: mpsc::Receiver<Arc<CentralCommand>>,
    /// Why it must end.
    pub end: oneshot::Receiver<LinkEnd>,
}

impl LinkTable {
    /// Adds a link that is about to be registered.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when there are too many.
    pub fn add(&self, cp_id: &str, link_id: &str) -> Result<LinkInbox, Error> {
        let mut links = self.lock();
        if links.len() >= MAX_LINKS {
            let message = format!("this registry holds {MAX_LINKS} links already; connect to another");
            return Err(Error::new(ErrorCode::ResourceExhausted, "TOO_MANY_LINKS", message));
        }
        let (commands, waiting_commands) = mpsc::channel(MAX_WAITING_COMMANDS);
        let (end, ended) = oneshot::channel();
        let entry = Entry { link_id: link_id.to_owned(), commands, end, registered_version: None };
        links.entry(cp_id.to_owned()).or_default().push(entry);
        Ok(LinkInbox { commands: waiting_commands, end: ended })
    }

    /// Session registered this link at that version of the charge point. Of the links that were registered only the newest
    /// lives on.
    pub fn set_registered(&self, cp_id: &str, link_id: &str, version: i64) {
        let mut links = self.lock();
        let Some(entries) = links.get_mut(cp_id) else { return };
        for entry in entries.iter_mut().filter(|entry| entry.link_id == link_id) {
            entry.registered_version = Some(version);
        }
        let newest = entries.iter().filter_map(|entry| entry.registered_version).max();
        end_where(&mut links, cp_id, &LinkEnd::Replaced, |entry| {
            // Session's answers may come in another order than it decided.
            entry.registered_version.is_some() && entry.registered_version < newest
        });
    }

    /// The link has ended.
    pub fn remove(&self, cp_id: &str, link_id: &str) {
        self.end(cp_id, link_id, &LinkEnd::Gone);
    }

    /// Ends one link.
    pub fn end(&self, cp_id: &str, link_id: &str, why: &LinkEnd) {
        end_where(&mut self.lock(), cp_id, why, |entry| entry.link_id == link_id);
    }

    /// Ends every link.
    pub fn end_all(&self, why: &LinkEnd) {
        for entry in self.lock().drain().flat_map(|(_, entries)| entries) {
            // A link that is ending by itself listens no more.
            drop(entry.end.send(why.clone()));
        }
    }

    /// Hands a command to the links that it concerns. One that has too many waiting is ended: it hears all anew when it comes
    /// back.
    pub fn dispatch(&self, command: CentralCommand) {
        let command = Arc::new(command);
        let mut links = self.lock();
        end_where(&mut links, &command.cp_id, &LinkEnd::Slow, |entry| {
            entry.commands.try_send(command.clone()).is_err()
        });
    }

    /// The charge point and the id of every link that session has registered.
    pub fn registered(&self) -> Vec<(String, String)> {
        let links = self.lock();
        let entries = links.iter().flat_map(|(cp_id, entries)| entries.iter().map(move |entry| (cp_id, entry)));
        entries
            .filter(|(_, entry)| entry.registered_version.is_some())
            .map(|(cp_id, entry)| (cp_id.clone(), entry.link_id.clone()))
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Vec<Entry>>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the links of a charge point for which `ends` holds, and tells them why.
fn end_where(
    links: &mut HashMap<String, Vec<Entry>>,
    cp_id: &str,
    why: &LinkEnd,
    ends: impl Fn(&Entry) -> bool,
) {
    let Some(entries) = links.get_mut(cp_id) else { return };
    for entry in entries.extract_if(.., |entry| ends(entry)) {
        // A link that is ending by itself listens no more.
        drop(entry.end.send(why.clone()));
    }
    if entries.is_empty() {
        links.remove(cp_id);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn command(cp_id: &str, version: i64) -> CentralCommand {
        CentralCommand { cp_id: cp_id.to_owned(), version, ..CentralCommand::default() }
    }

    #[test]
    fn the_link_that_session_registered_last_lives_whatever_the_order_of_the_answers() {
        for order in [["a", "b"], ["b", "a"]] {
            let table = LinkTable::default();
            let mut older = table.add("MAD-01", "a").unwrap();
            let mut newer = table.add("MAD-01", "b").unwrap();
            for link_id in order {
                table.set_registered("MAD-01", link_id, if link_id == "a" { 4 } else { 5 });
            }
            assert_eq!(older.end.try_recv(), Ok(LinkEnd::Replaced));
            assert!(newer.end.try_recv().is_err());
            assert_eq!(table.registered(), [("MAD-01".to_owned(), "b".to_owned())]);
        }
    }

    #[test]
    fn a_link_that_is_not_registered_yet_ends_no_other_and_misses_no_command() {
        let table = LinkTable::default();
        let mut registered = table.add("MAD-01", "a").unwrap();
        table.set_registered("MAD-01", "a", 4);
        let mut pending = table.add("MAD-01", "b").unwrap();
        table.dispatch(command("MAD-01", 5));
        table.dispatch(command("BCN-01", 6));
        for inbox in [&mut registered, &mut pending] {
            assert_eq!(inbox.commands.try_recv().unwrap().version, 5);
            assert!(inbox.commands.try_recv().is_err());
        }
        assert_eq!(table.registered().len(), 1);
        table.remove("MAD-01", "b");
        assert!(registered.end.try_recv().is_err());
    }

    #[test]
    fn a_link_with_a_full_queue_is_ended() {
        let table = LinkTable::default();
        let mut inbox = table.add("MAD-01", "a").unwrap();
        for version in 0..=64 {
            table.dispatch(command("MAD-01", version));
        }
        assert_eq!(inbox.end.try_recv(), Ok(LinkEnd::Slow));
        table.dispatch(command("MAD-01", 65));
        assert!(table.add("MAD-01", "a").is_ok());
    }

    #[test]
    fn every_link_can_be_ended_at_once() {
        let table = LinkTable::default();
        let mut inboxes = [table.add("MAD-01", "a").unwrap(), table.add("MAD-02", "b").unwrap()];
        table.end_all(&LinkEnd::CommandsMissed);
        for inbox in &mut inboxes {
            assert_eq!(inbox.end.try_recv(), Ok(LinkEnd::CommandsMissed));
        }
    }
}
