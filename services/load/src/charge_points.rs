//! The charge points of the load: the engine and the monitor that also run alone, as tasks of this process.

use std::{sync::Arc, time::Duration};

use evcharging_common::{
    clock,
    error::Error,
    grpc_client::{GrpcChannel, connect_lazily},
    grpc_server::ListenConfig,
    kafka::{KafkaConfig, Producer},
    pb::cp_registry::v1::{GetChargePointRequest, registry_service_client::RegistryServiceClient},
    shutdown::CancellationToken,
    tls::TlsConfig,
    vocabulary::ChargePointStatus,
};
use evcharging_cp_engine as engine;
use evcharging_cp_monitor as monitor;
use tokio::{
    sync::{Mutex, mpsc},
    task::JoinSet,
    time::Instant,
};

/// So that the same charge points are taken again by a later run.
const KEY: &str = "evcharging-load";
const MAX_POWER_W: i64 = 100_000;
/// More than a charge of a load takes.
const VEHICLE_ENERGY_MWH: i64 = 1_000_000_000;
/// How long the charge points may take to be available.
const AVAILABLE_DEADLINE: Duration = Duration::from_secs(120);

/// The charge points that run.
pub struct ChargePoints {
    tasks: JoinSet<Result<(), Error>>,
    shutdown: CancellationToken,
    free: FreePoints,
}

/// Those that nobody uses.
#[derive(Clone)]
pub struct FreePoints {
    free: Arc<Mutex<mpsc::UnboundedReceiver<String>>>,
    give_back: mpsc::UnboundedSender<String>,
}

/// One that is used; free again when it is dropped.
pub struct UsedPoint {
    cp_id: String,
    give_back: mpsc::UnboundedSender<String>,
}

impl UsedPoint {
    pub fn cp_id(&self) -> &str {
        &self.cp_id
    }
}

impl Drop for UsedPoint {
    fn drop(&mut self) {
        // Closed only at the end.
        let _ = self.give_back.send(std::mem::take(&mut self.cp_id));
    }
}

impl FreePoints {
    /// Waits for a free one; `None` once the time is over.
    pub async fn take(&self, over: Instant) -> Option<UsedPoint> {
        let mut free = self.free.lock().await;
        let cp_id = tokio::time::timeout_at(over, free.recv()).await.ok()??;
        Some(UsedPoint { cp_id, give_back: self.give_back.clone() })
    }
}

impl ChargePoints {
    /// Starts them and waits until each is available.
    pub async fn start(
        count: u32,
        kafka: &KafkaConfig,
        producer: &Producer,
        cp_registry_address: &str,
    ) -> Result<Self, Error> {
        let shutdown = CancellationToken::new();
        let mut tasks = JoinSet::new();
        let registry = channel(cp_registry_address)?;
        let (give_back, free) = mpsc::unbounded_channel();
        // A register never goes back, not even from one run to the next: no charge point is faster than this clock.
        let register_mwh = clock::now_ms().saturating_mul(30);
        for number in 1..=count {
            let cp_id = format!("LOAD-{number:04}");
            let engine_config = engine::Config {
                listen: ListenConfig::at(([127, 0, 0, 1], 0).into()),
                kafka: kafka.clone(),
                listen_framed: None,
                cp_id: cp_id.clone(),
                max_power_w: MAX_POWER_W,
                vehicle_energy_mwh: VEHICLE_ENERGY_MWH,
                register_mwh,
            };
            let engine = engine::Service::bind(engine_config, producer.clone()).await?;
            let engine_address = format!("http://{}", engine.local_address());
            let config = monitor::Config {
                cp_id: cp_id.clone(),
                location: "Load".to_owned(),
                price_micros_per_kwh: 400_000,
                max_power_w: MAX_POWER_W,
                key: KEY.parse().map_err(Error::internal)?,
                cp_registry_address: cp_registry_address.to_owned(),
                health_listen: None,
                tls: TlsConfig::default(),
                engine_address: engine_address.clone(),
                engine_framed: None,
                central_framed: None,
            };
            let engine_client = monitor::EngineClient::grpc(channel(&engine_address)?, &cp_id);
            let central = monitor::Central::Grpc(registry.clone());
            tasks.spawn(engine.run(shutdown.clone()));
            tasks.spawn(monitor::run_with(config, central, engine_client, shutdown.clone()));
            wait_until_available(&registry, &cp_id).await?;
            let _ = give_back.send(cp_id);
        }
        let free = FreePoints { free: Arc::new(Mutex::new(free)), give_back };
        Ok(Self { tasks, shutdown, free })
    }

    /// Those that nobody uses.
    pub fn free(&self) -> FreePoints {
        self.free.clone()
    }

    /// Stops all of them.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        // What does not end in time ends with the process.
        let _ = tokio::time::timeout(Duration::from_secs(5), all).await;
    }
}

fn channel(address: &str) -> Result<GrpcChannel, Error> {
    connect_lazily(address).map_err(|problem| Error::invalid_argument("the address", problem))
}

async fn wait_until_available(registry: &GrpcChannel, cp_id: &str) -> Result<(), Error> {
    let mut registry = RegistryServiceClient::new(registry.clone());
    let deadline = Instant::now() + AVAILABLE_DEADLINE;
    loop {
        let request = GetChargePointRequest { cp_id: cp_id.to_owned() };
        let found =
            registry.get_charge_point(request).await.ok().and_then(|found| found.into_inner().charge_point);
        if found.is_some_and(|found| found.status == i32::from(ChargePointStatus::Available)) {
            return Ok(());
        }
        if Instant::now() > deadline {
            let message = format!("the charge point {cp_id} did not become available: is cp-registry there?");
            return Err(Error::unavailable(message, "timeout"));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
