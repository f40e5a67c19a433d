//! One way to serve gRPC: reflection, health that tells the truth, traces, bounds and a graceful end.

use std::{
    collections::{BTreeMap, BTreeSet},
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures::{Stream, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
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
    spans,
    tls::{Tls, TlsConfig},
    trace_propagation,
};

/// The longest a call may take; callers may ask for less.
const LONGEST_CALL: Duration = Duration::from_secs(30);
/// How long open calls may go on once the end was asked.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);
/// After this, a caller is asked to connect anew once its open calls have ended: where a balancer stands in between, that is how new
/// replicas get work.
const CONNECTION_AGE: Duration = Duration::from_secs(300);
/// Callers that may be on their way through TLS at a time.
const HANDSHAKES: usize = 1024;
/// How long nothing is taken after a connection could not be.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Calls at a time on one connection.
const MAX_CONCURRENT_STREAMS: u32 = 4096;

/// Where a service listens.
#[derive(Debug, Clone, clap::Args)]
pub struct ListenConfig {
    /// Address to serve gRPC on; port 0 takes a free one
    #[arg(long, env = "EVCHARGING_LISTEN", default_value = "127.0.0.1:0", value_name = "IP:PORT")]
    pub listen: SocketAddr,
    /// Address to answer health checks on without TLS, as Kubernetes' probes speak none; none when absent
    #[arg(long, env = "EVCHARGING_HEALTH_LISTEN", value_name = "IP:PORT")]
    pub health_listen: Option<SocketAddr>,
    /// How peers are called and answered.
    #[command(flatten)]
    pub tls: TlsConfig,
}

impl ListenConfig {
    /// gRPC there and nothing else.
    pub fn at(listen: SocketAddr) -> Self {
        Self { listen, health_listen: None, tls: TlsConfig::default() }
    }

    /// The certificates that are configured, to serve with and to call others with. Must be called inside a runtime.
    ///
    /// # Errors
    /// Says what is wrong with them.
    pub fn load_certificates(&self) -> Result<Option<Tls>, Error> {
        self.tls.load_for_server()
    }

    /// Opens the ports, by TLS if there are certificates.
    ///
    /// # Errors
    /// Says which address could not be had and why.
    pub async fn open(&self, tls: Option<Tls>) -> Result<Door, Error> {
        let health_listener = match self.health_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        Ok(Door { listener: listen(self.listen).await?, tls, health_listener })
    }
}

/// An open port, before anybody answers there.
pub struct Door {
    listener: TcpListener,
    tls: Option<Tls>,
    health_listener: Option<TcpListener>,
}

impl Door {
    /// Where it is.
    ///
    /// # Errors
    /// When the system can't tell.
    pub fn local_address(&self) -> Result<SocketAddr, Error> {
        self.listener.local_addr().map_err(Error::internal)
    }

    /// Where health checks are answered without TLS.
    ///
    /// # Errors
    /// As [`Door::local_address`].
    pub fn health_address(&self) -> Result<Option<SocketAddr>, Error> {
        self.health_listener
            .as_ref()
            .map(|listener| listener.local_addr().map_err(Error::internal))
            .transpose()
    }
}

impl From<TcpListener> for Door {
    /// One without TLS.
    fn from(listener: TcpListener) -> Self {
        Self { listener, tls: None, health_listener: None }
    }
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
    door: Door,
    routes: Routes,
    health: Health,
    /// What answers probes, where they have a port of their own.
    health_routes: Option<Routes>,
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
        let (reporter, health_service) = tonic_health::server::health_reporter();
        let health = Health { reporter, services, state: Arc::default() };
        health.set_not_serving().await;
        let door = door.into();
        let health_routes = door.health_listener.is_some().then(|| Routes::new(health_service.clone()));
        let log_service = LogServiceServer::new(LogService);
        let routes = reflection(services)?(routes.add_service(health_service).add_service(log_service));
        Ok(Self { door, routes, health, health_routes })
    }

    /// One that answers nothing but health checks: for a port that anybody may reach.
    ///
    /// # Errors
    /// As [`GrpcServer::new`].
    pub async fn for_probes(listener: TcpListener) -> Result<Self, Error> {
        let (reporter, health_service) = tonic_health::server::health_reporter();
        let health = Health { reporter, services: &[], state: Arc::default() };
        health.set_not_serving().await;
        Ok(Self { door: listener.into(), routes: Routes::new(health_service), health, health_routes: None })
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
        let Self { door: Door { listener, tls, health_listener }, routes, health, health_routes } = self;
        let stopping = async {
            shutdown.cancelled().await;
            health.set_not_serving().await;
        };
        let router = Server::builder()
            .max_concurrent_streams(MAX_CONCURRENT_STREAMS)
            .max_connection_age(CONNECTION_AGE)
            .http2_keepalive_interval(Some(Duration::from_secs(5)))
            .http2_keepalive_timeout(Some(Duration::from_secs(5)))
            .trace_fn(call_span)
            .layer(layer_fn(Measured::new))
            .layer(layer_fn(|inner| Deadline::new(inner, LONGEST_CALL)))
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
            let (Some(listener), Some(routes)) = (health_listener, health_routes) else { return Ok(()) };
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

fn plain_connections(listener: TcpListener) -> impl Stream<Item = Result<TcpStream, Infallible>> {
    // Set here: the builder's own setting reaches only listeners that it makes itself. With the delay, an answer in two parts waits
    // 40 ms for the caller's acknowledgement of the first.
    TcpIncoming::from(listener).with_nodelay(Some(true)).filter_map(async |accepted| match accepted {
        Ok(connection) => Some(Ok(connection)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be taken");
            // Without files to open, say, the next one fails as fast.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    })
}

/// The connections of callers that the certificates let in. Each is let in by a task of its own, and a bounded number at a time.
fn secure_connections(
    listener: TcpListener,
    tls: Tls,
) -> impl Stream<Item = Result<TlsStream<TcpStream>, Infallible>> {
    let handshakes = plain_connections(listener).map(move |connection| {
        let (tls, Ok(connection)) = (tls.clone(), connection);
        let caller = connection.peer_addr().ok();
        let accepting = tokio::spawn(async move { tls.accept(connection).await });
        async move { (caller, accepting.await) }
    });
    handshakes.buffer_unordered(HANDSHAKES).filter_map(async |(caller, accepted)| match accepted.ok()? {
        Ok(connection) => Some(Ok(connection)),
        Err(error) => {
            tracing::info!(?caller, %error, "a caller did not come in by TLS");
            None
        }
    })
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
