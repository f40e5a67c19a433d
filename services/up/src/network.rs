//! A network that runs: started in order, ended in order.

use std::{fmt, path::PathBuf, time::Duration};

use evcharging_common::{
    address_file::Addresses,
    database::{Access, Database},
    error::{Error, ErrorCode},
    grpc_client::connect_lazily,
    kafka::{KafkaConfig, Producer},
    money::format_money,
    read_model::ReadModel,
    shutdown::CancellationToken,
};

use crate::{
    Config, accounts,
    address_table::AddressTable,
    charge_points::ChargePoints,
    data_folder::DataFolder,
    demo_network,
    embedded_kafka::EmbeddedKafka,
    network_file, open_files,
    plan::Plan,
    services::Services,
    snapshot::{self, Snapshots},
};

/// How long the charge points may take to connect before the network counts as started without the rest.
const CONNECT_DEADLINE: Duration = Duration::from_secs(20);
const CONNECT_POLL: Duration = Duration::from_millis(50);
/// A bound around session's own one, and what the last events may take to reach Kafka.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(15);
const FLUSH_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the embedded broker outlives the last ticket: whoever follows it asks for new records every half a second.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// A whole network in this process. Dropped without [`Network::wait`], it is cut off as if the process had been killed.
// What is declared first is dropped first: the broker and the data folder's lock outlive all that uses them.
pub struct Network {
    charge_points: ChargePoints,
    services: Services,
    snapshots: Option<Snapshots>,
    read_model: ReadModel,
    connected: usize,
    plan: Plan,
    database: String,
    data_dir_as_given: PathBuf,
    has_demo_users: bool,
    shutdown: CancellationToken,
    producer: Producer,
    kafka: Option<EmbeddedKafka>,
    folder: DataFolder,
}

/// What happened to the sessions that were open when the end was asked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DrainReport {
    /// How many were open.
    pub open_sessions: usize,
    /// How many of them have ended now.
    pub ended: usize,
    /// How many were billed: those that had been supplied.
    pub billed: usize,
    /// What they cost together, in micro-units.
    pub cost_micros: i64,
}

impl fmt::Display for DrainReport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { open_sessions, ended, billed, cost_micros } = self;
        if *open_sessions == 0 {
            return formatter.write_str("The network has stopped; no session was open.");
        }
        write!(
            formatter,
            "The network has stopped; of {open_sessions} open sessions {ended} were ended and {billed} billed ({}).",
            format_money(*cost_micros)
        )?;
        if ended < open_sessions {
            formatter.write_str(" The rest is ended and billed at the next start.")?;
        }
        Ok(())
    }
}

impl Network {
    /// Starts everything and returns once drivers may come: the services serve, the accounts are there, the charge points
    /// are connected (or took too long). Writes the address file.
    ///
    /// # Errors
    /// When the network file is refused, the data folder or a port is taken, a service fails, or shutdown came first. Then
    /// nothing is left running.
    pub async fn start(config: Config, shutdown: CancellationToken) -> Result<Self, Error> {
        let stopped =
            || Error::new(ErrorCode::Aborted, "STOPPED", "the network was stopped before it was up");
        let starting = Self::start_all(config, shutdown.clone());
        shutdown.run_until_cancelled(starting).await.unwrap_or_else(|| Err(stopped()))
    }

    async fn start_all(config: Config, shutdown: CancellationToken) -> Result<Self, Error> {
        let plan = plan_of(&config)?;
        open_files::raise_limit(plan.charge_points.len())?;
        let folder = DataFolder::open(&config.data_dir)?;
        let (embedded, kafka) = match &config.kafka_bootstrap_servers {
            Some(servers) => {
                let access = config.kafka_access.clone();
                (None, KafkaConfig { kafka_bootstrap_servers: servers.clone(), access })
            }
            None => {
                let embedded = EmbeddedKafka::start()?;
                let kafka = KafkaConfig::open(embedded.bootstrap_servers());
                (Some(embedded), kafka)
            }
        };
        let producer = Producer::new(&kafka, "up")?;

        let urls = config.database_urls(folder.database_url()?);
        let database = Database::parse(&urls.readers, Access::Read)?.place();
        let mut services = Services::start(&config, &kafka, &urls, producer.clone()).await?;
        services.wait_until_serving().await?;
        let session = connect_lazily(&services.addresses().session).map_err(Error::internal)?;
        accounts::create(session, &plan.drivers).await?;
        if config.has_demo_users() {
            services.add_demo_users(&plan.drivers).await?;
        }
        let read_model = ReadModel::open_lazily(&urls.readers)?;
        let mut snapshots = Snapshots::from_now(read_model.clone()).await?;

        let registry_address = services.addresses().cp_registry.clone();
        let gateway_address = config.framed.then(|| services.addresses().gateway.clone());
        let charge_points = ChargePoints::start(
            &plan.charge_points,
            &folder,
            &kafka,
            &producer,
            &registry_address,
            gateway_address.as_deref(),
        )
        .await?;
        let connected = wait_until_connected(&mut snapshots, plan.charge_points.len()).await;
        services.addresses().write(folder.path()).map_err(|error| {
            Error::unavailable(format!("cannot write to the data folder {}", folder.path().display()), error)
        })?;
        Ok(Self {
            charge_points,
            services,
            snapshots: Some(snapshots),
            read_model,
            connected,
            plan,
            database,
            has_demo_users: config.has_demo_users(),
            data_dir_as_given: config.data_dir,
            shutdown,
            producer,
            kafka: embedded,
            folder,
        })
    }

