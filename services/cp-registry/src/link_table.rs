//! The links that this replica holds, by charge point, and what was said over each.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use evcharging_common::{
    metric,
    pb::{
        cp_registry::v1::{LinkResponse, Welcome, link_response::Message},
        events::v1::CentralCommand,
    },
    shutdown::CancellationToken,
};
use tokio::sync::mpsc;
use tonic::Status;

/// Messages that may wait for a slow monitor before its link is closed.
pub const OUTGOING: usize = 64;

/// What goes out over a link.
pub type Outgoing = mpsc::Sender<Result<LinkResponse, Status>>;

/// Links of one charge point that may be arriving at a time.
const ARRIVING: usize = 4;

struct Entry {
    link_id: String,
    outgoing: Outgoing,
    closing: CancellationToken,
    /// The version of the newest thing that was said.
    version: i64,
    /// What came in before the welcome was said, and is said after it.
    before_welcome: Vec<CentralCommand>,
}

/// The links of one charge point.
#[derive(Default)]
struct Links {
    /// The one that was welcomed last.
    current: Option<Entry>,
    /// Those that have yet to prove that they may come in. Until one has, the current one stays: whoever knows no key ends no link.
    arriving: Vec<Entry>,
}

/// A handle on the table. Cheap to clone.
#[derive(Clone, Default)]
pub struct LinkTable {
    links: Arc<Mutex<HashMap<String, Links>>>,
}

impl LinkTable {
    /// Adds a link that is about to be welcomed.
    pub fn add(&self, cp_id: &str, link_id: &str, outgoing: Outgoing, closing: CancellationToken) {
        let link_id = link_id.to_owned();
        let entry = Entry { link_id, outgoing, closing, version: 0, before_welcome: Vec::new() };
        let mut links = self.lock();
        let of_charge_point = links.entry(cp_id.to_owned()).or_default();
        if of_charge_point.arriving.len() == ARRIVING {
            of_charge_point.arriving.remove(0).closing.cancel();
        }
        of_charge_point.arriving.push(entry);
    }

    /// Says the welcome, then what the charge point should be doing, then what came in meanwhile. The older link of the same charge
    /// point is closed: the newest wins.
    pub fn welcome(
        &self,
        cp_id: &str,
        link_id: &str,
        welcome: Welcome,
        version: i64,
        commands: Vec<CentralCommand>,
    ) {
        let mut links = self.lock();
        let Some(of_charge_point) = links.get_mut(cp_id) else { return };
        let arrived = of_charge_point.arriving.iter().position(|entry| entry.link_id == link_id);
        let Some(mut entry) = arrived.map(|at| of_charge_point.arriving.remove(at)) else { return };
        entry.version = version;
        entry.say(Message::Welcome(welcome));
        for command in commands {
            entry.say(Message::Command(command));
        }
        for command in std::mem::take(&mut entry.before_welcome) {
            entry.carry(command);
        }
        if let Some(older) = of_charge_point.current.replace(entry) {
            older.closing.cancel();
        }
        tell_count(&links);
    }

    /// Whether a link of a charge point is here.
    pub fn has(&self, cp_id: &str) -> bool {
        self.lock().contains_key(cp_id)
    }

    /// Carries a command over the link of its charge point, when that link is here and has not heard newer.
    pub fn carry(&self, command: CentralCommand) {
        if let Some(of_charge_point) = self.lock().get_mut(&command.cp_id) {
            for arriving in &mut of_charge_point.arriving {
                if arriving.before_welcome.len() < OUTGOING {
                    arriving.before_welcome.push(command.clone());
                } else {
                    arriving.closing.cancel();
                }
            }
            if let Some(current) = &mut of_charge_point.current {
                current.carry(command);
            }
        }
    }

    /// Closes the links of a charge point that are here; with `link_id`, only that one.
    pub fn close(&self, cp_id: &str, link_id: Option<&str>) {
        if let Some(Links { current, arriving }) = self.lock().get(cp_id) {
            let meant = |entry: &&Entry| link_id.is_none_or(|link_id| entry.link_id == link_id);
            current.iter().chain(arriving).filter(meant).for_each(|entry| entry.closing.cancel());
        }
    }

    /// Forgets a link that has ended.
    pub fn remove(&self, cp_id: &str, link_id: &str) {
        let mut links = self.lock();
        if let Some(of_charge_point) = links.get_mut(cp_id) {
            of_charge_point.arriving.retain(|entry| entry.link_id != link_id);
            of_charge_point.current.take_if(|entry| entry.link_id == link_id);
            if of_charge_point.current.is_none() && of_charge_point.arriving.is_empty() {
                links.remove(cp_id);
            }
        }
        tell_count(&links);
    }

