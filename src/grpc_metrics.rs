//! How often each call is answered, with what, and how fast: in metrics, and in the span of the call.

use std::{
    collections::HashSet,
    convert::Infallible,
    sync::LazyLock,
    task::{Context, Poll},
    time::Instant,
};

use futures::future::BoxFuture;
use http::{Request, Response};
use prost::Message;
use tonic::{Code, body::Body};
use tower::Service;
use tracing::Span;

use crate::{metric, pb, spans};

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
        let method = label(request.uri().path());
        let began = Instant::now();
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            let code = spans::code_of(response.headers());
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
/// A method of ours by its name. Any other path is anybody's text, and must not become a label.
fn label(path: &str) -> &'static str {
    static METHODS: LazyLock<HashSet<String>> = LazyLock::new(|| {
        let sets = [
            pb::FILE_DESCRIPTOR_SET,
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ];
        // They are compiled in: what can't be read there is no method.
        let sets = sets.iter().filter_map(|encoded| prost_types::FileDescriptorSet::decode(*encoded).ok());
        let files = sets.flat_map(|set| set.file);
        files.flat_map(|file| methods_of(&file)).collect()
    });
    METHODS.get(path.trim_start_matches('/')).map_or("unknown", String::as_str)
}

fn methods_of(file: &prost_types::FileDescriptorProto) -> Vec<String> {
    let named = |service: &prost_types::ServiceDescriptorProto| {
        let service_name = format!("{}.{}", file.package(), service.name());
        service.method.iter().map(|method| format!("{service_name}/{}", method.name())).collect::<Vec<_>>()
    };
    file.service.iter().flat_map(named).collect()
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_up_path_is_no_label() {
        for method in [
            "evcharging.session.v1.SessionService/Reserve",
            "grpc.health.v1.Health/Check",
            "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        ] {
            assert_eq!(label(&format!("/{method}")), method);
        }
        for made_up in
            ["/evcharging.session.v1.SessionService/Anything", "/evcharging.portal.v1.x/y", "/", ""]
        {
            assert_eq!(label(made_up), "unknown");
        }
    }
}
