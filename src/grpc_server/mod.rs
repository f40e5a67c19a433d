//! One way to serve gRPC: reflection, health that tells the truth, traces, bounds and a graceful end.

mod door;
mod health;
mod web_door;

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::net::TcpListener;
use tonic::{service::Routes, transport::Server};
use tower::layer::layer_fn;
use tracing::Span;

use self::{door::secure_connections, web_door::WebDoor};
pub use self::{
    door::{Door, ListenConfig, listen, plain_connections},
    health::Health,
    web_door::{Kind, Pages},
};
use crate::{
    access::{CheckedCaller, TokenKeys},
    error::Error,
    grpc_deadline::Deadline,
    grpc_metrics::Measured,
    log_service::LogService,
    pb::{
        self,
        logs::v1::log_service_server::{self, LogServiceServer},
    },
    shutdown::CancellationToken,
    spans,
    tls::Tls,
    trace_propagation,
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

/// A server that is ready to run.
pub struct GrpcServer {
    listener: TcpListener,
    tls: Option<Tls>,
    routes: Routes,
    health: Health,
    /// The port that probes have to themselves, and what answers there.
    probes: Option<(TcpListener, Routes)>,
    token_keys: Option<TokenKeys>,
    pages: Option<Pages>,
}

impl GrpcServer {
    /// Puts reflection (v1 and v1alpha), health and what this process logs beside the `routes` of the named services.
    ///
    /// # Errors
    /// When the compiled-in descriptors are damaged.
    pub async fn new(
        door: impl Into<Door>,
        routes: Routes,
        services: &'static [&'static str],
    ) -> Result<Self, Error> {
        let (health, health_service) = Health::of(services).await;
        let Door { listener, tls, health_listener } = door.into();
        let probes = health_listener.map(|listener| (listener, Routes::new(health_service.clone())));
        let log_service = LogServiceServer::new(LogService);
        let routes = reflection(services)?(routes.add_service(health_service).add_service(log_service));
        Ok(Self { listener, tls, routes, health, probes, token_keys: None, pages: None })
    }

    /// One that answers nothing but health checks: for a port that anybody may reach.
    ///
    /// # Errors
    /// As [`GrpcServer::new`].
    pub async fn for_probes(listener: TcpListener) -> Result<Self, Error> {
        let (health, health_service) = Health::of(&[]).await;
        let routes = Routes::new(health_service);
        Ok(Self { listener, tls: None, routes, health, probes: None, token_keys: None, pages: None })
    }

    /// Takes calls with a token, which are checked by these keys. Without, such a call is turned away.
    pub fn with_callers(mut self, token_keys: TokenKeys) -> Self {
        self.token_keys = Some(token_keys);
        self
    }

    /// Serves browsers too, on the same port: gRPC-Web, and pages for whatever is no gRPC.
    pub fn with_pages(mut self, pages: Pages) -> Self {
        self.pages = Some(pages);
        self
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
        let Self { listener, tls, routes, health, probes, token_keys, pages } = self;
        let stopping = async {
            shutdown.cancelled().await;
            health.set_not_serving().await;
        };
        let router = Server::builder()
            .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
            .max_connection_age(CONNECTION_AGE)
            .http2_keepalive_interval(Some(Duration::from_secs(5)))
            .http2_keepalive_timeout(Some(Duration::from_secs(5)))
            .accept_http1(pages.is_some())
            .trace_fn(call_span)
            .layer(layer_fn(move |inner| WebDoor::new(inner, pages.clone())))
            .layer(layer_fn(Measured::new))
            .layer(layer_fn(|inner| Deadline::new(inner, LONGEST_CALL)))
            .layer(layer_fn(move |inner| CheckedCaller::new(inner, token_keys.clone())))
            .add_routes(routes);
        let serving = async {
            match tls {
                Some(tls) => {
                    router.serve_with_incoming_shutdown(secure_connections(listener, tls), stopping).await
                }
                None => router.serve_with_incoming_shutdown(plain_connections(listener), stopping).await,
            }
        };
        let answering_probes = async {
            let Some((listener, routes)) = probes else { return Ok(()) };
            let router = Server::builder().max_connection_age(CONNECTION_AGE).add_routes(routes);
            router.serve_with_incoming_shutdown(plain_connections(listener), shutdown.cancelled()).await
        };
        tokio::select! {
            served = async { tokio::try_join!(serving, answering_probes) } => {
                served.map(drop).map_err(|error| Error::unavailable("the gRPC server failed", error))
            }
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
