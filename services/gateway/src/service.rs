//! The part as a whole: its configuration, its ports, its tasks.

use std::{net::SocketAddr, time::Duration};

use evcharging_common::{
    error::Error,
    grpc_client::{self, GrpcChannel},
    grpc_server::{Door, GrpcServer, ListenConfig, listen},
    kafka::{self, KafkaConfig, Producer},
    shutdown::CancellationToken,
    tls::Tls,
};
use tokio::net::TcpListener;
use tonic::service::Routes;

use crate::{charge_point::Network, conversation::Gateway, door, drivers::Drivers};

/// What it reads and writes.
const TOPICS: &[&str] = &[
    kafka::topics::CP_TELEMETRY,
    kafka::topics::DRIVER_REQUESTS,
    kafka::topics::DRIVER_EVENTS,
    kafka::topics::DRIVER_NOTIFICATIONS,
];

/// What the gateway is told at its start.
#[derive(Debug, Clone, clap::Args)]
#[command(mut_arg("listen", |arg| arg.default_value("127.0.0.1:50056").help("Address to serve gRPC health and log levels on; port 0 takes a free one")))]
pub struct Config {
    /// Address to serve the framed protocol on; port 0 takes a free one
    #[arg(long, env = "EVCHARGING_FRAMED_LISTEN", default_value = "127.0.0.1:50055", value_name = "IP:PORT")]
    pub framed_listen: SocketAddr,
    /// Serve the framed protocol by TLS with the certificate of --tls-folder; who calls needs none of its own
    #[arg(long, env = "EVCHARGING_FRAMED_TLS", requires = "tls_folder")]
    pub framed_tls: bool,
    /// The most connections at a time; others are closed
    #[arg(
        long,
        env = "EVCHARGING_MAX_CONNECTIONS",
        default_value_t = 4_000,
        value_name = "N",
        value_parser = clap::value_parser!(u32).range(1..=4_000)
    )]
    pub max_connections: u32,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub listen: ListenConfig,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub kafka: KafkaConfig,
    /// Address of the cp-registry; several replicas separated by commas
    #[arg(
        long,
        env = "EVCHARGING_CP_REGISTRY_ADDRESS",
        default_value = "http://127.0.0.1:50053",
        value_name = "URL"
    )]
    pub cp_registry_address: String,
}

/// The gateway with its ports open.
pub struct Service {
    door: Door,
    listener: TcpListener,
    tls: Option<Tls>,
    max_connections: usize,
    kafka: KafkaConfig,
    network: Network,
    registry: GrpcChannel,
}

impl Service {
    /// Opens the ports and checks the configuration; nothing is served yet.
    ///
    /// # Errors
    /// Says which address can't be used, and why.
    pub async fn bind(config: Config, producer: Producer) -> Result<Self, Error> {
        let tls = config.listen.load_certificates()?;
        let registry = grpc_client::connect(&config.cp_registry_address, tls.as_ref())
            .map_err(|problem| Error::invalid_argument("--cp-registry-address", problem))?;
        let listener = listen(config.framed_listen).await?;
        let door = config.listen.open(tls.clone()).await?;
        Ok(Self {
            door,
            listener,
            tls: tls.filter(|_| config.framed_tls),
            max_connections: usize::try_from(config.max_connections).unwrap_or(usize::MAX),
            kafka: config.kafka,
            network: Network { registry: registry.clone(), producer },
            registry,
        })
    }

    /// Where it listens for frames.
    ///
    /// # Errors
    /// When the system can't tell.
    pub fn framed_address(&self) -> Result<SocketAddr, Error> {
        self.listener.local_addr().map_err(Error::internal)
    }

    /// Serves until the token is cancelled; then it says goodbye to everyone.
    ///
    /// # Errors
    /// When the server or a Kafka client can't go on.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), Error> {
        let drivers = Drivers::new();
        let producer = self.network.producer.clone();
        let gateway = Gateway { network: self.network, drivers: drivers.clone(), shutdown: shutdown.clone() };
        let server = GrpcServer::new(self.door, Routes::default(), &[]).await?;
        let health = server.health();
        let readiness = async {
            let ready = grpc_client::wait_until_serving(&self.registry);
            if shutdown.run_until_cancelled(ready).await.is_some() {
                health.set_serving().await;
            }
            Ok(())
        };
        let topics = kafka::topics::check(producer, TOPICS, server.health(), shutdown.clone());
        let background = async {
            tokio::join!(topics, door::serve(self.listener, self.tls, self.max_connections, gateway));
            Ok(())
        };
        tokio::try_join!(
            server.serve(shutdown.clone()),
            drivers.run(&self.kafka, shutdown.clone()),
            readiness,
            background,
        )?;
        Ok(())
    }
}

/// The gateway as a process of its own.
///
/// # Errors
/// When it can't start or can't go on.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    let producer = Producer::new(&config.kafka, "gateway")?;
    let service = Service::bind(config, producer.clone()).await?;
    tracing::info!(framed_address = %service.framed_address()?, address = %service.door.local_address()?, "the gateway listens");
    service.run(shutdown).await?;
    producer.flush(Duration::from_secs(2)).await;
    Ok(())
}
