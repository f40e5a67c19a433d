//! One state of the network for all pages: fed by [`crate::following`], told once a second.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use evcharging_common::clock;
use tokio::sync::watch;

use crate::network::{Changes, Network, Version};

/// What changed between two ticks: made once, told to every page that has seen what was before.
#[derive(Debug, Default)]
pub struct Tick {
    /// What a page must have seen.
    pub from: Version,
    /// What it has seen then.
    pub to: Version,
    /// What is between.
    pub changes: Changes,
}

/// A handle on the state. Cheap to clone.
#[derive(Clone)]
pub struct Hub {
    network: Arc<Mutex<Network>>,
    ticks: watch::Sender<Arc<Tick>>,
}

impl Hub {
    /// Nothing is known yet.
    pub fn new() -> Self {
        let network = Arc::new(Mutex::new(Network::new(clock::now_ms())));
        Self { network, ticks: watch::Sender::new(Arc::default()) }
    }

    /// The state.
    pub fn network(&self) -> MutexGuard<'_, Network> {
        self.network.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Each tick from now on; a page that is slow sees the newest alone.
    pub fn ticks(&self) -> watch::Receiver<Arc<Tick>> {
        self.ticks.subscribe()
    }

    /// Tells all pages what changed since the last tick.
    pub fn tick(&self) {
        let from = self.ticks.borrow().to;
        let mut network = self.network();
        network.tick(clock::now_ms());
        // Until every charge point is known there is nothing to tell; the tick alone keeps the pages alive.
        let to = if network.is_complete() { network.version() } else { 0 };
        let changes = if from == 0 { Changes::default() } else { network.since(from) };
        drop(network);
        self.ticks.send_replace(Arc::new(Tick { from, to, changes }));
    }

    /// What a page that has seen `seen` must be told after a tick, and what it has seen then.
    pub fn changes(&self, tick: &Tick, seen: Version) -> (Changes, Version) {
        if seen == tick.from && seen != 0 {
            return (tick.changes.clone(), tick.to);
        }
        let network = self.network();
        // Seen is what the tick says, so that the next tick's changes are shared again; what came since is told twice, and changes nothing.
        if seen == 0 {
            (network.everything(clock::now_ms()), tick.to)
        } else {
            (network.since(seen), tick.to)
        }
    }
}
