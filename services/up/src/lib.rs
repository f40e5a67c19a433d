//! The whole network in one process on embedded parts: SQLite, a broker inside the process, simulated charge points.

mod accounts;
mod address_table;
mod charge_points;
mod config;
mod data_folder;
mod demo_network;
mod embedded_kafka;
mod network;
mod network_file;
mod open_files;
mod plan;
mod services;
mod snapshot;
mod status_line;

pub use config::Config;
pub use network::{DrainReport, Network};

use evcharging_common::{error::Error, shutdown::CancellationToken};

/// Runs the network until the token is cancelled, telling the terminal what goes on, then drains it.
///
/// # Errors
/// When it can't start, or a service of it fails.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    status_line::print("Starting the network ...\n");
    let mut network = match Network::start(config, shutdown.clone()).await {
        Err(_) if shutdown.is_cancelled() => {
            status_line::print("Stopped before the network was up.\n");
            return Ok(());
        }
        started => started?,
    };
    status_line::print(&network.address_table());
    let is_over = CancellationToken::new();
    let status_task =
        network.take_snapshots().map(|snapshots| tokio::spawn(status_line::show(snapshots, is_over.clone())));
    let mut waiting = std::pin::pin!(network.wait());
    let ended = tokio::select! {
        biased;
        ended = &mut waiting => ended,
        () = shutdown.cancelled() => {
            status_line::print("\nStopping: open sessions are ended and billed. A second Ctrl-C leaves at once.\n");
            waiting.await
        }
    };
    is_over.cancel();
    if let Some(task) = status_task {
        // It only shows: how it ended changes nothing.
        drop(task.await);
    }
    status_line::print(&format!("{}\n", ended?));
    Ok(())
}
