//! The part as a whole: its configuration, its port, its tasks.

use std::{net::SocketAddr, time::Duration};

use evcharging_common::{
    access::TokenKeys,
    database::DatabaseConfig,
    error::Error,
    grpc_client::{self, GrpcChannel},
    grpc_server::{Door, GrpcServer, ListenConfig},
    kafka::{self, KafkaConfig, Producer},
    pb::cp_registry::v1::registry_service_server::{RegistryServiceServer, SERVICE_NAME},
    read_model::ReadModel,
    shutdown::CancellationToken,
};
use tonic::service::Routes;

use crate::{
    commands, grpc::RegistryGrpc, link::LinkContext, link_table::LinkTable, network_status, presence,
    watch::Changes,
};

/// The largest message of a monitor, in bytes.
const MAX_REQUEST_BYTES: usize = 16 * 1024;

/// What it reads and writes.
const TOPICS: &[&str] =
    &[kafka::topics::CENTRAL_COMMANDS, kafka::topics::CP_EVENTS, kafka::topics::NETWORK_STATUS];

/// What cp-registry is told at its start.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub listen: ListenConfig,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub kafka: KafkaConfig,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub database: DatabaseConfig,
    /// Address of the session service; several replicas separated by commas
    #[arg(
        long,
        env = "EVCHARGING_SESSION_ADDRESS",
        default_value = "http://127.0.0.1:50052",
        value_name = "URL"
    )]
    pub session_address: String,
}

/// Cp-registry with its port open.
pub struct Service {
    door: Door,
    local_address: SocketAddr,
    kafka: KafkaConfig,
    producer: Producer,
    session: GrpcChannel,
    read_model: ReadModel,
}

impl Service {
    /// Opens the port and checks the configuration; nothing is served yet.
    ///
    /// # Errors
    /// Says which address can't be used, and why.
    pub async fn bind(config: Config, producer: Producer) -> Result<Self, Error> {
        let tls = config.listen.load_certificates()?;
        let session = grpc_client::connect(&config.session_address, tls.as_ref())
            .map_err(|problem| Error::invalid_argument("session_address", problem))?;
        let read_model = ReadModel::open_lazily(&config.database.database_url)?;
        let door = config.listen.open(tls).await?;
        let local_address = door.local_address()?;
        Ok(Self { door, local_address, kafka: config.kafka, producer, session, read_model })
    }

    /// Where it listens.
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Serves until the token is cancelled, then drains.
    ///
    /// # Errors
    /// When the server or a Kafka client can't go on.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), Error> {
        let table = LinkTable::default();
        let changes = Changes::new(self.read_model.clone());
        let links =
            LinkContext { table: table.clone(), session: self.session.clone(), shutdown: shutdown.clone() };
        let grpc = RegistryGrpc { links, read_model: self.read_model.clone(), changes: changes.clone() };
        let routes =
            Routes::new(RegistryServiceServer::new(grpc).max_decoding_message_size(MAX_REQUEST_BYTES));
        let server = GrpcServer::new(self.door, routes, &[SERVICE_NAME])
            .await?
            .with_callers(TokenKeys::of(self.read_model.clone()));
        let health = server.health();
        let readiness = async {
            let ready = async {
                self.read_model.wait_until_ready().await;
                self.read_model.refuse_writing_credentials().await?;
                grpc_client::wait_until_serving(&self.session).await;
                health.set_serving().await;
                self.read_model.watch(&health, &shutdown).await;
                Ok(())
            };
            shutdown.run_until_cancelled(ready).await.unwrap_or(Ok(()))
        };
        let topics = kafka::topics::check(self.producer.clone(), TOPICS, server.health(), shutdown.clone());
        let background = async {
            tokio::join!(
                topics,
                presence::run(table.clone(), self.session.clone(), shutdown.clone()),
                network_status::run(changes.clone(), self.producer.clone(), shutdown.clone()),
            );
            Ok(())
        };
        tokio::try_join!(
            server.serve(shutdown.clone()),
            commands::run(&self.kafka, table.clone(), shutdown.clone()),
            changes.run(&self.kafka, shutdown.clone()),
            readiness,
            background,
        )?;
        Ok(())
    }
}

/// Cp-registry as a process of its own.
///
/// # Errors
/// When it can't start or can't go on.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    let producer = Producer::new(&config.kafka, "cp-registry")?;
    let service = Service::bind(config, producer.clone()).await?;
    tracing::info!(address = %service.local_address(), "cp-registry listens");
    service.run(shutdown).await?;
    producer.flush(Duration::from_secs(2)).await;
    Ok(())
}
