//! Letting people in, and keeping them in.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use evcharging_common::{
    access::{Purpose, TokenKeys},
    error::{Error, ErrorCode},
    ids, password,
    pb::authorization::v1 as pb,
    read_model::{ReadModel, User},
};

use crate::{
    signing::Signing,
    throttle::{Counted, Throttle},
};

/// The longest address that is looked at and logged, in bytes.
const MAX_ADDRESS_BYTES: usize = 64;
/// A longer password is none.
const MAX_PASSWORD_BYTES: usize = 512;

/// Lets people in. Cheap to clone.
#[derive(Clone)]
pub struct Logins {
    read_model: ReadModel,
    keys: TokenKeys,
    signing: Signing,
    throttle: Arc<Mutex<Throttle>>,
}

impl Logins {
    /// Of the users that `read_model` knows.
    pub fn new(read_model: ReadModel, keys: TokenKeys, signing: Signing) -> Self {
        Self { read_model, keys, signing, throttle: Arc::default() }
    }

    /// Lets a person in who knows the password.
    ///
    /// # Errors
    /// UNAUTHENTICATED when name or password are wrong, in the same words and after the same time; RESOURCE_EXHAUSTED after too many wrong tries.
    pub async fn login(&self, request: pb::LoginRequest) -> Result<pb::LoginResponse, Error> {
        let pb::LoginRequest { user_id, password, mut client_address } = request;
        let refused = || {
            let message = "the name or the password is wrong";
            Error::new(ErrorCode::Unauthenticated, "LOGIN_REFUSED", message)
        };
        if !ids::is_valid(&user_id) || password.len() > MAX_PASSWORD_BYTES {
            return Err(refused());
        }
        client_address.truncate(client_address.floor_char_boundary(MAX_ADDRESS_BYTES));
        let counted = Counted::all(&user_id, &client_address);
        self.count_try(&counted)?;
        let compared = self.compare(&user_id, password).await;
        let [at_this_address, more @ ..] = &counted;
        let user = match compared {
            Ok(Some(user)) => {
                more.iter().for_each(|one| self.throttle().take_back(one));
                self.throttle().forgive(at_this_address);
                user
            }
            Ok(None) => {
                tracing::info!(user_id, client_address, "a wrong name or password");
                return Err(refused());
            }
            // Nothing was compared.
            Err(error) => {
                counted.iter().for_each(|one| self.throttle().take_back(one));
                return Err(error);
            }
        };
        let signer = self.signing.signer().await?;
        let (session_token, session_expires_at_ms) =
            signer.sign(&user_id, user.role, user.changed_at_ms, Purpose::Session)?;
        let (access_token, access_expires_at_ms) =
            signer.sign(&user_id, user.role, user.changed_at_ms, Purpose::Access)?;
        let role = user.role.into();
        Ok(pb::LoginResponse {
            session_token,
            session_expires_at_ms,
            access_token,
            access_expires_at_ms,
            role,
        })
    }

    /// A new access token for a person who is logged in, with the role that it has now.
    ///
    /// # Errors
    /// UNAUTHENTICATED when the session token does not count (any more).
    pub async fn renew(&self, session_token: &str) -> Result<pb::RenewAccessResponse, Error> {
        let verified = self.keys.verify(session_token, Purpose::Session).await?;
        let user = self.read_model.user(&verified.user_id).await?;
        let user = user.filter(|user| verified.version == user.changed_at_ms).ok_or_else(|| {
            let message = "log in again: the password was changed, or the user is gone";
            Error::new(ErrorCode::Unauthenticated, "TOKEN_VOID", message)
        })?;
        let signer = self.signing.signer().await?;
        let (access_token, access_expires_at_ms) =
            signer.sign(&user.user_id, user.role, user.changed_at_ms, Purpose::Access)?;
        let role = user.role.into();
        Ok(pb::RenewAccessResponse { access_token, access_expires_at_ms, user_id: user.user_id, role })
    }

    /// The user, if this is the password. Compared even where there is nobody, as the time would tell.
    async fn compare(&self, user_id: &str, password: String) -> Result<Option<User>, Error> {
        let user = self.read_model.user(user_id).await?;
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        let is_right = password::is_right(password, hash).await?;
        Ok(user.filter(|_| is_right))
    }

    /// Counts a try before it is made.
    fn count_try(&self, counted: &[Counted]) -> Result<(), Error> {
        let (mut throttle, now) = (self.throttle(), Instant::now());
        let wait = counted.iter().map(|one| throttle.wait(one, now)).max().unwrap_or_default();
        if wait > Duration::ZERO {
            let message = format!("too many wrong tries; wait {} s", wait.as_secs() + 1);
            return Err(Error::new(ErrorCode::ResourceExhausted, "LOGIN_THROTTLED", message));
        }
        counted.iter().for_each(|one| throttle.count(one, now));
        Ok(())
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
