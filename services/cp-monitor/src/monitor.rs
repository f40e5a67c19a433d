//! The monitor as a long-running part.

use evcharging_common::{
    error::Error,
    grpc_client,
    grpc_server::{self, GrpcServer},
    shutdown::CancellationToken,
};
use tokio::sync::{mpsc, watch};
use tonic::service::Routes;

use crate::{
    assignment::Assignment,
    commands::CommandRunner,
    config::Config,
    engine_client::EngineClient,
    health_checks,
    link::{self, Link},
    link_session::Central,
};

/// Commands that may wait for the engine, and refusals for the registry.
const QUEUE: usize = 64;

/// As a process of its own: watches, links and obeys until the token is cancelled.
///
/// # Errors
/// A flag that makes no sense. Peers that are away are waited for.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    config.validate()?;
    let tls = config.tls.load()?;
    let wrong = |flag| move |problem: String| Error::invalid_argument(flag, problem);
    let central = match &config.central_framed {
        Some(address) => Central::Framed(address.clone(), tls.clone()),
        None => Central::Grpc(
            grpc_client::connect(&config.cp_registry_address, tls.as_ref())
                .map_err(wrong("--cp-registry-address"))?,
        ),
    };
    let engine = match &config.engine_framed {
        Some(address) => EngineClient::framed(address, tls, &config.cp_id),
        None => EngineClient::grpc(
            grpc_client::connect(&config.engine_address, tls.as_ref()).map_err(wrong("--engine-address"))?,
            &config.cp_id,
        ),
    };
    tracing::info!(
        cp_id = config.cp_id,
        engine = config.engine_framed.as_ref().unwrap_or(&config.engine_address),
        central = config.central_framed.as_ref().unwrap_or(&config.cp_registry_address),
        "the monitor of {} begins",
        config.cp_id
    );
    run_with(config, central, engine, shutdown).await
}

/// The same on ways that may be shared: a thousand monitors need one connection to the registry.
///
/// # Errors
/// As [`run`].
pub async fn run_with(
    config: Config,
    central: Central,
    engine: EngineClient,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    config.validate()?;
    let cp_id = config.cp_id.as_str();
    let assignment = Assignment::default();
    let (health_sender, health) = watch::channel(None);
    let (linked, is_linked) = watch::channel(false);
    let is_linked_for_health = is_linked.clone();
    let (instructions, instructed) = mpsc::channel(QUEUE);
    let (refused, refusals) = mpsc::channel(QUEUE);

    let commands = CommandRunner::new(cp_id.to_owned(), engine.clone(), assignment.clone(), refused);
    let link =
        Link { hello: config.hello(), central, health, instructions: instructions.clone(), refusals, linked };
    let health_server = match config.health_listen {
        Some(address) => {
            let listener = grpc_server::listen(address).await?;
            // Where TLS is asked for, nobody without it may set what is logged.
            let has_tls = config.tls.tls_folder.is_some();
            Some(if has_tls {
                GrpcServer::for_probes(listener).await?
            } else {
                GrpcServer::new(listener, Routes::default(), &[]).await?
            })
        }
        None => None,
    };
    // Boxed, as a thousand monitors of one process feel its size.
    let all = Box::pin(async {
        tokio::join!(
            health_checks::run(cp_id, engine, assignment, health_sender),
            commands.run(instructed),
            link.keep(),
            link::stop_when_unlinked(cp_id, is_linked, instructions),
        )
    });
    let served = async {
        match health_server {
            Some(server) => tell_health(server, is_linked_for_health, shutdown.clone()).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = shutdown.run_until_cancelled(all) => Ok(()),
        failed = served => failed,
    }
}

/// Says by gRPC's health service whether there is a link.
async fn tell_health(
    server: GrpcServer,
    mut is_linked: watch::Receiver<bool>,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let health = server.health();
    let following = async {
        while is_linked.changed().await.is_ok() {
            let is_linked = *is_linked.borrow_and_update();
            if is_linked { health.set_serving().await } else { health.set_not_serving().await }
        }
        std::future::pending().await
    };
    tokio::select! {
        served = server.serve(shutdown) => served,
        () = following => Ok(()),
    }
}
