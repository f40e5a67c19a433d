//! The service: configuration, start, run, drain.

use std::{
    net::SocketAddr,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use evcharging_common::{
    access::TokenKeys,
    backoff::Backoff,
    database::{Access, Database, DatabaseConfig, Dialect},
    error::Error,
    grpc_server::{Door, GrpcServer, ListenConfig},
    ids,
    kafka::{self, KafkaConfig, Producer},
    money,
    outage::Outage,
    pb::session::v1::{
        network_write_service_server::NetworkWriteServiceServer, session_service_server::SessionServiceServer,
    },
    read_model::ReadModel,
    shutdown::CancellationToken,
    vocabulary::Role,
};
use futures::future::join_all;
use tokio::time::Instant;
use tonic::service::Routes;

use crate::{
    command::{Command, StopCharging},
    deadlines,
    decide::Rules,
    driver_events::DriverEvents,
    gauges,
    grpc_network::NetworkGrpc,
    grpc_session::SessionGrpc,
    leadership, outbox,
    people::People,
    startup::{self, Startup},
    store::{PeopleStore, SqlStore, Store},
    writer::Writer,
};

const SERVICES: &[&str] =
    &["evcharging.session.v1.SessionService", "evcharging.session.v1.NetworkWriteService"];
/// How long a drain waits for final registers before it bills what it knows.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(6);

/// How long a start waits for a database that is away; then it ends, and whoever runs it starts it anew.
const DATABASE_PATIENCE: Duration = Duration::from_secs(60);
/// How long giving back the lease may take.
const LEASE_RETURN: Duration = Duration::from_secs(3);
/// What it reads and writes.
const TOPICS: &[&str] = &[
    kafka::topics::DRIVER_EVENTS,
    kafka::topics::DRIVER_NOTIFICATIONS,
    kafka::topics::CP_EVENTS,
    kafka::topics::CENTRAL_COMMANDS,
    kafka::topics::DEAD_LETTERS,
];

/// What the session service is told.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Where it listens.
    #[command(flatten)]
    pub listen: ListenConfig,
    /// Where Kafka is.
    #[command(flatten)]
    pub kafka: KafkaConfig,
    /// Where the database is. This service alone writes to it.
    #[command(flatten)]
    pub database: DatabaseConfig,
    /// What becomes of open sessions when it starts
    #[arg(long, env = "EVCHARGING_STARTUP", value_enum, default_value = "auto")]
    pub startup: Startup,
    /// How long a charge point is held for its driver's start, in milliseconds
    #[arg(long, env = "EVCHARGING_RESERVATION_MS", default_value_t = 30_000, value_parser = clap::value_parser!(i64).range(1_000..=3_600_000))]
    pub reservation_ms: i64,
    /// The least balance for a new charge, for example 1.00
    #[arg(long, env = "EVCHARGING_MINIMUM_BALANCE", default_value = "1.00", value_parser = money::parse_money)]
    pub minimum_balance: i64,
}

/// The service, with its port and its database open.
pub struct Service {
    door: Door,
    local_address: SocketAddr,
    kafka: KafkaConfig,
    producer: Producer,
    startup: Startup,
    store: SqlStore,
    read_model: ReadModel,
    people: PeopleStore,
    writer: Writer,
    writer_task: tokio::task::JoinHandle<()>,
    writer_shutdown: CancellationToken,
}

/// What others in the same process may ask of a running service.
pub struct Handle {
    writer: Writer,
    store: SqlStore,
    people: People,
}

impl Service {
    /// Opens the port and the database.
    ///
    /// # Errors
    /// The port or the database can't be had.
    pub async fn bind(config: Config, producer: Producer) -> Result<Self, Error> {
        let door = config.listen.open(config.listen.load_certificates()?).await?;
        let local_address = door.local_address()?;
        let store = open_store(&config.database.database_url).await?;
        let read_model = ReadModel::open_lazily(&config.database.database_url)?;
        let people = PeopleStore::open_lazily(&config.database.database_url)?;
        let rules = Rules {
            reservation_ms: config.reservation_ms,
            minimum_balance_micros: config.minimum_balance,
            ..Rules::default()
        };
        let writer_shutdown = CancellationToken::new();
        let (writer, writer_task) = Writer::start(store.another(), rules, writer_shutdown.clone());
        let (kafka, startup) = (config.kafka, config.startup);
        Ok(Self {
            door,
            local_address,
            kafka,
            producer,
            startup,
            store,
            read_model,
            people,
            writer,
            writer_task,
            writer_shutdown,
        })
    }

    /// Where it listens.
    pub fn local_address(&self) -> SocketAddr {
        self.local_address
    }

    /// What others in the same process may ask.
    pub fn handle(&self) -> Handle {
        Handle { writer: self.writer.clone(), store: self.store.another(), people: self.people() }
    }

    fn people(&self) -> People {
        People {
            store: self.people.clone(),
            read_model: self.read_model.clone(),
            writer: self.writer.clone(),
        }
    }

