//! Who is at a page: from the cookie to a token that services take.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use evcharging_common::{
    clock,
    error::{Error, ErrorCode},
    pb::authorization::v1::RenewAccessRequest,
    vocabulary::Role,
};
use tonic::{
    Request,
    metadata::{MetadataMap, MetadataValue},
};

use crate::{
    cookie::Page,
    peers::{Peers, answer},
};

/// Access tokens that are remembered; more are got anew each time.
const MOST_REMEMBERED: usize = 20_000;
/// A token that has less left than this is renewed first.
const MARGIN_MS: i64 = 60_000;
/// The longest cookie that is looked at, in bytes.
const MAX_TOKEN_BYTES: usize = 1024;

/// A person at a page.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// The name at login.
    pub user_id: String,
    /// What it may do.
    pub role: Role,
    access_token: String,
    expires_at_ms: i64,
}

impl Visitor {
    /// A request to a service in this person's name: the service checks the token again.
    pub fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Ok(value) = MetadataValue::try_from(format!("Bearer {}", self.access_token)) {
            request.metadata_mut().insert("authorization", value);
        }
        request
    }
}

/// Knows the people at one page. Cheap to clone.
#[derive(Clone)]
pub struct Visitors {
    page: Page,
    peers: Peers,
    remembered: Arc<Mutex<HashMap<String, Visitor>>>,
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
        let token = self.session_token(metadata).ok_or_else(signed_out)?;
        let now_ms = clock::now_ms();
        let known = self.lock().get(token).cloned();
        if let Some(visitor) = known.filter(|visitor| visitor.expires_at_ms - now_ms > MARGIN_MS) {
            return Ok(visitor);
        }
        let request = RenewAccessRequest { session_token: token.to_owned() };
        let renewed = answer("authorization", self.peers.authorization().renew_access(request).await);
        let renewed = renewed.inspect_err(|error| {
            if error.code == ErrorCode::Unauthenticated {
                self.lock().remove(token);
            }
        })?;
        let role = Role::try_from(renewed.role).map_err(Error::internal)?;
        self.check(role)?;
        let visitor = Visitor {
            user_id: renewed.user_id,
            role,
            access_token: renewed.access_token,
            expires_at_ms: renewed.access_expires_at_ms,
        };
        let mut remembered = self.lock();
        if remembered.len() >= MOST_REMEMBERED {
            remembered.retain(|_, visitor| visitor.expires_at_ms > now_ms);
        }
        if remembered.len() < MOST_REMEMBERED {
            remembered.insert(token.to_owned(), visitor.clone());
        }
        Ok(visitor)
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

    /// Forgets a person who leaves.
    pub fn forget(&self, metadata: &MetadataMap) {
        if let Some(token) = self.session_token(metadata) {
            self.lock().remove(token);
        }
    }

    fn session_token<'a>(&self, metadata: &'a MetadataMap) -> Option<&'a str> {
        let mut headers = metadata.get_all("cookie").iter().filter_map(|header| header.to_str().ok());
        headers.find_map(|header| self.page.token_in(header)).filter(|token| token.len() <= MAX_TOKEN_BYTES)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Visitor>> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn signed_out() -> Error {
    Error::new(ErrorCode::Unauthenticated, "SIGNED_OUT", "log in first")
}
