//! A whole network of separate processes on free ports, with a broker and a data folder of its own.

use std::{
    collections::HashMap,
    sync::{
        LazyLock,
        atomic::{AtomicU16, Ordering},
    },
};

use evcharging_common::{
    grpc_client::{self, GrpcChannel},
    pb::{
        authorization::v1::authorization_service_client::AuthorizationServiceClient,
        cp_registry::v1::{GetChargePointRequest, registry_service_client::RegistryServiceClient},
        engine::v1::engine_service_client::EngineServiceClient,
        session::v1::{
            CreateDriverRequest, TopUpRequest, network_write_service_client::NetworkWriteServiceClient,
            session_service_client::SessionServiceClient,
        },
        telemetry::v1::telemetry_service_client::TelemetryServiceClient,
        types::v1::ChargePoint,
    },
    vocabulary::ChargePointStatus,
};

use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{Broker, Driver, Ledger, PostgresServer, Process, TestDatabase, eventually};

/// The key of every charge point.
const TEST_KEY: &str = "a-key-of-a-test";

/// What a test wants otherwise than usual.
#[derive(Debug, Clone, Default)]
pub struct NetworkOptions {
    /// How long a reservation lasts, in milliseconds.
    pub reservation_ms: Option<i64>,
    /// A broker that the test may take down.
    pub own_broker: bool,
    /// A PostgreSQL of its own, which the test may kill.
    pub own_postgres: bool,
    /// Start with that broker down.
    pub broker_down: bool,
    /// Where every process sends its traces.
    pub otlp_url: Option<String>,
    /// A gateway, and charge points that speak frames on both sides; so it is for all tests when EVCHARGING_TEST_FRAMED is set.
    pub framed: bool,
}

/// The two processes of a charge point.
pub struct ChargePointProcesses {
    /// The engine.
    pub engine: Process,
    /// Its monitor.
    pub monitor: Process,
    /// Where the engine listens.
    pub engine_address: String,
    /// Where it listens for frames.
    engine_framed: Option<String>,
}

/// A network of processes.
pub struct TestNetwork {
    /// The broker.
    pub broker: Broker,
    /// The session service.
    pub session: Process,
    /// The authorization service.
    pub authorization: Process,
    /// The registry.
    pub cp_registry: Process,
    /// Telemetry.
    pub telemetry: Process,
    /// The gateway, when charge points speak frames.
    pub gateway: Option<Process>,
    /// By id.
    pub charge_points: HashMap<String, ChargePointProcesses>,
    addresses: HashMap<&'static str, String>,
    /// The flags that say where traces are sent.
    pub otlp_flags: Vec<String>,
    /// Its database.
    pub database: TestDatabase,
    /// That database's server, when it is the test's own.
    pub postgres: Option<PostgresServer>,
    _folder: tempfile::TempDir,
}

impl TestNetwork {
    /// The central services, ready.
    pub async fn start() -> Self {
        Self::start_with(NetworkOptions::default()).await
    }