    /// Serves until the token is cancelled. What was queued by then is still decided and stored.
    ///
    /// # Errors
    /// The database, the transport or Kafka's client fails for good.
    pub async fn run(mut self, shutdown: CancellationToken) -> Result<(), Error> {
        let replica_id = ids::new_id();
        let deadline = Instant::now() + DATABASE_PATIENCE;
        let mut backoff = Backoff::reconnect();
        while let Err(error) = startup::begin(&mut self.store, &self.writer, &replica_id, self.startup).await
        {
            if !error.is_retryable() || Instant::now() > deadline {
                return Err(error);
            }
            tracing::warn!(%error, "the start waits for the database");
            backoff.wait().await;
        }

        let people = self.people();
        let session = SessionGrpc {
            writer: self.writer.clone(),
            read_model: self.read_model.clone(),
            shutdown: shutdown.clone(),
        };
        let routes = Routes::new(SessionServiceServer::new(session))
            .add_service(NetworkWriteServiceServer::new(NetworkGrpc { writer: self.writer.clone(), people }));
        let token_keys = TokenKeys::of(self.read_model.clone());
        let server = GrpcServer::new(self.door, routes, SERVICES).await?.with_callers(token_keys);
        let health = server.health();
        health.set_serving().await;

        let topics = kafka::topics::check(self.producer.clone(), TOPICS, health.clone(), shutdown.clone());
        let (leadership, campaign) =
            leadership::campaign(self.store.another(), replica_id.clone(), shutdown.clone());
        // Until the first look there may be others.
        let others_alive = Arc::new(AtomicBool::new(true));
        let background = [
            campaign,
            tokio::spawn(topics),
            tokio::spawn(gauges::run(self.read_model.clone(), leadership.clone(), shutdown.clone())),
            tokio::spawn(outbox::run(
                self.store.another(),
                self.writer.clone(),
                self.producer.clone(),
                leadership.clone(),
                others_alive.clone(),
                shutdown.clone(),
            )),
            tokio::spawn(deadlines::run(
                self.store.another(),
                self.writer.clone(),
                leadership,
                shutdown.clone(),
            )),
        ];
        // Given back last: until then this replica may still be deciding and sending, and one that starts must not take that for a cold start.
        let lease_shutdown = CancellationToken::new();
        let lease = startup::hold_lease(self.store, replica_id, others_alive, health, lease_shutdown.clone());
        let lease = tokio::spawn(lease);
        let events = kafka::run_group(
            &self.kafka,
            "session",
            kafka::MAX_BATCH,
            self.producer.clone(),
            shutdown.clone(),
            DriverEvents { writer: self.writer.clone(), producer: self.producer.clone() },
        );
        let served = tokio::try_join!(server.serve(shutdown.clone()), events);
        shutdown.cancel();
        join_all(background).await;
        self.writer_shutdown.cancel();
        drop(self.writer_task.await);
        lease_shutdown.cancel();
        if tokio::time::timeout(LEASE_RETURN, lease).await.is_err() {
            tracing::debug!("the database did not take the lease back in time; it runs out by itself");
        }
        served.map(|_| ())
    }
}

/// Opens the database; a server that does not answer is waited for, as everything may start in any order.
async fn open_store(database_url: &str) -> Result<SqlStore, Error> {
    let is_server = Database::parse(database_url, Access::Write)?.dialect() != Dialect::Sqlite;
    let deadline = Instant::now() + DATABASE_PATIENCE;
    let mut backoff = Backoff::reconnect();
    let mut outage = Outage::of("opening the database");
    loop {
        let opened = SqlStore::open(database_url).await;
        match &opened {
            Err(error) if is_server && error.is_retryable() && Instant::now() < deadline => {
                outage.note(&opened)
            }
            _ => return opened,
        }
        backoff.wait().await;
    }
}

impl Handle {
    /// Makes a user known unless it is there, with any password: whoever runs the network in this process knows what it is for.
    ///
    /// # Errors
    /// When the database fails, or a driver's user has no driver.
    pub async fn add_user(&self, user_id: &str, role: Role, password: &str) -> Result<(), Error> {
        self.people.set_user(user_id, role, password.to_owned(), true).await.map(drop)
    }

    /// Ends every open session: asks for the stop, waits a little for the final registers, then ends the rest with what is known, and
    /// waits until Kafka has every event. Tells how many sessions were open.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drain(&mut self) -> Result<usize, Error> {
        let deadline = Instant::now() + DRAIN_TIMEOUT;
        let open = self.store.open_sessions(u32::MAX).await?;
        let stops = open.iter().map(|session_id| {
            self.writer.execute(Command::StopCharging(StopCharging {
                charge: None,
                session_id: session_id.clone(),
                operator_id: Some("shutdown".to_owned()),
            }))
        });
        for outcome in join_all(stops).await {
            if let Err(error) = outcome {
                tracing::debug!(%error, "a session could not be asked to stop and is ended as it is");
            }
        }
        let mut look = tokio::time::interval(Duration::from_millis(100));
        while Instant::now() < deadline && !self.store.open_sessions(1).await?.is_empty() {
            look.tick().await;
        }
        startup::terminate_all(&mut self.store, &self.writer).await?;
        let deadline = Instant::now() + DRAIN_TIMEOUT;
        while Instant::now() < deadline && !self.store.waiting_events(1).await?.is_empty() {
            look.tick().await;
        }
        Ok(open.len())
    }
}

/// Runs the session service as a process of its own.
///
/// # Errors
/// As [`Service::bind`] and [`Service::run`].
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    let producer = Producer::new(&config.kafka, "session")?;
    let service = Service::bind(config, producer.clone()).await?;
    tracing::info!(address = %service.local_address(), "session listens");
    let ended = service.run(shutdown).await;
    producer.flush(Duration::from_secs(2)).await;
    ended
}
