//! The deadline of a call on the server: what the caller asks for in `grpc-timeout`, and never more than the server allows.
//!
//! tonic's own timeout answers CANCELLED, which a caller may take for a broken connection. This one says DEADLINE_EXCEEDED, as
//! <https://grpc.io/docs/guides/deadlines/> has it.

use std::{
    convert::Infallible,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::{HeaderMap, Request, Response};
use tonic::{Status, body::Body};
use tower::Service;

use crate::error::{Error, ErrorCode};

/// Bounds each call of the service inside. A stream may outlive its deadline; its opening may not.
#[derive(Debug, Clone)]
pub struct Deadline<S> {
    inner: S,
    longest: Duration,
}

impl<S> Deadline<S> {
    /// Bounds calls by `longest`, or by less when the caller asks for less.
    pub fn new(inner: S, longest: Duration) -> Self {
        Self { inner, longest }
    }
}

impl<S, B> Service<Request<B>> for Deadline<S>
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
        let deadline = asked(request.headers()).unwrap_or(self.longest).min(self.longest);
        let answer = self.inner.call(request);
        Box::pin(async move {
            tokio::time::timeout(deadline, answer).await.unwrap_or_else(|_| {
                let message = format!("not answered within {} ms; ask again", deadline.as_millis());
                let late = Error::new(ErrorCode::DeadlineExceeded, "DEADLINE_EXCEEDED", message);
                Ok(Status::from(late).into_http())
            })
        })
    }
}

/// What a caller asks for: up to eight digits and a unit. What can't be read asks for nothing.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let amount = digits.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(amount * 3_600),
        "M" => Duration::from_secs(amount * 60),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use tonic::Code;
    use tower::{ServiceExt, service_fn};

    use super::*;

    async fn code_of_call(timeout: Option<&str>, answer_after: Duration) -> Code {
        let slow = service_fn(move |_: Request<Body>| async move {
            tokio::time::sleep(answer_after).await;
            Ok(Status::ok("").into_http())
        });
        let mut request = Request::new(Body::empty());
        if let Some(timeout) = timeout {
            request.headers_mut().insert("grpc-timeout", timeout.parse().unwrap());
        }
        let response = Deadline::new(slow, Duration::from_secs(30)).oneshot(request).await.unwrap();
        Status::from_header_map(response.headers()).unwrap().code()
    }

    #[tokio::test(start_paused = true)]
    async fn a_late_answer_is_said_to_be_late_and_not_cancelled() {
        for (timeout, answer_after_ms, code) in [
            (Some("100m"), 200, Code::DeadlineExceeded),
            (Some("100m"), 50, Code::Ok),
            // No caller gets more than the server allows.
            (Some("1H"), 31_000, Code::DeadlineExceeded),
            (None, 31_000, Code::DeadlineExceeded),
            (None, 29_000, Code::Ok),
        ] {
            let answered = code_of_call(timeout, Duration::from_millis(answer_after_ms)).await;
            assert_eq!(answered, code, "{timeout:?} {answer_after_ms}");
        }
    }

    #[test]
    fn a_timeout_is_read_as_the_protocol_writes_it() {
        let read = |text: &str| {
            asked(&HeaderMap::from_iter([("grpc-timeout".parse().unwrap(), text.parse().unwrap())]))
        };
        assert_eq!(read("2S"), Some(Duration::from_secs(2)));
        assert_eq!(read("99999999n"), Some(Duration::from_nanos(99_999_999)));
        for wrong in ["", "S", "-1S", "+1S", "123456789S", "10", "5x"] {
            assert_eq!(read(wrong), None, "{wrong:?}");
        }
    }
}
