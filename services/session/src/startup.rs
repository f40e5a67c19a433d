//! How a replica begins and ends: by the lease table, a cold start is told from a rolling restart.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use evcharging_common::{
    clock, error::Error, grpc_server::Health, outage::Outage, shutdown::CancellationToken,
};
use futures::future::join_all;

use crate::{command::Command, store::Store, writer::Writer};

/// How long a replica counts as alive after it last said so.
const LEASE_MS: i64 = 6_000;
/// How often it says so.
const RENEWAL: Duration = Duration::from_secs(2);
/// How long the database may be silent before callers should go elsewhere.
const SILENCE: Duration = Duration::from_secs(2);
/// What health is blocked by.
const DATABASE: &str = "database";
/// Sessions and charge points that are ended at a time.
const PAGE: u32 = 256;

/// What to do with what is open when a replica starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Startup {
    /// End every open session at a cold start, when no other replica is alive; end nothing at a rolling restart
    #[default]
    Auto,
    /// End every open session in any case
    Terminate,
}

/// Takes this replica's lease and, at a cold start, ends every open session with its last register and disconnects every charge
/// point until its monitor is back.
///
/// # Errors
/// When the database fails.
pub async fn begin<S: Store>(
    store: &mut S,
    writer: &Writer,
    replica_id: &str,
    startup: Startup,
) -> Result<(), Error> {
    let now_ms = clock::now_ms();
    let others_alive = store.renew_replica(replica_id, now_ms, now_ms + LEASE_MS).await?;
    if others_alive && startup == Startup::Auto {
        tracing::info!(replica_id, "another replica was alive a moment ago: open sessions go on");
        return Ok(());
    }
    let ended = terminate_all(store, writer).await?;
    let mut disconnected = 0;
    loop {
        let connected = store.connected_charge_points(PAGE).await?;
        if connected.is_empty() {
            break;
        }
        disconnected += connected.len();
        let commands = connected.into_iter().map(|(cp_id, link_id)| Command::Disconnect { cp_id, link_id });
        for outcome in join_all(commands.map(|command| writer.execute(command))).await {
            outcome?;
        }
    }
    tracing::info!(
        replica_id,
        ended_sessions = ended,
        disconnected,
        "cold start: charge points are offline until they connect"
    );
    Ok(())
}

/// Ends every open session with what is known of it. Tells how many there were.
///
/// # Errors
/// When the database fails.
pub async fn terminate_all<S: Store>(store: &mut S, writer: &Writer) -> Result<usize, Error> {
    let mut ended = 0;
    loop {
        let open = store.open_sessions(PAGE).await?;
        if open.is_empty() {
            return Ok(ended);
        }
        ended += open.len();
        let commands = open.into_iter().map(|session_id| Command::TerminateSession { session_id });
        for outcome in join_all(commands.map(|command| writer.execute(command))).await {
            outcome?;
        }
    }
}

/// Renews the replica's lease until the token is cancelled, then gives back what it holds. Tells whether others are alive, and keeps health at
/// NOT_SERVING while the database takes no write.
pub async fn hold_lease<S: Store>(
    mut store: S,
    replica_id: String,
    others_alive: Arc<AtomicBool>,
    health: Health,
    shutdown: CancellationToken,
) {
    let mut outage = Outage::of("saying that this replica is alive");
    let mut renewal = tokio::time::interval(RENEWAL);
    while shutdown.run_until_cancelled(renewal.tick()).await.is_some() {
        let now_ms = clock::now_ms();
        let renewed = {
            let mut renewing = pin!(store.renew_replica(&replica_id, now_ms, now_ms + LEASE_MS));
            match tokio::time::timeout(SILENCE, &mut renewing).await {
                Ok(renewed) => renewed,
                Err(_) => {
                    tracing::warn!("the database does not answer; calls are refused until it does");
                    health.block(DATABASE).await;
                    renewing.await
                }
            }
        };
        outage.note(&renewed);
        match renewed {
            Ok(others) => {
                others_alive.store(others, Ordering::Relaxed);
                health.unblock(DATABASE).await;
            }
            Err(_) => health.block(DATABASE).await,
        }
    }
    if let Err(error) = store.release_replica(&replica_id).await {
        tracing::debug!(%error, replica_id, "the replica's lease runs out by itself");
    }
}