    /// Where everything listens.
    pub fn addresses(&self) -> &Addresses {
        self.services.addresses()
    }

    /// What a person is told once it runs.
    pub(crate) fn address_table(&self) -> String {
        let program = std::env::args().next().unwrap_or_else(|| "evcharging".to_owned());
        let location_flag = if self.data_dir_as_given.as_os_str() == "evcharging-data" {
            String::new()
        } else {
            format!(" --data-dir {}", self.data_dir_as_given.display())
        };
        AddressTable {
            addresses: self.addresses(),
            kafka_is_embedded: self.kafka.is_some(),
            database: &self.database,
            data_dir: self.folder.path(),
            program: &program,
            location_flag: &location_flag,
            has_demo_users: self.has_demo_users,
            driver_id: self.plan.drivers.first().map(|driver| driver.driver_id.as_str()),
            connected: self.connected,
            charge_points: self.plan.charge_points.len(),
            drivers: self.plan.drivers.len(),
        }
        .render()
    }

    /// How it stands, from its start on. There is one such count; whoever takes it has it.
    pub(crate) fn take_snapshots(&mut self) -> Option<Snapshots> {
        self.snapshots.take()
    }

    /// Runs until shutdown, then drains: open sessions end and are billed, the charge points stop, then the services, the
    /// writer last. The address file goes.
    ///
    /// # Errors
    /// When a service failed; the rest is drained all the same.
    pub async fn wait(mut self) -> Result<DrainReport, Error> {
        let shutdown = self.shutdown.clone();
        let failure = tokio::select! {
            () = shutdown.cancelled() => None,
            error = self.services.failure() => Some(error),
        };
        let report = self.drain().await;
        match failure {
            None => Ok(report),
            Some(error) => Err(error),
        }
    }

    async fn drain(&mut self) -> DrainReport {
        let open = snapshot::open_sessions(&self.read_model).await.unwrap_or_else(|error| {
            tracing::warn!(%error, "the open sessions can't be read; they are drained all the same");
            Vec::new()
        });
        tracing::info!(open_sessions = open.len(), "stopping: open sessions are ended and billed");
        match tokio::time::timeout(DRAIN_TIMEOUT, self.services.drain()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "what is open is ended and billed at the next start"),
            Err(_) => {
                tracing::warn!("draining took too long: what is open is ended and billed at the next start")
            }
        }
        let mut report = DrainReport { open_sessions: open.len(), ..DrainReport::default() };
        for session in open {
            let Ok(Some(session)) = self.read_model.session(&session.session_id).await else { continue };
            report.ended += usize::from(session.ended_at_ms.is_some());
            if self.read_model.ticket(&session.session_id).await.is_ok_and(|ticket| ticket.is_some()) {
                report.billed += 1;
                report.cost_micros += session.cost_micros;
            }
        }
        self.charge_points.stop().await;
        if report.open_sessions > 0 {
            // Pages and the gateway hear the tickets as everybody does.
            tokio::time::sleep(LAST_WORDS).await;
        }
        self.services.stop().await;
        self.producer.flush(FLUSH_TIMEOUT).await;
        if self.kafka.is_some() && report.open_sessions > 0 {
            tokio::time::sleep(LAST_WORDS).await;
        }
        Addresses::remove(self.folder.path());
        report
    }
}

/// Reads the network file when there is one, and else makes a network up.
fn plan_of(config: &Config) -> Result<Plan, Error> {
    match &config.network {
        Some(path) => network_file::read(path),
        None => Ok(demo_network::plan(config.charge_points, config.drivers)),
    }
}

/// Returns how many are connected: all, unless the deadline came first.
async fn wait_until_connected(snapshots: &mut Snapshots, charge_points: usize) -> usize {
    let mut connected = 0;
    // A look reads every charge point: where there are many, it must not keep them from connecting.
    let many = Duration::from_micros(250).saturating_mul(u32::try_from(charge_points).unwrap_or(u32::MAX));
    let all = async {
        loop {
            if let Ok(snapshot) = snapshots.take().await {
                connected = snapshot.connected;
                if snapshot.settled >= charge_points {
                    return;
                }
            }
            tokio::time::sleep(CONNECT_POLL.max(many)).await;
        }
    };
    if tokio::time::timeout(CONNECT_DEADLINE, all).await.is_err() {
        tracing::warn!(connected, charge_points, "not every charge point is connected yet; they keep trying");
    }
    connected
}
