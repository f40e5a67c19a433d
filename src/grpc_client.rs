//! Channels to the other services: lazy, with deadlines, keep-alive and the trace's context.

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures::future::BoxFuture;
use http::HeaderValue;
use tonic::{
    Code, Status,
    body::Body,
    transport::{Channel, Endpoint},
};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_types::StatusExt;
use tower::Service;
use tracing::{Instrument, Span};

use crate::{
    backoff::Backoff,
    error::{Error, ErrorCode},
    replicas_by_name, spans,
    tls::Tls,
    trace_propagation,
};

/// The deadline of a call that sets none of its own.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);
/// The same, as the protocol writes it.
const DEFAULT_TIMEOUT: HeaderValue = HeaderValue::from_static("5S");

/// How an address begins that stands for every replica behind a name, as gRPC's own naming has it.
const BY_NAME: &str = "dns:///";

/// [`connect`] without TLS.
///
/// # Errors
/// As [`connect`].
pub fn connect_lazily(address: &str) -> Result<GrpcChannel, String> {
    connect(address, None)
}

/// Connects on the first call, and again whenever the connection was lost. Streams may outlive the deadline; their opening
/// may not. `address` may name several replicas, separated by commas, or all that answer to a name (`dns:///session:50052`), which is
/// resolved again and again: calls are spread over those that can be reached. By TLS if there are certificates, unless the address says
/// `http://`. Must be called inside a runtime.
///
/// # Errors
/// When one is no URL such as `http://127.0.0.1:50051`, or says `https://` where there are no certificates.
pub fn connect(address: &str, tls: Option<&Tls>) -> Result<GrpcChannel, String> {
    let channel = channel(address, tls)?;
    Ok(GrpcChannel { channel, address: address.into() })
}

fn channel(address: &str, tls: Option<&Tls>) -> Result<Channel, String> {
    if let Some(name) = address.strip_prefix(BY_NAME) {
        return replicas_by_name::channel(vec![name.to_owned()], tls.cloned());
    }
    let addresses: Vec<&str> = address.split(',').map(str::trim).collect();
    let is_secure =
        |address: &&str| address.starts_with("https://") || (tls.is_some() && !address.contains("://"));
    if addresses.iter().any(is_secure) {
        let tls = tls.ok_or_else(|| format!("{address:?} needs certificates: give --tls-folder"))?;
        if !addresses.iter().all(is_secure) {
            return Err(format!("{address:?} is to be called with and without TLS; choose one"));
        }
        // By their names, as the certificates may change: it connects anew then.
        let with_port = |address: &str| {
            let name = address.trim_start_matches("https://").trim_end_matches('/');
            let has_port = name.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
            if has_port { name.to_owned() } else { format!("{name}:443") }
        };
        let names = addresses.iter().map(|address| with_port(address)).collect();
        return replicas_by_name::channel(names, Some(tls.clone()));
    }
    let endpoints = addresses.iter().map(|one| endpoint(one, one, None)).collect::<Result<Vec<_>, _>>()?;
    Ok(match endpoints.as_slice() {
        [only] => only.connect_lazy(),
        _ => Channel::balance_list(endpoints.into_iter()),
    })
}

/// How one replica is reached, at `address`; `name` is what its certificate must say.
pub(crate) fn endpoint(name: &str, address: &str, tls: Option<&Tls>) -> Result<Endpoint, String> {
    let wrong = |error: tonic::transport::Error| {
        format!("{address:?} is no address such as http://127.0.0.1:50051: {error}")
    };
    let scheme = if tls.is_some() { "https" } else { "http" };
    let url = if address.contains("://") { address.to_owned() } else { format!("{scheme}://{address}") };
    let endpoint = Endpoint::from_shared(url)
        .map_err(wrong)?
        .connect_timeout(Duration::from_secs(2))
        .timeout(DEFAULT_DEADLINE)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(5))
        .keep_alive_timeout(Duration::from_secs(5))
        .keep_alive_while_idle(false);
    match tls {
        Some(tls) => {
            let host = name.rsplit_once(':').map_or(name, |(host, _)| host).trim_matches(['[', ']']);
            endpoint.tls_config(tls.client(host)).map_err(wrong)
        }
        None => Ok(endpoint),
    }
}

/// A channel whose calls carry the trace and a deadline.
#[derive(Debug, Clone)]
pub struct GrpcChannel {
    channel: Channel,
    /// As it was given.
    address: Arc<str>,
}

impl Service<http::Request<Body>> for GrpcChannel {
    type Response = http::Response<Body>;
    type Error = tonic::transport::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.channel.poll_ready(context)
    }

    fn call(&mut self, mut request: http::Request<Body>) -> Self::Future {
        let span = spans::client(request.uri().path().trim_start_matches('/'), &self.address);
        let traceparent =
            trace_propagation::traceparent_of(&span).or_else(trace_propagation::current_traceparent);
        let headers = request.headers_mut();
        if let Some(value) = traceparent.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(trace_propagation::TRACEPARENT, value);
        }
        headers.entry("grpc-timeout").or_insert(DEFAULT_TIMEOUT);
        let answer = self.channel.call(request);
        Box::pin(
            async move {
                let answer = answer.await;
                let code = match &answer {
                    Ok(response) => spans::code_of(response.headers()),
                    Err(error) if is_timeout(error) => Code::DeadlineExceeded,
                    Err(_) => Code::Unavailable,
                };
                spans::record_answer(&Span::current(), code, code != Code::Ok);
                answer
            }
            .instrument(span),
        )
    }
}

/// Whether a call failed because its deadline passed.
fn is_timeout(error: &tonic::transport::Error) -> bool {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    causes.into_iter().any(|cause| cause.is::<tonic::TimeoutExpired>())
}

/// Waits until a peer says by its health service that it can do its work.
pub async fn wait_until_serving(channel: &GrpcChannel) {
    let mut health = HealthClient::new(channel.clone());
    let mut backoff = Backoff::reconnect();
    loop {
        let checked = health.check(HealthCheckRequest { service: String::new() }).await;
        if checked.is_ok_and(|response| response.get_ref().status() == ServingStatus::Serving) {
            return;
        }
        backoff.wait().await;
    }
}

/// What a call to `peer` failed with. What the peer itself said is kept; what the transport said goes to the log, and the caller
/// is told who is away.
pub fn peer_error(peer: &str, status: Status) -> Error {
    let said_by_peer = status.get_error_details().error_info().is_some();
    let mut error = Error::from(status);
    if !said_by_peer && error.code == ErrorCode::Internal {
        // Ours say more of their failures: it is the transport's word for a connection that ended just as the call began.
        error.code = ErrorCode::Unavailable;
    }
    if !said_by_peer && error.is_retryable() {
        let advice = format!("{peer} does not answer; try again in a moment");
        error.cause = Some(std::mem::replace(&mut error.message, advice));
    }
    error
}
