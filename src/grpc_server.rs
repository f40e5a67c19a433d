//! One way to serve gRPC: reflection, health that tells the truth, traces, bounds and a graceful end.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::net::TcpListener;
use tonic::{
    service::Routes,
    transport::{Server, server::TcpIncoming},
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::layer::layer_fn;
use tracing::Span;

use crate::{
    error::Error,
    grpc_deadline::Deadline,
    grpc_metrics::Measured,
    log_service::LogService,
    pb::{
        self,
        logs::v1::log_service_server::{self, LogServiceServer},
    },
    shutdown::CancellationToken,
    spans, trace_propagation,
};

/// The longest a call may take; callers may ask for less.
const LONGEST_CALL: Duration = Duration::from_secs(30);
/// How long open calls may go on once the end was asked.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);
/// After this, a caller is asked to connect anew once its open calls have ended: where a balancer stands in between, that is how new
/// replicas get work.
const CONNECTION_AGE: Duration = Duration::from_secs(300);
/// Calls at a time on one connection.
const MAX_CONCURRENT_STREAMS: u32 = 4096;

/// Where a service listens.
#[derive(Debug, Clone, Copy, clap::Args)]
pub struct ListenConfig {
    /// Address to serve gRPC on; port 0 takes a free one
    #[arg(long, env = "EVCHARGING_LISTEN", default_value = "127.0.0.1:0", value_name = "IP:PORT")]
    pub listen: SocketAddr,
}

/// Opens the port.
///
/// # Errors
/// Says which address could not be had, and why.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|error| {
        let advice = if error.kind() == std::io::ErrorKind::AddrInUse {
            "; another program has this port"
        } else {
            ""
        };
        Error::unavailable(format!("cannot listen on {address}: {error}{advice}"), &error)
    })
}

/// What health checks are told about a server's services. They are NOT_SERVING until it says otherwise.
#[derive(Clone)]
pub struct Health {
    reporter: HealthReporter,
    services: &'static [&'static str],
    state: Arc<tokio::sync::Mutex<HealthState>>,
}

#[derive(Default)]
struct HealthState {
    is_serving: bool,
    /// What is missing.
    blocked_by: BTreeSet<&'static str>,
}

impl Health {
    /// The services can do their work, unless something blocks them.
    pub async fn set_serving(&self) {
        self.change(|state| state.is_serving = true).await;
    }

    /// They can't, for now.
    pub async fn set_not_serving(&self) {
        self.change(|state| state.is_serving = false).await;
    }

    /// Something that they need is missing.
    pub async fn block(&self, what: &'static str) {
        self.change(|state| _ = state.blocked_by.insert(what)).await;
    }

    /// It is there.
    pub async fn unblock(&self, what: &'static str) {
        self.change(|state| _ = state.blocked_by.remove(what)).await;
    }

    async fn change(&self, change: impl FnOnce(&mut HealthState)) {
        // Held while it is told: two changes must not be told in the wrong order.
        let mut state = self.state.lock().await;
        change(&mut state);
        let serves = state.is_serving && state.blocked_by.is_empty();
        let status = if serves { ServingStatus::Serving } else { ServingStatus::NotServing };
        for service in self.services.iter().copied().chain([""]) {
            self.reporter.set_service_status(service, status).await;
        }
    }
}

/// A server that is ready to run.
pub struct GrpcServer {
    listener: TcpListener,
    routes: Routes,
    health: Health,
}

impl GrpcServer {
    /// Puts reflection (v1 and v1alpha), health and what this process logs beside the `routes` of the named services.
    ///
    /// # Errors
    /// When the compiled-in descriptors are damaged.
    pub async fn new(
        listener: TcpListener,
        routes: Routes,
        services: &'static [&'static str],
    ) -> Result<Self, Error> {
        let (reporter, health_service) = tonic_health::server::health_reporter();
        let health = Health { reporter, services, state: Arc::default() };
        health.set_not_serving().await;
        let log_service = LogServiceServer::new(LogService);
        let routes = reflection(services)?(routes.add_service(health_service).add_service(log_service));
        Ok(Self { listener, routes, health })
    }

    /// What sets the answer to health checks.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Serves until the token is cancelled: health flips first, then open calls get [`DRAIN_TIMEOUT`] to end.
    ///
    /// # Errors
    /// When the transport fails.
    pub async fn serve(self, shutdown: CancellationToken) -> Result<(), Error> {
        let health = self.health.clone();
        let stopping = shutdown.clone();
        // Set here: the builder's own setting reaches only listeners that it makes itself. With the delay, an answer in two parts waits
        // 40 ms for the caller's acknowledgement of the first.
        let incoming = TcpIncoming::from(self.listener).with_nodelay(Some(true));
        let server = Server::builder()
            .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
            .max_connection_age(CONNECTION_AGE)
            .http2_keepalive_interval(Some(Duration::from_secs(5)))
            .http2_keepalive_timeout(Some(Duration::from_secs(5)))
            .trace_fn(call_span)
            .layer(layer_fn(Measured::new))
            .layer(layer_fn(|inner| Deadline::new(inner, LONGEST_CALL)))
            .add_routes(self.routes)
            .serve_with_incoming_shutdown(incoming, async move {
                stopping.cancelled().await;
                health.set_not_serving().await;
            });
        tokio::select! {
            served = server => served.map_err(|error| Error::unavailable("the gRPC server failed", error)),
            () = async { shutdown.cancelled().await; tokio::time::sleep(DRAIN_TIMEOUT).await } => Ok(()),
        }
    }
}

type AddReflection = Arc<dyn Fn(Routes) -> Routes + Send + Sync>;

/// What adds reflection for these services. It holds every descriptor (400 KiB), so the engines of one process share one.
fn reflection(services: &'static [&'static str]) -> Result<AddReflection, Error> {
    static SHARED: Mutex<BTreeMap<&[&str], AddReflection>> = Mutex::new(BTreeMap::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(add) = shared.get(services) {
        return Ok(add.clone());
    }
    let builder = || {
        let builder = tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(pb::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
            // With the types of error details, grpcurl prints reasons and violations instead of bytes.
            .register_encoded_file_descriptor_set(tonic_types::pb::FILE_DESCRIPTOR_SET)
            .with_service_name("grpc.health.v1.Health")
            .with_service_name(log_service_server::SERVICE_NAME);
        services.iter().fold(builder, |builder, service| builder.with_service_name(*service))
    };
    let v1 = builder().build_v1().map_err(Error::internal)?;
    let v1alpha = builder().build_v1alpha().map_err(Error::internal)?;
    let add: AddReflection =
        Arc::new(move |routes| routes.add_service(v1.clone()).add_service(v1alpha.clone()));
    shared.insert(services, add.clone());
    Ok(add)
}

fn call_span(request: &http::Request<()>) -> Span {
    let traceparent = request.headers().get(trace_propagation::TRACEPARENT);
    spans::server(
        request.uri().path().trim_start_matches('/'),
        traceparent.and_then(|value| value.to_str().ok()),
    )
}