    /// The central services, ready as far as the options let them.
    pub async fn start_with(options: NetworkOptions) -> Self {
        let mut broker = if options.own_broker { Broker::start_own().await } else { Broker::start().await };
        if options.broker_down {
            broker.take_down();
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        let postgres = if options.own_postgres { Some(PostgresServer::start().await) } else { None };
        let database = match &postgres {
            Some(server) => TestDatabase::at(&server.admin_url()).await,
            None => TestDatabase::new(folder.path()).await,
        };
        let otlp_url = options.otlp_url.into_iter();
        let otlp_flags: Vec<String> = otlp_url.flat_map(|url| ["--otlp-endpoint".to_owned(), url]).collect();
        let everywhere = [broker.flags(), otlp_flags.clone()].concat();
        let common = |part: &str, listen: &str, more: &[(&str, &str)]| {
            let mut arguments = vec![part.to_owned()];
            arguments.extend_from_slice(&everywhere);
            for (flag, value) in [("--listen", listen)].iter().chain(more) {
                arguments.push((*flag).to_owned());
                arguments.push((*value).to_owned());
            }
            arguments
        };
        // Ports are found first, so that a process that is started anew listens where it did.
        let [session_at, authorization_at, registry_at, telemetry_at] = free_addresses();
        let session_url = format!("http://{session_at}");
        let reservation_ms = options.reservation_ms.unwrap_or(30_000).to_string();
        let session_more =
            [("--database-url", database.session_url.as_str()), ("--reservation-ms", &reservation_ms)];
        let session = Process::start("session", &common("session", &session_at, &session_more));
        let database_and_session =
            [("--database-url", database.reader_url.as_str()), ("--session-address", &session_url)];
        let authorization = Process::start(
            "authorization",
            &common("authorization", &authorization_at, &database_and_session),
        );
        let cp_registry =
            Process::start("cp-registry", &common("cp-registry", &registry_at, &database_and_session));
        let to_session = [("--session-address", session_url.as_str())];
        let telemetry =
            Process::start("telemetry-ingest", &common("telemetry-ingest", &telemetry_at, &to_session));

        let registry_url = format!("http://{registry_at}");
        let framed = options.framed || std::env::var_os("EVCHARGING_TEST_FRAMED").is_some();
        let [gateway_at, framed_at] = free_addresses();
        let gateway = framed.then(|| {
            let more = [("--framed-listen", framed_at.as_str()), ("--cp-registry-address", &registry_url)];
            Process::start("gateway", &common("gateway", &gateway_at, &more))
        });
        let addresses = HashMap::from([
            ("gateway", framed_at),
            ("session", session_url),
            ("authorization", format!("http://{authorization_at}")),
            ("cp-registry", registry_url),
            ("telemetry", format!("http://{telemetry_at}")),
        ]);
        let mut network = Self {
            broker,
            session,
            authorization,
            cp_registry,
            telemetry,
            gateway,
            charge_points: HashMap::new(),
            addresses,
            otlp_flags,
            database,
            postgres,
            _folder: folder,
        };
        for process in [
            &mut network.session,
            &mut network.authorization,
            &mut network.cp_registry,
            &mut network.telemetry,
        ] {
            process.address();
        }
        if let Some(gateway) = &mut network.gateway {
            gateway.address();
        }
        network
    }

    /// One more replica of session on the same database, which no other service knows by its address.
    pub fn add_session_replica(&self) -> Process {
        add_replica(&self.session)
    }

    /// One more replica of authorization, in the same consumer group.
    pub fn add_authorization_replica(&self) -> Process {
        add_replica(&self.authorization)
    }

    /// One more replica of telemetry-ingest, in the same consumer group.
    pub fn add_telemetry_replica(&self) -> Process {
        add_replica(&self.telemetry)
    }

    /// A charge point of 100 kW with a process for its engine and one for its monitor, connected and available.
    pub async fn add_charge_point(&mut self, cp_id: &str) {
        self.add_charge_point_processes(cp_id).await;
        self.wait_for_status(cp_id, ChargePointStatus::Available).await;
    }

    /// The same, without waiting for it to be available.
    pub async fn add_charge_point_processes(&mut self, cp_id: &str) {
        let [engine_at] = free_addresses();
        let engine_url = format!("http://{engine_at}");
        let engine = ["cp-engine", "--listen", &engine_at, "--cp-id", cp_id, "--max-power-w", "100000"]
            .map(str::to_owned);
        let engine_framed = self.gateway.as_ref().map(|_| {
            let [at] = free_addresses();
            at
        });
        let framed = engine_framed.iter().flat_map(|at| ["--listen-framed".to_owned(), at.clone()]).collect();
        let engine = [engine.to_vec(), framed, self.broker.flags(), self.otlp_flags.clone()].concat();
        let mut engine = Process::start(&format!("{cp_id} engine"), &engine);
        engine.address();
        let monitor = self.monitor_arguments(cp_id, &engine_url, engine_framed.as_deref(), TEST_KEY);
        let monitor = Process::start(&format!("{cp_id} monitor"), &monitor);
        let processes = ChargePointProcesses { engine, monitor, engine_address: engine_url, engine_framed };
        self.charge_points.insert(cp_id.to_owned(), processes);
    }

    /// The arguments of a monitor.
    pub fn monitor_arguments(
        &self,
        cp_id: &str,
        engine_url: &str,
        engine_framed: Option<&str>,
        key: &str,
    ) -> Vec<String> {
        let registry = &self.addresses["cp-registry"];
        let monitor = [
            "cp-monitor",
            "--cp-id",
            cp_id,
            "--location",
            "Calle de Alcalá 1, Madrid",
            "--price",
            "0.40",
            "--max-power-w",
            "100000",
            "--key",
            key,
            "--engine-address",
            engine_url,
            "--cp-registry-address",
            registry,
        ];
        let framed = engine_framed.iter().flat_map(|engine_framed| {
            ["--engine-framed", engine_framed, "--central-framed", self.address("gateway")]
        });
        let monitor = monitor.into_iter().chain(framed).map(str::to_owned).collect();
        [monitor, self.otlp_flags.clone()].concat()
    }

    /// A driver with a balance, listening.
    pub async fn add_driver(&self, driver_id: &str, balance_micros: i64) -> Driver {
        self.create_driver(driver_id, balance_micros).await;
        Driver::listen(&self.broker.config(), driver_id).await
    }

    /// A driver with a balance.
    pub async fn create_driver(&self, driver_id: &str, balance_micros: i64) {
        let mut network = self.network_writes();
        let (driver_id, name) = (driver_id.to_owned(), driver_id.to_owned());
        eventually("the session service makes a driver", async || {
            network
                .create_driver(CreateDriverRequest { driver_id: driver_id.clone(), name: name.clone() })
                .await
                .ok()
        })
        .await;
        let top_up = TopUpRequest {
            top_up_id: format!("first-{driver_id}"),
            driver_id,
            amount_micros: balance_micros,
        };
        network.top_up(top_up).await.expect("a top-up");
    }

    /// `driver{number}` with 50 EUR, listening.
    pub async fn add_numbered_driver(&self, number: usize) -> Driver {
        self.add_driver(&format!("driver{number}"), 50_000_000).await
    }

    /// `driver{number}` with 50 EUR.
    pub async fn create_numbered_driver(&self, number: usize) {
        self.create_driver(&format!("driver{number}"), 50_000_000).await;
    }

    /// Starts a charge point's monitor anew with another price.
    pub async fn set_price(&mut self, cp_id: &str, price: &str) {
        let ChargePointProcesses { engine_address, engine_framed, .. } = &self.charge_points[cp_id];
        let mut arguments = self.monitor_arguments(cp_id, engine_address, engine_framed.as_deref(), TEST_KEY);
        let at = arguments.iter().position(|argument| argument == "--price").expect("the flag is there");
        price.clone_into(&mut arguments[at + 1]);
        let processes = self.charge_points.get_mut(cp_id).expect("a charge point");
        processes.monitor.kill();
        processes.monitor = Process::start(&format!("{cp_id} monitor"), &arguments);
        let mut registry = self.registry();
        let price_micros = evcharging_common::money::parse_money(price).expect("a price");
        eventually("the new price is known", async || {
            let request = GetChargePointRequest { cp_id: cp_id.to_owned() };
            let found = registry.get_charge_point(request).await.ok()?.into_inner().charge_point?;
            (found.price_micros_per_kwh == price_micros && found.connected).then_some(())
        })
        .await;
    }

    /// Waits until a charge point has a status.
    pub async fn wait_for_status(&self, cp_id: &str, status: ChargePointStatus) -> ChargePoint {
        let mut registry = self.registry();
        eventually(&format!("{cp_id} is {status}"), async || {
            let request = GetChargePointRequest { cp_id: cp_id.to_owned() };
            let found = registry.get_charge_point(request).await.ok()?.into_inner().charge_point?;
            (found.status == i32::from(status)).then_some(found)
        })
        .await
    }

    /// A look into the database.
    pub async fn ledger(&self) -> Ledger {
        Ledger::open(&self.database.reader_url).await
    }

    /// Where a service is.
    pub fn address(&self, service: &str) -> &str {
        &self.addresses[service]
    }

    fn channel(&self, service: &str) -> GrpcChannel {
        grpc_client::connect_lazily(self.address(service)).expect("an address")
    }

    /// Whether a service says that it can do its work.
    pub async fn is_serving(&self, service: &str) -> bool {
        is_serving(self.address(service)).await
    }

    /// SessionService.
    pub fn sessions(&self) -> SessionServiceClient<GrpcChannel> {
        SessionServiceClient::new(self.channel("session"))
    }

    /// NetworkWriteService.
    pub fn network_writes(&self) -> NetworkWriteServiceClient<GrpcChannel> {
        NetworkWriteServiceClient::new(self.channel("session"))
    }

    /// AuthorizationService.
    pub fn authorizations(&self) -> AuthorizationServiceClient<GrpcChannel> {
        AuthorizationServiceClient::new(self.channel("authorization"))
    }

    /// RegistryService.
    pub fn registry(&self) -> RegistryServiceClient<GrpcChannel> {
        RegistryServiceClient::new(self.channel("cp-registry"))
    }

    /// TelemetryService.
    pub fn live(&self) -> TelemetryServiceClient<GrpcChannel> {
        TelemetryServiceClient::new(self.channel("telemetry"))
    }

    /// EngineService of a charge point.
    pub fn engine(&self, cp_id: &str) -> EngineServiceClient<GrpcChannel> {
        let address = &self.charge_points[cp_id].engine_address;
        EngineServiceClient::new(grpc_client::connect_lazily(address).expect("an address"))
    }
}

/// Whether the service at this address says that it can do its work.
pub async fn is_serving(address: &str) -> bool {
    let channel = grpc_client::connect_lazily(address).expect("an address");
    let checked = HealthClient::new(channel).check(HealthCheckRequest::default()).await;
    checked.is_ok_and(|checked| checked.into_inner().status() == ServingStatus::Serving)
}

/// The same on a port of its own.
fn add_replica(of: &Process) -> Process {
    let mut arguments = of.arguments().to_vec();
    let at = arguments.iter().position(|argument| argument == "--listen").expect("the flag is there");
    [arguments[at + 1]] = free_addresses();
    let mut replica = Process::start(&format!("second {}", arguments[0]), &arguments);
    replica.address();
    replica
}

/// Loopback addresses whose ports are free, each handed out once. They are below those that outgoing connections are given: what is started
/// anew there must find its port free.
pub fn free_addresses<const N: usize>() -> [String; N] {
    const FIRST: u16 = 10_000;
    const PORTS: u16 = 10_000;
    static NEXT: LazyLock<AtomicU16> = LazyLock::new(|| AtomicU16::new(rand::random()));
    [(); N].map(|()| {
        loop {
            let port = FIRST + NEXT.fetch_add(1, Ordering::Relaxed) % PORTS;
            if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
                break format!("127.0.0.1:{port}");
            }
        }
    })
}
