//! Channels to the other services: lazy, with deadlines, keep-alive and the trace's context.

use std::time::Duration;

use tonic::{
    Request, Status,
    service::{Interceptor, interceptor::InterceptedService},
    transport::{Channel, Endpoint},
};

use crate::trace_propagation;

/// The deadline of a call that sets none of its own.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(5);

/// A channel whose calls carry the trace and a deadline.
pub type GrpcChannel = InterceptedService<Channel, CallContext>;

/// Connects on the first call, and again whenever the connection was lost. Streams may outlive the deadline; their opening
/// may not.
///
/// # Errors
/// When `address` is no URL such as `http://127.0.0.1:50051`.
pub fn connect_lazily(address: &str) -> Result<GrpcChannel, String> {
    let wrong = |error: tonic::transport::Error| {
        format!("{address:?} is no address such as http://127.0.0.1:50051: {error}")
    };
    let url = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
    let channel = Endpoint::from_shared(url)
        .map_err(wrong)?
        .connect_timeout(Duration::from_secs(2))
        .timeout(DEFAULT_DEADLINE)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(Duration::from_secs(5))
        .keep_alive_timeout(Duration::from_secs(5))
        .keep_alive_while_idle(false)
        .connect_lazy();
    Ok(InterceptedService::new(channel, CallContext))
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
