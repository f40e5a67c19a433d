//! The part as a whole: its configuration, its port, its tasks.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use evcharging_common::{
    error::Error,
    grpc_client::{self, GrpcChannel},
    grpc_server::{Door, GrpcServer, ListenConfig},
    kafka::{self, KafkaConfig, Producer},
    pb::telemetry::v1::telemetry_service_server::{SERVICE_NAME, TelemetryServiceServer},
    shutdown::CancellationToken,
};
use tonic::service::Routes;

use crate::{grpc::TelemetryGrpc, ingest::Ingest, live_sessions::LiveSessions};

/// The most records in a batch. The more of a backlog lie in one, the fewer readings are left of it: a session's newest.
const MAX_BATCH: usize = 2_048;
/// What it reads and writes.
const TOPICS: &[&str] =
    &[kafka::topics::CP_TELEMETRY, kafka::topics::DRIVER_NOTIFICATIONS, kafka::topics::DEAD_LETTERS];

/// What telemetry-ingest is told at its start.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub listen: ListenConfig,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub kafka: KafkaConfig,
    /// Address of the session service; several replicas separated by commas
    #[arg(
        long,
        env = "EVCHARGING_SESSION_ADDRESS",
        default_value = "http://127.0.0.1:50052",
        value_name = "URL"
    )]
    pub session_address: String,
}

/// Telemetry-ingest with its port open.
pub struct Service {
    door: Door,
    local_address: SocketAddr,
    kafka: KafkaConfig,
    producer: Producer,
    session: GrpcChannel,
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
        let door = config.listen.open(tls).await?;
        let local_address = door.local_address()?;
        Ok(Self { door, local_address, kafka: config.kafka, producer, session })
    }

    /// Where it listens.
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Serves until the token is cancelled, then drains.
    ///
    /// # Errors
    /// When the server or the consumer can't go on.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), Error> {
        let live = Arc::new(LiveSessions::new());
        let grpc = TelemetryGrpc { live: live.clone(), shutdown: shutdown.clone() };
        let server =
            GrpcServer::new(self.door, Routes::new(TelemetryServiceServer::new(grpc)), &[SERVICE_NAME])
                .await?;
        let health = server.health();
        let session = self.session.clone();
        let readiness = async {
            let ready = grpc_client::wait_until_serving(&session);
            if shutdown.run_until_cancelled(ready).await.is_some() {
                health.set_serving().await;
            }
            Ok(())
        };
        let topics = kafka::topics::check(self.producer.clone(), TOPICS, server.health(), shutdown.clone());
        let topics = async {
            topics.await;
            Ok(())
        };
        let consumer = kafka::run_group(
            &self.kafka,
            "telemetry-ingest",
            MAX_BATCH,
            self.producer.clone(),
            shutdown.clone(),
            Ingest::new(self.session, live, self.producer),
        );
        tokio::try_join!(server.serve(shutdown.clone()), consumer, readiness, topics)?;
        Ok(())
    }
}

/// Telemetry-ingest as a process of its own.
///
/// # Errors
/// When it can't start or can't go on.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    let producer = Producer::new(&config.kafka, "telemetry-ingest")?;
    let service = Service::bind(config, producer.clone()).await?;
    tracing::info!(address = %service.local_address(), "telemetry-ingest listens");
    service.run(shutdown).await?;
    producer.flush(Duration::from_secs(2)).await;
    Ok(())
}
