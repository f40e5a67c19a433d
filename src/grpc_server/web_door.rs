//! Browsers at a gRPC port: gRPC-Web, and pages.

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::{BoxFuture, Either, Ready, ready};
use http::{Request, Response, header::CONTENT_TYPE};
use tonic::body::Body;
use tonic_web::{GrpcWebLayer, GrpcWebService};
use tower::{Layer, Service};

/// Answers what is no gRPC; or turns a call away before it is made, by an answer of its own.
pub type Pages = Arc<dyn Fn(&http::request::Parts, Kind) -> Option<Response<Body>> + Send + Sync>;

/// What a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// gRPC or gRPC-Web: called when there is no answer to it.
    Call,
    /// Anything else: there has to be an answer.
    Page,
}

/// In front of a gRPC service. Without pages, it does nothing.
#[derive(Clone)]
pub(super) struct WebDoor<S> {
    inner: S,
    web: Option<(GrpcWebService<S>, Pages)>,
}

impl<S: Clone> WebDoor<S> {
    pub(super) fn new(inner: S, pages: Option<Pages>) -> Self {
        let web = pages.map(|pages| (GrpcWebLayer::new().layer(inner.clone()), pages));
        Self { inner, web }
    }
}

type Answer = Result<Response<Body>, Infallible>;

impl<S> Service<Request<Body>> for WebDoor<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Either<S::Future, Either<BoxFuture<'static, Answer>, Ready<Answer>>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        match &mut self.web {
            Some((calls, _)) => Service::<Request<Body>>::poll_ready(calls, context),
            None => self.inner.poll_ready(context),
        }
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let Some((calls, pages)) = &mut self.web else {
            return Either::Left(self.inner.call(request));
        };
        let content_type = request.headers().get(CONTENT_TYPE);
        let is_call = content_type.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
        let (parts, body) = request.into_parts();
        let answer = pages(&parts, if is_call { Kind::Call } else { Kind::Page });
        Either::Right(match answer {
            Some(answer) => Either::Right(ready(Ok(answer))),
            None => Either::Left(Box::pin(calls.call(Request::from_parts(parts, body)))),
        })
    }
}
