//! Whole charges by Kafka, from the request to the ticket, beside what the store alone could do.

use std::{process::Stdio, time::Duration};

use evcharging_common::error::Error;
use tokio::process::Command;

use crate::{
    network::Network,
    programs::binary,
    servers::{Prepared, kafka_flags},
    store,
    table::{Table, per_second, thousandths},
};

/// Drivers who charge all the time, each at a charge point of its own.
const DRIVERS: u32 = 300;
/// Commands of a charge without a pause: reserve, start, the start of the supply, a reading, stop, end.
const COMMANDS: u128 = 6;

/// Runs `up` on the servers and `evcharging-load` against it.
pub async fn measure(prepared: &Prepared, duration: Duration, table: &mut Table) -> Result<(), Error> {
    eprintln!("The store alone for {} s ...", duration.as_secs());
    let commands = store::commands_done(&prepared.session_url, 512, duration).await?;

    eprintln!("{DRIVERS} drivers charge by Kafka for {} s ...", duration.as_secs());
    let mut arguments = kafka_flags(&prepared.kafka).to_vec();
    arguments.push(format!("--database-url={}", prepared.session_url));
    arguments.push(format!("--reader-database-url={}", prepared.reader_url));
    arguments.extend(["--charge-points=1".to_owned(), "--drivers=1".to_owned()]);
    let network = Network::start(&arguments).await?;
    let load = Command::new(binary("evcharging-load")?)
        .arg("--data-dir")
        .arg(network.data_dir())
        .args(["--kafka-topic-prefix", &prepared.kafka.access.kafka_topic_prefix])
        .args(["--drivers", &DRIVERS.to_string(), "--seconds", &duration.as_secs().to_string()])
        .args(["--supply-ms", "0", "--by", "kafka"])
        .stderr(Stdio::null())
        .output()
        .await
        .map_err(Error::internal)?;
    let said = String::from_utf8_lossy(&load.stdout).into_owned();
    if !load.status.success() {
        return Err(Error::internal(format!("evcharging-load ended with {}: {said}", load.status)));
    }
    // "N charges were begun, N completed: ..."
    let completed = said.split(" completed").next().and_then(|before| before.rsplit(' ').next());
    let completed: usize = completed.unwrap_or_default().parse().map_err(Error::internal)?;
    table.add("charges by Kafka, request to ticket: charges a second", per_second(completed, duration), "");
    let share = completed as u128 * COMMANDS * 1_000 / (commands as u128).max(1);
    table.add("that beside the store's commands", format!("{} times", thousandths(share)), "0.6 times");
    network.stop().await
}
