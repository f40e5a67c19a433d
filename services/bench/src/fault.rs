//! From a monitor that knows that its engine broke to the driver who is told. The monitors here are ours: they know when.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use evcharging_common::{
    error::Error,
    grpc_client::GrpcChannel,
    kafka::{self, Seen},
    pb::{
        cp_registry::v1::{
            FaultReport, Heartbeat, Hello, LinkRequest, LinkResponse, link_request, link_response,
            registry_service_client::RegistryServiceClient,
        },
        events::v1::{DriverNotification, driver_notification::Notification},
    },
    shutdown::CancellationToken,
    vocabulary::FaultKind,
};
use futures::future::try_join_all;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::{
    commands::Charger,
    latencies::{Latencies, milliseconds},
    replica::Replica,
    servers::Prepared,
    table::Table,
};

/// Charge points that break.
const FAULTS: usize = 300;
/// Between two of them.
const BETWEEN: Duration = Duration::from_millis(20);
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How long something may take that should take milliseconds.
const DEADLINE: Duration = Duration::from_secs(10);

/// Breaks charge points one after the other and waits for what their drivers hear.
pub async fn measure(prepared: &Prepared, table: &mut Table) -> Result<(), Error> {
    eprintln!("{FAULTS} charge points charge and break ...");
    let replica = Replica::start(&prepared.session_url).await?;
    let session = prepared.session().await?;
    let registry = prepared.reader("cp-registry", &session)?;
    let channel = registry.serving().await?;

    let mut chargers: Vec<Charger> = (0..FAULTS).map(Charger::new).collect();
    let links = try_join_all(chargers.iter().map(|charger| Link::open(&channel, charger))).await?;
    for charger in &chargers {
        replica.execute(charger.driver_introductions()).await?;
    }
    let end = CancellationToken::new();
    let mut heard = kafka::follow::<DriverNotification>(&prepared.kafka, "bench", end.clone()).await?;
    replica.begin_charges(&mut chargers).await?;
    let mut started = 0;
    while started < FAULTS {
        let seen = next(&mut heard).await?;
        started += usize::from(matches!(seen.event.notification, Some(Notification::SessionStarted(_))));
    }

    let mut broken_at = HashMap::new();
    let mut latencies = Vec::new();
    for (link, charger) in links.iter().zip(&chargers) {
        broken_at.insert(charger.driver_id().to_owned(), Instant::now());
        link.report_fault().await?;
        let until = tokio::time::Instant::now() + BETWEEN;
        while let Ok(Some(seen)) = tokio::time::timeout_at(until, heard.recv()).await {
            latencies.extend(latency(&mut broken_at, &seen));
        }
    }
    while !broken_at.is_empty() {
        latencies.extend(latency(&mut broken_at, &next(&mut heard).await?));
    }
    end.cancel();
    let latencies: Latencies = latencies.into_iter().collect();
    let (p50, p99) = (latencies.percentile(50), latencies.percentile(99));
    table.add("monitor's report of a fault to the driver's SUPPLY_ERROR: p50", milliseconds(p50), "");
    table.add(
        "monitor's report of a fault to the driver's SUPPLY_ERROR: p99",
        milliseconds(p99),
        "under 100 ms",
    );
    replica.stop().await
}

async fn next(
    heard: &mut mpsc::Receiver<Seen<DriverNotification>>,
) -> Result<Seen<DriverNotification>, Error> {
    let seen = timeout(DEADLINE, heard.recv()).await.ok().flatten();
    seen.ok_or_else(|| Error::internal("a driver was not told what happened to its charge"))
}

fn latency(broken_at: &mut HashMap<String, Instant>, seen: &Seen<DriverNotification>) -> Option<Duration> {
    match seen.event.notification {
        Some(Notification::SupplyError(_)) => broken_at.remove(&seen.key).map(|at| at.elapsed()),
        _ => None,
    }
}

/// A monitor's link to the registry.
struct Link {
    say: mpsc::Sender<LinkRequest>,
}

impl Link {
    async fn open(channel: &GrpcChannel, charger: &Charger) -> Result<Self, Error> {
        let (say, said) = mpsc::channel(16);
        let hello = Hello {
            cp_id: charger.cp_id().to_owned(),
            location: "Madrid".to_owned(),
            price_micros_per_kwh: 400_000,
            max_power_w: 50_000,
            key: "bench-key".to_owned(),
        };
        // There is room.
        let _ = say.try_send(request(link_request::Message::Hello(hello)));
        let mut registry = RegistryServiceClient::new(channel.clone());
        let mut heard = registry.link(ReceiverStream::new(said)).await?.into_inner();
        let welcome = timeout(DEADLINE, heard.message()).await.map_err(Error::internal)??;
        if !matches!(welcome.and_then(|said| said.message), Some(link_response::Message::Welcome(_))) {
            return Err(Error::internal("the registry does not welcome a monitor"));
        }
        tokio::spawn(keep(say.downgrade(), heard));
        Ok(Self { say })
    }

    async fn report_fault(&self) -> Result<(), Error> {
        let fault = FaultReport { kind: FaultKind::EngineKo.into(), ..FaultReport::default() };
        self.say.send(request(link_request::Message::Fault(fault))).await.map_err(Error::internal)
    }
}

/// Says that the monitor lives and takes what the registry says, until the link is let go.
async fn keep(say: mpsc::WeakSender<LinkRequest>, mut heard: Streaming<LinkResponse>) {
    let mut heartbeats = tokio::time::interval(HEARTBEAT);
    loop {
        tokio::select! {
            _ = heartbeats.tick() => {
                let Some(say) = say.upgrade() else { return };
                // Full only when the registry has stopped to listen.
                let _ = say.try_send(request(link_request::Message::Heartbeat(Heartbeat {})));
            }
            message = heard.message() => if !matches!(message, Ok(Some(_))) { return },
        }
    }
}

fn request(message: link_request::Message) -> LinkRequest {
    LinkRequest { message: Some(message) }
}
