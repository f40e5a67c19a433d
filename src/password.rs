//! People's passwords: kept as Argon2id hashes, with the parameters that OWASP recommends (19 MiB, 2 rounds), in PHC's format.

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::error::{Error, ErrorCode};

/// A hash takes a core for tens of milliseconds and 19 MiB: so many at a time.
const AT_A_TIME: usize = 2;
/// Those that wait for their turn; more are turned away.
const WAITING: usize = 64;
/// What a password is compared with when there is no such user, so that an answer takes as long and tells nobody which names exist.
const NOBODYS: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5cyBzYWx0$FrP1BfnQvmcCLCZrCOKHzRqnJZAG2uSO46Y1QjCmUIE";

static TURNS: Semaphore = Semaphore::const_new(AT_A_TIME);
static PLACES: Semaphore = Semaphore::const_new(AT_A_TIME + WAITING);

/// Checks that a password may be set.
///
/// # Errors
/// INVALID_ARGUMENT when it is too short or too long.
pub fn check(password: &str) -> Result<(), Error> {
    if (8..=128).contains(&password.chars().count()) {
        return Ok(());
    }
    Err(Error::invalid_argument("password", "must be 8 to 128 characters"))
}

/// The hash of a password, with a salt of its own.
///
/// # Errors
/// RESOURCE_EXHAUSTED when too many are at it.
pub async fn hash(password: String) -> Result<String, Error> {
    let hashing = move || {
        let hash = Argon2::default().hash_password(password.as_bytes()).map_err(Error::internal)?;
        Ok(hash.to_string())
    };
    in_turn(hashing).await?
}

/// Whether this is the password; of nobody when there is no hash, which takes as long.
///
/// # Errors
/// As [`hash`].
pub async fn is_right(password: String, hash: Option<String>) -> Result<bool, Error> {
    in_turn(move || {
        let compared = hash.as_deref().unwrap_or(NOBODYS);
        let is_right = Argon2::default().verify_password(password.as_bytes(), compared).is_ok();
        is_right && hash.is_some()
    })
    .await
}

async fn in_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let Ok(place) = PLACES.try_acquire() else {
        let message = "too many people log in at the moment; try again";
        return Err(Error::new(ErrorCode::ResourceExhausted, "TOO_MANY_LOGINS", message));
    };
    let turn = TURNS.acquire().await.map_err(Error::internal)?;
    // The work goes on when its caller has hung up, so the turn is its own.
    let working = tokio::task::spawn_blocking(move || {
        let done = work();
        drop((turn, place));
        done
    });
    working.await.map_err(Error::internal)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[tokio::test]
    async fn a_password_is_known_by_its_hash_alone() {
        let hashed = hash("correct horse".to_owned()).await.unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert_ne!(hashed, hash("correct horse".to_owned()).await.unwrap(), "each has a salt of its own");
        assert!(is_right("correct horse".to_owned(), Some(hashed.clone())).await.unwrap());
        assert!(!is_right("correct hors".to_owned(), Some(hashed)).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_logs_in_as_a_user_that_is_not_there() {
        for guess in ["", "nobody", "correct horse"] {
            assert!(!is_right(guess.to_owned(), None).await.unwrap());
        }
        // It must be a hash that is really computed, or the time would tell.
        let salted = NOBODYS.split('$').nth(3).unwrap();
        assert_eq!(salted, "m=19456,t=2,p=1");
    }
}
