//! The processes of the network: a database, a broker, two replicas of each service, charge points, every second one by frames.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use evcharging_common::{
    grpc_client::{self, GrpcChannel},
    kafka::KafkaConfig,
    pb::session::v1::{
        CreateDriverRequest, TopUpRequest, network_write_service_client::NetworkWriteServiceClient,
    },
};
use evcharging_testkit::{
    KafkaServer, Ledger, PostgresServer, Process, TestDatabase, eventually, free_addresses, make_topics,
};
use rustix::process::Signal;

/// What a driver may spend, in micro-units: nobody runs out.
const BALANCE_MICROS: i64 = 500_000_000;

/// What kind of process it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Service,
    Engine,
    Monitor,
    Database,
    Broker,
}

/// One process that may be broken.
pub struct Member {
    pub name: String,
    pub kind: Kind,
    process: Handle,
}

enum Handle {
    Own(Process),
    Database(PostgresServer),
    Broker(KafkaServer),
}

impl Member {
    fn process(&mut self) -> &mut Process {
        match &mut self.process {
            Handle::Own(process) => process,
            Handle::Database(server) => server.process(),
            Handle::Broker(server) => server.process(),
        }
    }

    /// kill -9.
    pub fn kill(&mut self) {
        match &mut self.process {
            Handle::Own(process) => process.kill(),
            Handle::Database(server) => server.kill(),
            Handle::Broker(server) => server.kill(),
        }
    }

    /// Starts what was killed or has ended.
    pub fn start_again(&mut self) {
        self.process().restart();
    }

    /// SIGSTOP or SIGCONT.
    pub fn signal(&mut self, signal: Signal) {
        self.process().signal_all(signal);
    }

    /// Asks for an orderly end; PostgreSQL by the signal at which it does not wait for its clients.
    pub fn terminate(&mut self) {
        match &mut self.process {
            Handle::Own(process) => process.terminate(),
            Handle::Database(server) => server.process().interrupt(),
            Handle::Broker(server) => server.process().terminate(),
        }
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> bool {
        self.process().has_ended()
    }
}

/// Where the database is.
pub struct DatabaseAt {
    reader_url: String,
}

impl DatabaseAt {
    /// A look into it.
    pub async fn ledger(&self) -> Ledger {
        Ledger::open(&self.reader_url).await
    }
}

/// All of them.
pub struct Fleet {
    pub members: Vec<Member>,
    pub database: DatabaseAt,
    kafka: KafkaConfig,
    session_urls: String,
}

impl Fleet {
    /// Starts all and waits until every charge point is available.
    pub async fn start(charge_points: u16) -> Self {
        let (postgres, kafka_server) = tokio::join!(PostgresServer::start(), KafkaServer::start());
        let admin_url = postgres.admin_url();
        let database = TestDatabase::at(&admin_url).await;
        let kafka = KafkaConfig::open(kafka_server.bootstrap_servers());
        make_topics(&kafka);

        let kafka_flags = ["--kafka-bootstrap-servers".to_owned(), kafka.kafka_bootstrap_servers.clone()];
        let mut members = vec![
            member("postgres", Kind::Database, Handle::Database(postgres)),
            member("kafka", Kind::Broker, Handle::Broker(kafka_server)),
        ];
        let [session_1, session_2, registry_1, registry_2] = free_addresses();
        let session_urls = format!("http://{session_1},http://{session_2}");
        let registry_urls = format!("http://{registry_1},http://{registry_2}");
        let [authorization_1, authorization_2, telemetry_1, telemetry_2] = free_addresses();
        let (reader, to_session) =
            (["--database-url", database.reader_url.as_str()], ["--session-address", session_urls.as_str()]);
        let for_session = ["--database-url", database.session_url.as_str(), "--reservation-ms", "10000"];
        for (part, replicas, more) in [
            ("session", [&session_1, &session_2], for_session.to_vec()),
            ("authorization", [&authorization_1, &authorization_2], [reader, to_session].concat()),
            ("cp-registry", [&registry_1, &registry_2], [reader, to_session].concat()),
            ("telemetry-ingest", [&telemetry_1, &telemetry_2], to_session.to_vec()),
        ] {
            for (number, address) in replicas.iter().enumerate() {
                let flags = [vec![part, "--listen", address], more.clone()].concat();
                members.push(start(format!("{part}-{}", number + 1), Kind::Service, &flags, &kafka_flags));
            }
        }
        let [gateway_1, gateway_2, framed_1, framed_2] = free_addresses();
        let gateways = format!("{framed_1},{framed_2}");
        for (number, (address, framed)) in [(gateway_1, framed_1), (gateway_2, framed_2)].iter().enumerate() {
            let flags = [
                "gateway",
                "--listen",
                address,
                "--framed-listen",
                framed,
                "--cp-registry-address",
                &registry_urls,
            ];
            members.push(start(format!("gateway-{}", number + 1), Kind::Service, &flags, &kafka_flags));
        }
        for number in 1..=charge_points {
            let cp_id = format!("CP-{number:03}");
            let [engine_at, engine_framed] = free_addresses();
            // Every second one speaks frames on both sides of its monitor.
            let is_framed = number % 2 == 0;
            let flags = ["cp-engine", "--listen", &engine_at, "--cp-id", &cp_id, "--max-power-w", "100000"];
            let framed = ["--listen-framed", &engine_framed];
            let flags = [&flags[..], if is_framed { &framed } else { &[] }].concat();
            members.push(start(format!("{cp_id}-engine"), Kind::Engine, &flags, &kafka_flags));
            let engine_url = format!("http://{engine_at}");
            let flags = [
                ["cp-monitor", "--cp-id", &cp_id, "--location"],
                ["Calle de la Prueba", "--price", "0.45", "--max-power-w"],
                ["100000", "--key", "a-key-of-a-test", "--engine-address"],
                [&engine_url, "--cp-registry-address", &registry_urls, "--log=info"],
            ];
            let framed = ["--engine-framed", &engine_framed, "--central-framed", &gateways];
            let flags = [&flags.concat()[..], if is_framed { &framed } else { &[] }].concat();
            members.push(start(format!("{cp_id}-monitor"), Kind::Monitor, &flags, &[]));
        }
        let fleet =
            Self { members, database: DatabaseAt { reader_url: database.reader_url }, kafka, session_urls };
        let mut ledger = fleet.database.ledger().await;
        eventually("every charge point is available", async || {
            let query = "SELECT COUNT(*) FROM charge_points WHERE status = 'AVAILABLE'";
            (ledger.number(query).await == i64::from(charge_points)).then_some(())
        })
        .await;
        fleet
    }

