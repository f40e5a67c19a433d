//! All sessions that are being supplied, bounded, and who watches them.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use evcharging_common::pb::{telemetry::v1::LiveSession as LiveSessionMessage, types::v1::Session};
use tokio::{sync::broadcast, time::Instant};

use crate::live_session::LiveSession;

/// The most sessions that are kept.
const MAX_SESSIONS: usize = 20_000;
/// How long a session without readings is kept.
const SILENCE: Duration = Duration::from_secs(600);
/// Readings that a watcher may lag behind before it misses some.
const WATCH_BUFFER: usize = 1_024;

struct Entry {
    session: LiveSession,
    last_read: Instant,
}

/// The live sessions of this replica.
pub struct LiveSessions {
    sessions: Mutex<HashMap<String, Entry>>,
    readings: broadcast::Sender<LiveSessionMessage>,
}

impl LiveSessions {
    /// None yet.
    pub fn new() -> Self {
        Self { sessions: Mutex::default(), readings: broadcast::channel(WATCH_BUFFER).0 }
    }

    /// Whether a session is known here.
    pub fn knows(&self, session_id: &str) -> bool {
        self.lock().contains_key(session_id)
    }

    /// Begins to follow a session.
    pub fn insert(&self, session: Session) {
        let mut sessions = self.lock();
        if sessions.len() >= MAX_SESSIONS {
            sessions.retain(|_, entry| entry.last_read.elapsed() < SILENCE);
        }
        if sessions.len() < MAX_SESSIONS {
            let session_id = session.session_id.clone();
            sessions
                .insert(session_id, Entry { session: LiveSession::new(session), last_read: Instant::now() });
        }
    }

    /// Takes a reading that counted and tells what it came to; `None` for a session that is not followed.
    pub fn read(
        &self,
        session_id: &str,
        register_mwh: i64,
        power_w: i64,
        measured_at_ms: i64,
    ) -> Option<LiveSessionMessage> {
        let mut sessions = self.lock();
        let entry = sessions.get_mut(session_id)?;
        entry.session.read(register_mwh, power_w, measured_at_ms);
        entry.last_read = Instant::now();
        let message = entry.session.message().clone();
        drop(sessions);
        // Nobody watching is as good.
        drop(self.readings.send(message.clone()));
        Some(message)
    }

    /// Ceases to follow a session.
    pub fn end(&self, session_id: &str) {
        let Some(mut entry) = self.lock().remove(session_id) else { return };
        entry.session.end();
        drop(self.readings.send(entry.session.message().clone()));
    }

    /// Forgets what has been silent for too long.
    pub fn forget_silent(&self) {
        self.lock().retain(|_, entry| entry.last_read.elapsed() < SILENCE);
    }

    /// One session.
    pub fn get(&self, session_id: &str) -> Option<LiveSession> {
        self.lock().get(session_id).map(|entry| entry.session.clone())
    }

    /// All sessions as they are, and each reading from now on.
    pub fn watch(&self) -> (Vec<LiveSessionMessage>, broadcast::Receiver<LiveSessionMessage>) {
        let sessions = self.lock();
        let current = sessions.values().map(|entry| entry.session.message().clone()).collect();
        (current, self.readings.subscribe())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Entry>> {
        // No change is left half done by a panic: each is a single insert, update or removal.
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
