//! Who is at a page: from the cookie to a token that services take.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use evcharging_common::{
    access::Purpose,
    clock,
    error::{Error, ErrorCode},
    pb::authorization::v1::{RenewAccessRequest, RenewAccessResponse},
    vocabulary::Role,
};
use tonic::{
    Request,
    metadata::{Ascii, MetadataMap, MetadataValue},
};

use crate::{
    cookie::Page,
    peers::{Peers, answer},
};

/// Access tokens that are remembered; more are got anew each time.
const MOST_REMEMBERED: usize = 20_000;
/// A token that has less left than this is renewed first.
const MARGIN_MS: i64 = 60_000;
/// As whom a page shows itself. Programs may leave it out.
const EXPECTED_USER: &str = "x-evcharging-user";
/// The longest cookie that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 1024;

/// A person at a page.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The name at login.
    pub user_id: String,
    /// What it may do.
    pub role: Role,
    authorization: MetadataValue<Ascii>,
    expires_at_ms: i64,
}

impl Visitor {
    /// Somebody who has got a token for services.
    ///
    /// # Errors
    /// When the answer of authorization makes no sense.
    pub fn new(user_id: String, role: i32, access_token: &str, expires_at_ms: i64) -> Result<Self, Error> {
        let role = Role::try_from(role).map_err(Error::internal)?;
        let authorization = format!("Bearer {access_token}").parse().map_err(Error::internal)?;
        Ok(Self { user_id, role, authorization, expires_at_ms })
    }

    /// A request to a service in this person's name: the service checks the token again.
    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", self.authorization.clone());
        request
    }
}

/// What is remembered of a cookie.
#[derive(Debug, Clone)]
enum Remembered {
    /// Somebody who is here.
    Here(Visitor),
    /// Somebody who has left; the cookie itself would still count, until then.
    Left { until: Instant },
}

/// Knows the people at one page. Cheap to clone.
#[derive(Clone)]
pub struct Visitors {
    page: Page,
    peers: Peers,
    remembered: Arc<Mutex<HashMap<String, Remembered>>>,
}

impl Visitors {
    /// Of one page.
    pub fn of(page: Page, peers: Peers) -> Self {
        Self { page, peers, remembered: Arc::default() }
    }

    /// The person whose cookie came along.
    ///
    /// # Errors
    /// UNAUTHENTICATED without a cookie that counts, PERMISSION_DENIED for a person who has no business at this page.
    pub async fn visitor(&self, metadata: &MetadataMap) -> Result<Visitor, Error> {
        let visitor = self.of_cookie(metadata).await?;
        // A browser has one cookie for all its tabs: one whose person has left must not act as the next.
        match metadata.get(EXPECTED_USER) {
            Some(expected) if expected != visitor.user_id.as_str() => Err(signed_out()),
            _ => Ok(visitor),
        }
    }

    async fn of_cookie(&self, metadata: &MetadataMap) -> Result<Visitor, Error> {
        let token = self.session_token(metadata).ok_or_else(signed_out)?;
        let left_ms = |visitor: &Visitor| visitor.expires_at_ms - clock::now_ms();
        let known = match self.lock().get(token).cloned() {
            Some(Remembered::Left { .. }) => return Err(signed_out()),
            Some(Remembered::Here(visitor)) => Some(visitor),
            None => None,
        };
        if let Some(visitor) = known.as_ref().filter(|visitor| left_ms(visitor) > MARGIN_MS) {
            return Ok(visitor.clone());
        }
        let request = RenewAccessRequest { session_token: token.to_owned() };
        match answer("authorization", self.peers.authorization().renew_access(request).await) {
            Ok(renewed) => {
                let RenewAccessResponse { access_token, access_expires_at_ms, user_id, role } = renewed;
                let visitor = Visitor::new(user_id, role, &access_token, access_expires_at_ms)?;
                self.check(visitor.role)?;
                self.remember(token, visitor.clone());
                Ok(visitor)
            }
            Err(error) if error.is_retryable() => {
                // What there is still counts, if only for a moment.
                known.filter(|visitor| left_ms(visitor) > 0).ok_or(error)
            }
            Err(error) => {
                self.lock().remove(token);
                Err(error)
            }
        }
    }

    /// Keeps who has just come in, or has a new token.
    pub fn remember(&self, session_token: &str, visitor: Visitor) {
        let mut remembered = self.lock();
        if remembered.len() >= MOST_REMEMBERED {
            let (now_ms, now) = (clock::now_ms(), Instant::now());
            remembered.retain(|_, kept| match kept {
                Remembered::Here(visitor) => visitor.expires_at_ms > now_ms,
                Remembered::Left { until } => *until > now,
            });
        }
        if remembered.len() < MOST_REMEMBERED {
            remembered.insert(session_token.to_owned(), Remembered::Here(visitor));
        }
    }

    /// Whether people with this role have business at this page.
    ///
    /// # Errors
    /// PERMISSION_DENIED when they have not.
    pub fn check(&self, role: Role) -> Result<(), Error> {
        let message = match (self.page, role) {
            (Page::Driver, Role::Driver) | (Page::Operator, Role::Operator | Role::Admin) => return Ok(()),
            (Page::Driver, _) => "this is the page for drivers; operators have one of their own",
            (Page::Operator, _) => "this is the page for operators; drivers have one of their own",
        };
        Err(Error::new(ErrorCode::PermissionDenied, "WRONG_PAGE", message))
    }

    /// A person leaves: at this replica, what still hangs on the cookie ends at its next look.
    pub fn leave(&self, metadata: &MetadataMap) {
        let Some(token) = self.session_token(metadata) else { return };
        let mut remembered = self.lock();
        if remembered.len() < MOST_REMEMBERED || remembered.contains_key(token) {
            let until = Instant::now() + Purpose::Session.lifetime();
            remembered.insert(token.to_owned(), Remembered::Left { until });
        }
    }

    fn session_token<'a>(&self, metadata: &'a MetadataMap) -> Option<&'a str> {
        let mut headers = metadata.get_all("cookie").iter().filter_map(|header| header.to_str().ok());
        headers.find_map(|header| self.page.token_in(header)).filter(|token| token.len() <= MAX_TOKEN_BYTES)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Remembered>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn signed_out() -> Error {
    Error::new(ErrorCode::Unauthenticated, "SIGNED_OUT", "log in first")
}
