//! How often each call is answered, with what, and how fast: in metrics, and in the span of the call.

use std::{
    convert::Infallible,
    task::{Context, Poll},
    time::Instant,
};

use futures::future::BoxFuture;
use http::{Request, Response};
use tonic::{Code, body::Body};
use tower::Service;
use tracing::Span;

use crate::{metric, spans};

/// Measures each call of the service inside.
#[derive(Debug, Clone)]
pub struct Measured<S> {
    inner: S,
}

impl<S> Measured<S> {
    /// Measures this.
    pub fn new(inner: S) -> Self {
        Self { inner }
    }
}

impl<S, B> Service<Request<B>> for Measured<S>
where
    S: Service<Request<B>, Response = Response<Body>, Error = Infallible>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let method = request.uri().path().trim_start_matches('/').to_owned();
        let began = Instant::now();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            let code = spans::code_of(response.headers());
            // A path that is no method of ours is anybody's text, and must not become a label.
            let method = if code == Code::Unimplemented { "unknown".to_owned() } else { method };
            let code_name = spans::code_name(code);
            let histogram =
                metrics::histogram!(metric::RPC_DURATION, "method" => method, "code" => code_name);
            histogram.record(began.elapsed().as_secs_f64());
            spans::record_answer(&Span::current(), code, is_servers_fault(code));
            Ok(response)
        })
    }
}

/// What the conventions call an error of the server; the other codes tell the caller something.
fn is_servers_fault(code: Code) -> bool {
    matches!(
        code,
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}