    /// Where the broker is.
    pub fn kafka_config(&self) -> KafkaConfig {
        self.kafka.clone()
    }

    /// `driver1` and on, each with a balance.
    pub async fn create_drivers(&self, drivers: u16) {
        let channel: GrpcChannel = grpc_client::connect_lazily(&self.session_urls).expect("addresses");
        let mut network = NetworkWriteServiceClient::new(channel);
        for number in 1..=drivers {
            let driver_id = format!("driver{number}");
            let create = CreateDriverRequest { driver_id: driver_id.clone(), name: driver_id.clone() };
            network.create_driver(create).await.expect("a driver is made");
            let top_up = TopUpRequest {
                top_up_id: format!("first-{driver_id}"),
                driver_id,
                amount_micros: BALANCE_MICROS,
            };
            network.top_up(top_up).await.expect("a balance");
        }
    }

    /// Waits until nothing is open and nothing waits to be sent; tells what did not come to rest.
    pub async fn settle(&mut self, patience: Duration) -> Vec<String> {
        const STUCK: [(&str, &str); 4] = [
            ("sessions are open", "SELECT COUNT(*) FROM session_rows WHERE ended_at_ms IS NULL"),
            ("events wait in the outbox", "SELECT COUNT(*) FROM outbox"),
            ("charge points are occupied", "SELECT COUNT(*) FROM charge_points WHERE session_id IS NOT NULL"),
            (
                "charge points are not available",
                "SELECT COUNT(*) FROM charge_points WHERE status <> 'AVAILABLE'",
            ),
        ];
        let deadline = Instant::now() + patience;
        loop {
            let mut ledger = self.database.ledger().await;
            let mut stuck = Vec::new();
            for (what, query) in STUCK {
                let count = ledger.number(query).await;
                if count > 0 {
                    stuck.push(format!("nothing may stay stuck, but {count} {what}"));
                }
            }
            if stuck.is_empty() || Instant::now() > deadline {
                return stuck;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }

    /// Writes what each process said.
    pub fn write_logs(&mut self, folder: &Path) {
        std::fs::create_dir_all(folder).expect("a folder for the logs");
        for member in &mut self.members {
            let path = folder.join(format!("{}.log", member.name));
            std::fs::write(path, member.process().whole_output()).expect("a log is written");
        }
    }
}

fn member(name: &str, kind: Kind, process: Handle) -> Member {
    Member { name: name.to_owned(), kind, process }
}

fn start(name: String, kind: Kind, flags: &[&str], more: &[String]) -> Member {
    let arguments: Vec<String> =
        flags.iter().map(|flag| (*flag).to_owned()).chain(more.iter().cloned()).collect();
    let process = Handle::Own(Process::start(&name, &arguments));
    Member { name, kind, process }
}
