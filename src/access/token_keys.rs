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
    known: Arc<Mutex<HashMap<String, TokenKey>>>,
    /// When it was looked last. Whoever looks holds it.
    looked_at: Arc<tokio::sync::Mutex<Option<Instant>>>,
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
        Self { read_model, known: Arc::default(), looked_at: Arc::default() }
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
            None => self.look(&key_id).await?,
        };
        let key = key.filter(|key| key.until_ms > now_ms).ok_or_else(token::not_ours)?;
        token::verify(token, &key.public_key, purpose, now_ms)
    }

    fn known(&self, key_id: &str) -> Option<TokenKey> {
        self.lock().get(key_id).cloned()
    }

    /// Looks for a key that is new: one at a time, and those who waited for that find what it found.
    async fn look(&self, key_id: &str) -> Result<Option<TokenKey>, Error> {
        let asked = Instant::now();
        let mut looked_at = self.looked_at.lock().await;
        if let Some(before) = *looked_at {
            if before >= asked {
                return Ok(self.known(key_id));
            }
            tokio::time::sleep(LOOK_INTERVAL.saturating_sub(before.elapsed())).await;
        }
        // A look that fails counts as well.
        *looked_at = Some(Instant::now());
        let found = self.read_model.token_keys().await?;
        *self.lock() = found.into_iter().map(|key| (key.key_id.clone(), key)).collect();
        Ok(self.known(key_id))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, TokenKey>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
