//! Channels to the other services: lazy, with deadlines, keep-alive and the trace's context.

use std::time::Duration;

use tonic::{
    Request, Status,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tonic_types::StatusExt;

use crate::{
    backoff::Backoff,
    error::{Error, ErrorCode},
    replicas_by_name, trace_propagation,
};

/// The deadline of a call that sets none of its own.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);

/// How an address begins that stands for every replica behind a name, as gRPC's own naming has it.
const BY_NAME: &str = "dns:///";

/// A channel whose calls carry the trace and a deadline.
pub type GrpcChannel = InterceptedService<Channel, CallContext>;

/// Connects on the first call, and again whenever the connection was lost. Streams may outlive the deadline; their opening
/// may not. `address` may name several replicas, separated by commas, or all that answer to a name (`dns:///session:50052`), which is
/// resolved again and again: calls are spread over those that can be reached. Must be called inside a runtime.
///
/// # Errors
/// When one is no URL such as `http://127.0.0.1:50051`.
pub fn connect_lazily(address: &str) -> Result<GrpcChannel, String> {
    if let Some(name) = address.strip_prefix(BY_NAME) {
        // Checked here, so that nothing can be wrong with an endpoint later.
        if endpoint(name)?.uri().port().is_none() {
            return Err(format!("{address:?} needs a port, as in dns:///session:50052"));
        }
        return Ok(InterceptedService::new(
            replicas_by_name::channel(name.to_owned(), endpoint),
            CallContext,
        ));
    }
    let endpoints = address.split(',').map(|one| endpoint(one.trim())).collect::<Result<Vec<_>, _>>()?;
    let channel = match endpoints.as_slice() {
        [only] => only.connect_lazy(),
        _ => Channel::balance_list(endpoints.into_iter()),
    };
    Ok(InterceptedService::new(channel, CallContext))
}

fn endpoint(address: &str) -> Result<Endpoint, String> {
    let wrong = |error: tonic::transport::Error| {
        format!("{address:?} is no address such as http://127.0.0.1:50051: {error}")
    };
    let url = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    Ok(Endpoint::from_shared(url)
        .map_err(wrong)?
        .connect_timeout(Duration::from_secs(2))
        .timeout(DEFAULT_DEADLINE)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(5))
        .keep_alive_timeout(Duration::from_secs(5))
        .keep_alive_while_idle(false))
}

/// Adds the trace's context and, when the caller set none, the deadline to each call.
#[derive(Debug, Clone, Copy)]
pub struct CallContext;

impl Interceptor for CallContext {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        trace_propagation::inject_into_metadata(request.metadata_mut());
        if !request.metadata().contains_key("grpc-timeout") {
            request.set_timeout(DEFAULT_DEADLINE);
        }
        Ok(request)
    }
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
