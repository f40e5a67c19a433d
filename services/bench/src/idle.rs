//! The usual network with nothing to do.

use std::time::{Duration, Instant};

use evcharging_common::error::Error;

use crate::{network::Network, process::share_of_a_core, table::Table};

/// What happens once at the start is over by then.
const SETTLE: Duration = Duration::from_secs(10);

/// Lets a network of 12 charge points stand idle and looks at what it uses.
pub async fn measure(duration: Duration, table: &mut Table) -> Result<(), Error> {
    eprintln!("`up` with 12 charge points, idle for {} s ...", duration.as_secs());
    let network = Network::start(&[]).await?;
    tokio::time::sleep(SETTLE).await;
    let (usage, began) = (network.usage(), Instant::now());
    let cpu_before = usage.cpu()?;
    tokio::time::sleep(duration).await;
    let cpu = usage.cpu()?.saturating_sub(cpu_before);
    table.add("`up` idle, 12 charge points: CPU", share_of_a_core(cpu, began.elapsed()), "under 3 %");
    table.add(
        "`up` idle, 12 charge points: resident memory",
        format!("{} MiB", usage.resident_mib()?),
        "under 60 MiB",
    );
    network.stop().await
}