    /// Every welcomed link: charge point and link.
    pub fn welcomed(&self) -> Vec<(String, String)> {
        let links = self.lock();
        let welcomed = links.iter().filter_map(|(cp_id, links)| Some((cp_id, links.current.as_ref()?)));
        welcomed.map(|(cp_id, entry)| (cp_id.clone(), entry.link_id.clone())).collect()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Links>> {
        // No change is left half done by a panic.
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tell_count(links: &HashMap<String, Links>) {
    let linked = links.values().filter(|links| links.current.is_some()).count();
    metrics::gauge!(metric::LINKS).set(linked as f64);
}

impl Entry {
    fn carry(&mut self, command: CentralCommand) {
        if command.version >= self.version {
            self.version = command.version;
            self.say(Message::Command(command));
        }
    }

    /// A monitor that takes nothing any more has its link closed: it hears everything again when it is back.
    fn say(&self, message: Message) {
        if self.outgoing.try_send(Ok(LinkResponse { message: Some(message) })).is_err() {
            self.closing.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use evcharging_common::pb::events::v1::{StopCommand, central_command::Command};

    use super::*;

    fn link(
        table: &LinkTable,
        link_id: &str,
    ) -> (mpsc::Receiver<Result<LinkResponse, Status>>, CancellationToken) {
        let (outgoing, said) = mpsc::channel(OUTGOING);
        let closing = CancellationToken::new();
        table.add("MAD-01", link_id, outgoing, closing.clone());
        (said, closing)
    }

    fn command(version: i64) -> CentralCommand {
        let stop = StopCommand { session_id: format!("s{version}"), reason: String::new() };
        CentralCommand {
            cp_id: "MAD-01".into(),
            version,
            command: Some(Command::Stop(stop)),
            ..Default::default()
        }
    }

    fn said(receiver: &mut mpsc::Receiver<Result<LinkResponse, Status>>) -> Vec<Option<i64>> {
        let mut versions = Vec::new();
        while let Ok(Ok(response)) = receiver.try_recv() {
            versions.push(match response.message {
                Some(Message::Command(command)) => Some(command.version),
                _ => None,
            });
        }
        versions
    }

    #[test]
    fn the_newest_link_closes_the_older_one_once_it_is_welcomed() {
        let table = LinkTable::default();
        let (_first, first_closing) = link(&table, "a");
        table.welcome("MAD-01", "a", Welcome::default(), 0, Vec::new());
        // Someone who knows no key changes nothing, however often.
        for number in 0..=ARRIVING {
            let (_intruder, intruder_closing) = link(&table, "intruder");
            table.remove("MAD-01", "intruder");
            assert!(!first_closing.is_cancelled() && !intruder_closing.is_cancelled(), "{number}");
        }
        let (_second, second_closing) = link(&table, "b");
        assert!(!first_closing.is_cancelled());
        table.welcome("MAD-01", "b", Welcome::default(), 0, Vec::new());
        assert!(first_closing.is_cancelled() && !second_closing.is_cancelled());
        // The end of the first is no news for the second.
        table.remove("MAD-01", "a");
        table.close("MAD-01", Some("a"));
        assert!(!second_closing.is_cancelled());
        table.close("MAD-01", None);
        assert!(second_closing.is_cancelled());
    }

    #[test]
    fn what_comes_before_the_welcome_is_said_after_it_and_the_old_is_dropped() {
        let table = LinkTable::default();
        let (mut receiver, _) = link(&table, "a");
        table.carry(command(3));
        table.carry(command(9));
        assert!(table.welcomed().is_empty());
        table.welcome("MAD-01", "a", Welcome::default(), 7, vec![command(7)]);
        table.carry(command(8));
        table.carry(command(10));
        assert_eq!(said(&mut receiver), [None, Some(7), Some(9), Some(10)]);
        assert_eq!(table.welcomed(), [("MAD-01".to_owned(), "a".to_owned())]);
    }

    #[test]
    fn a_monitor_that_takes_nothing_is_closed() {
        let table = LinkTable::default();
        let (_receiver, closing) = link(&table, "a");
        table.welcome("MAD-01", "a", Welcome::default(), 0, Vec::new());
        for version in 0..=i64::try_from(OUTGOING).expect("small") {
            table.carry(command(version));
        }
        assert!(closing.is_cancelled());
    }
}
