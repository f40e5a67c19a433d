//! A large network with many charges at a time.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use evcharging_common::{
    address_file::Addresses,
    error::Error,
    grpc_client::connect_lazily,
    kafka::{self, KafkaConfig},
    pb::{
        authorization::v1::authorization_service_client::AuthorizationServiceClient,
        events::v1::{DriverNotification, driver_notification::Notification},
        session::v1::session_service_client::SessionServiceClient,
    },
    shutdown::CancellationToken,
};
use tokio::{sync::mpsc, task::JoinSet};

use crate::{
    charges::{LoadDriver, Notes},
    latencies::{Latencies, milliseconds},
    network::Network,
    process::{Usage, share_of_a_core},
    table::{Table, grouped, per_second},
};

/// Drivers begin one after the other over this time, so that their charges do not all turn over together.
const RAMP: Duration = Duration::from_secs(20);
/// Notifications that may wait for one driver.
const TOLD: usize = 64;

/// How large a network, and how busy.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Charge points.
    pub charge_points: u32,
    /// Drivers who charge all the time.
    pub drivers: u32,
}

/// Runs the load and measures once every driver has begun.
pub async fn measure(size: Size, duration: Duration, table: &mut Table) -> Result<(), Error> {
    let Size { charge_points, drivers } = size;
    let seconds = duration.as_secs();
    eprintln!("`up` with {charge_points} charge points, {drivers} charges at a time for {seconds} s ...");
    let network =
        Network::start(&[format!("--charge-points={charge_points}"), format!("--drivers={drivers}")]).await?;
    let (notes, usage, shutdown) = (Arc::new(Notes::default()), network.usage(), CancellationToken::new());
    let mut tasks = drive(network.addresses(), drivers, &notes, &shutdown).await?;

    let (cpu_before, own_cpu_before) = (usage.cpu()?, Usage::of(std::process::id()).cpu()?);
    notes.counting.store(true, Ordering::Relaxed);
    let began = Instant::now();
    tokio::time::sleep(duration).await;
    let elapsed = began.elapsed();
    notes.counting.store(false, Ordering::Relaxed);
    let cpu = usage.cpu()?.saturating_sub(cpu_before);
    let own_cpu = Usage::of(std::process::id()).cpu()?.saturating_sub(own_cpu_before);
    let at_once = notes.supplied_now.load(Ordering::Relaxed);

    let name = format!("network of {} charge points", grouped(u128::from(charge_points)));
    let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
    table.add(format!("{name}: supplied at the end of the run"), grouped(at_once as u128), "");
    let latencies = notes.authorize_latencies.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let latencies: Latencies = latencies.into_iter().collect();
    let (p50, p99) = (latencies.percentile(50), latencies.percentile(99));
    table.add(format!("{name}: authorize p50"), milliseconds(p50), "");
    table.add(format!("{name}: authorize p99"), milliseconds(p99), "under 50 ms");
    let completed = count(&notes.completed) as u128 * 60_000 / elapsed.as_millis().max(1);
    table.add(format!("{name}: charges completed a minute"), grouped(completed), "");
    table.add(format!("{name}: charges that failed"), grouped(count(&notes.failed) as u128), "");
    table.add(format!("{name}: meter readings a second"), per_second(count(&notes.readings), elapsed), "");
    table.add(format!("{name}: CPU"), share_of_a_core(cpu, elapsed), "");
    table.add(format!("{name}: CPU of the load itself"), share_of_a_core(own_cpu, elapsed), "");
    table.add(
        format!("{name}: resident memory, now and at most"),
        format!("{} and {} MiB", usage.resident_mib()?, usage.peak_mib()?),
        "under 300 MiB",
    );
    notes.over.store(true, Ordering::Relaxed);
    tasks.shutdown().await;
    shutdown.cancel();
    network.stop().await
}

/// Sends the drivers on their way and returns once each has begun.
async fn drive(
    addresses: &Addresses,
    drivers: u32,
    notes: &Arc<Notes>,
    shutdown: &CancellationToken,
) -> Result<JoinSet<()>, Error> {
    let kafka = KafkaConfig::open(addresses.kafka.clone());
    let heard = kafka::follow::<DriverNotification>(&kafka, "bench", shutdown.clone()).await?;
    let authorization = connect_lazily(&addresses.authorization).map_err(Error::internal)?;
    let sessions = connect_lazily(&addresses.session).map_err(Error::internal)?;

    let mut tasks = JoinSet::new();
    let mut ears = HashMap::new();
    let mut load_drivers = Vec::new();
    for number in 1..=drivers {
        let (ear, told) = mpsc::channel(TOLD);
        let driver_id = format!("driver{number}");
        ears.insert(driver_id.clone(), ear);
        load_drivers.push(LoadDriver {
            driver_id,
            authorization: AuthorizationServiceClient::new(authorization.clone()),
            sessions: SessionServiceClient::new(sessions.clone()),
            told,
        });
    }
    tasks.spawn(tell(heard, ears, notes.clone()));
    for driver in load_drivers {
        let notes = notes.clone();
        tasks.spawn(async move { driver.charge_again_and_again(&notes).await });
        tokio::time::sleep(RAMP / drivers).await;
    }
    Ok(tasks)
}

/// Hands each notification to its driver; readings are only counted.
async fn tell(
    mut heard: mpsc::Receiver<kafka::Seen<DriverNotification>>,
    ears: HashMap<String, mpsc::Sender<Notification>>,
    notes: Arc<Notes>,
) {
    while let Some(seen) = heard.recv().await {
        match seen.event.notification {
            Some(Notification::ConsumptionUpdate(_)) => notes.count(&notes.readings),
            Some(notification) => {
                if let Some(ear) = ears.get(&seen.key) {
                    // A driver that hears nothing any more has failed, and says so itself.
                    drop(ear.try_send(notification));
                }
            }
            None => {}
        }
    }
}
