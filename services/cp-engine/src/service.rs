//! The engine as a long-running part: opens the port, serves, drains.

use std::{io::IsTerminal, net::SocketAddr, time::Duration};

use evcharging_common::{
    error::Error,
    grpc_server::{GrpcServer, listen},
    kafka::Producer,
    pb::engine::v1::engine_service_server::{EngineServiceServer, SERVICE_NAME},
    shutdown::CancellationToken,
    tls::Tls,
};
use tokio::net::TcpListener;
use tonic::service::Routes;

use crate::{config::Config, engine_handle::EngineHandle, framed, grpc::EngineGrpc, keyboard};

/// How long telemetry may still be sent once the end was asked.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);
/// No call of this service needs more, in bytes.
const MAX_REQUEST_BYTES: usize = 16 * 1024;

/// An engine whose port is open.
pub struct Service {
    engine: EngineHandle,
    producer: Producer,
    server: GrpcServer,
    local_address: SocketAddr,
    framed: Option<(TcpListener, Option<Tls>)>,
}

impl Service {
    /// Opens the port and checks the configuration; nothing is served yet.
    ///
    /// # Errors
    /// A flag that makes no sense, or a port that can't be had.
    pub async fn bind(config: Config, producer: Producer) -> Result<Self, Error> {
        config.validate()?;
        let tls = config.listen.load_certificates()?;
        let framed = match config.listen_framed {
            Some(address) => Some((listen(address).await?, tls.clone())),
            None => None,
        };
        let door = config.listen.open(tls).await?;
        let local_address = door.local_address()?;
        let engine = EngineHandle::new(&config);
        let service = EngineServiceServer::new(EngineGrpc::new(engine.clone()))
            .max_decoding_message_size(MAX_REQUEST_BYTES);
        let server = GrpcServer::new(door, Routes::new(service), &[SERVICE_NAME]).await?;
        Ok(Self { engine, producer, server, local_address, framed })
    }

    /// Where it listens.
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// Where it listens for frames, if it does.
    pub fn framed_address(&self) -> Option<SocketAddr> {
        self.framed.as_ref().and_then(|(listener, _)| listener.local_addr().ok())
    }

    /// Serves until the token is cancelled; then a supply under way ends, and telemetry gets 3 s to be sent.
    ///
    /// # Errors
    /// When the transport fails.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), Error> {
        let Self { engine, producer, server, framed, .. } = self;
        // Also cancelled when the server fails, so that the rest ends with it.
        let ending = shutdown.child_token();
        server.health().set_serving().await;

        let serving = async {
            // Boxed, as a thousand engines of one process feel its size.
            let served = Box::pin(server.serve(ending.clone())).await;
            ending.cancel();
            served
        };
        let framing = async {
            if let Some((listener, tls)) = framed {
                framed::serve(listener, tls, engine.clone(), ending.clone()).await;
            }
        };
        let ticking = async {
            let _ = ending.run_until_cancelled(engine.tick()).await;
            engine.close();
        };
        let delivering = async {
            let too_late = async {
                ending.cancelled().await;
                tokio::time::sleep(DRAIN_TIMEOUT).await;
            };
            tokio::select! {
                () = engine.queue().deliver(engine.cp_id(), &producer) => {}
                () = too_late => {
                    // One more was on its way.
                    let lost_records = engine.queue().len() + 1;
                    tracing::warn!(cp_id = engine.cp_id(), lost_records, "Kafka did not take the last telemetry in time");
                }
            }
        };
        let (served, (), (), ()) = tokio::join!(serving, framing, ticking, delivering);
        served
    }
}

/// As a process of its own. On a terminal, keys make the engine KO and OK.
///
/// # Errors
/// As [`Service::bind`] and [`Service::run`].
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    let producer = Producer::new(&config.kafka, "cp-engine")?;
    let cp_id = config.cp_id.clone();
    let service = Service::bind(config, producer).await?;
    tracing::info!(cp_id, address = %service.local_address(), "the engine of {cp_id} serves gRPC");
    if let Some(address) = service.framed_address() {
        tracing::info!(cp_id, %address, "the engine of {cp_id} serves the framed protocol");
    }

    let keys_end = shutdown.child_token();
    let keys = std::io::stdin().is_terminal().then(|| {
        let (engine, shutdown, keys_end) = (service.engine.clone(), shutdown.clone(), keys_end.clone());
        tokio::task::spawn_blocking(move || keyboard::obey(&engine, &shutdown, &keys_end))
    });
    let served = service.run(shutdown).await;
    keys_end.cancel();
    if let Some(keys) = keys {
        match keys.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(cp_id, %error, "the keyboard could not be read"),
            Err(error) => tracing::warn!(cp_id, %error, "reading the keyboard failed"),
        }
    }
    served
}
