//! Looks at every call's token before the service does.

use std::{
    convert::Infallible,
    task::{Context, Poll},
};

use futures::future::{BoxFuture, Either};
use http::{Request, Response, header::AUTHORIZATION};
use tonic::{Status, body::Body};
use tower::Service;

use super::{Caller, Purpose, TokenKeys, token};
use crate::error::Error;

/// Lets a call in when its token opens the method, and tells the method who calls. A call without a token is a part of the network's own:
/// who may come in at all is decided by mutual TLS and network policies.
#[derive(Clone)]
pub struct CheckedCaller<S> {
    inner: S,
    keys: Option<TokenKeys>,
}

impl<S> CheckedCaller<S> {
    /// Checks by these keys; without any, no token opens anything.
    pub fn new(inner: S, keys: Option<TokenKeys>) -> Self {
        Self { inner, keys }
    }
}

impl<S, B> Service<Request<B>> for CheckedCaller<S>
where
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, BoxFuture<'static, Result<Response<Body>, Infallible>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let Some(header) = request.headers().get(AUTHORIZATION).cloned() else {
            return Either::Left(self.inner.call(request));
        };
        // The service that is ready goes on with this call; its clone waits for the next.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let keys = self.keys.clone();
        Either::Right(Box::pin(async move {
            let header = header.to_str().unwrap_or_default();
            match check(keys, header, request.uri().path()).await {
                Ok(caller) => {
                    request.extensions_mut().insert(caller);
                    inner.call(request).await
                }
                Err(error) => Ok(Status::from(error).into_http()),
            }
        }))
    }
}

async fn check(keys: Option<TokenKeys>, header: &str, method: &str) -> Result<Caller, Error> {
    let token = header.strip_prefix("Bearer ").ok_or_else(token::not_ours)?;
    let keys = keys.ok_or_else(token::not_ours)?;
    let caller = Caller::from(keys.verify(token, Purpose::Access).await?);
    caller.may_call(method)?;
    Ok(caller)
}
