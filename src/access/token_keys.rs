//! The public keys of the network, as far as this process has seen them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use super::{
    Purpose,
    token::{self, Verified},
};
use crate::{clock, error::Error, read_model::ReadModel};

/// How often the database is asked for keys at most, however many unknown ones callers claim.
const LOOK_INTERVAL: Duration = Duration::from_millis(500);

/// Checks tokens. Cheap to clone.
#[derive(Clone)]
pub struct TokenKeys {
    read_model: ReadModel,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    keys: HashMap<String, TokenKey>,
    looked_at: Option<Instant>,
}

/// A public key.
#[derive(Debug, Clone)]
pub struct TokenKey {
    /// Its id.
    pub key_id: String,
    /// 32 bytes of Ed25519.
    pub public_key: Vec<u8>,
    /// Nothing that is signed with it counts after this instant.
    pub until_ms: i64,
}

impl TokenKeys {
    /// The keys that a database knows.
    pub fn of(read_model: ReadModel) -> Self {
        Self { read_model, seen: Arc::default() }
    }

    /// What a token says, if it counts.
    ///
    /// # Errors
    /// UNAUTHENTICATED when it does not; UNAVAILABLE when its key can't be looked up.
    pub async fn verify(&self, token: &str, purpose: Purpose) -> Result<Verified, Error> {
        let key_id = token::key_id(token)?;
        let now_ms = clock::now_ms();
        let key = match self.known(&key_id) {
            Some(key) => Some(key),
            None => {
                self.look().await?;
                self.known(&key_id)
            }
        };
        let key = key.filter(|key| key.until_ms > now_ms).ok_or_else(token::not_ours)?;
        token::verify(token, &key.public_key, purpose, now_ms)
    }

    fn known(&self, key_id: &str) -> Option<TokenKey> {
        self.lock().keys.get(key_id).cloned()
    }

    async fn look(&self) -> Result<(), Error> {
        let wait = self.lock().looked_at.map(|looked_at| LOOK_INTERVAL.saturating_sub(looked_at.elapsed()));
        tokio::time::sleep(wait.unwrap_or_default()).await;
        let found = self.read_model.token_keys().await?;
        let mut seen = self.lock();
        seen.keys = found.into_iter().map(|key| (key.key_id.clone(), key)).collect();
        seen.looked_at = Some(Instant::now());
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
