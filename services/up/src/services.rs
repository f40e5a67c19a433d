//! The services and the pages, as the same tasks that run alone in processes of their own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use evcharging_common::{
    address_file::Addresses,
    error::Error,
    grpc_client::connect_lazily,
    grpc_server::ListenConfig,
    kafka::{KafkaConfig, Producer},
    shutdown::CancellationToken,
    vocabulary::Role,
};
use futures::future;
use tokio::task::JoinSet;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::{Config, config::DatabaseUrls, plan::PlannedDriver};

/// How long the services may take until they say that they serve.
const SERVING_DEADLINE: Duration = Duration::from_secs(15);
const SERVING_POLL: Duration = Duration::from_millis(25);
/// How long a service may take to end once it was asked.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// What everybody may log in with: a network of `up` is there to be tried.
pub const DEMO_PASSWORD: &str = "pass123";
/// Who may command it.
pub const DEMO_OPERATOR: &str = "operator";
/// What to do about a port that is taken.
const OTHER_PORTS: &str = "; choose other ports with --base-port, --driver-page-port and --operator-page-port, or any free ones with --base-port 0";
/// Drivers who may log in: each costs a hash that is slow on purpose.
const DEMO_DRIVERS: usize = 20;

/// Where what listens at this address is reached from this machine.
fn reachable_here(address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() { (Ipv4Addr::LOCALHOST, address.port()).into() } else { address }
}

/// The services that run.
pub struct Services {
    tasks: JoinSet<(&'static str, Result<(), Error>)>,
    authorization_shutdown: CancellationToken,
    others_shutdown: CancellationToken,
    session_shutdown: CancellationToken,
    session: evcharging_session::Handle,
    addresses: Addresses,
}

impl Services {
    /// Opens every port first, so that a port that is taken stops all before anything was done; then runs them.
    ///
    /// # Errors
    /// When a port is taken or the database can't be used.
    pub async fn start(
        config: &Config,
        kafka: &KafkaConfig,
        urls: &DatabaseUrls,
        producer: Producer,
    ) -> Result<Self, Error> {
        Self::bind_and_spawn(config, kafka, urls, producer).await.map_err(|mut error| {
            if error.message.starts_with("cannot listen") {
                error.message.push_str(OTHER_PORTS);
            }
            error
        })
    }

    async fn bind_and_spawn(
        config: &Config,
        kafka: &KafkaConfig,
        urls: &DatabaseUrls,
        producer: Producer,
    ) -> Result<Self, Error> {
        // Set as a whole: what the environment says of a listener would be said of all of them.
        let listen = |offset| ListenConfig::at(SocketAddr::new(config.listen_ip, config.port(offset)));
        let database = ("--database-url", urls.readers.clone());
        let url = |address: SocketAddr| format!("http://{}", reachable_here(address));

        // The data folder's lock proves that no other session replica lives on its file, even if one was killed a moment ago.
        let startup = if urls.is_server { "auto" } else { "terminate" };
        let flags = [("--database-url", urls.session.clone()), ("--startup", startup.to_owned())];
        let mut part: evcharging_session::Config = part_config(&flags)?;
        part.listen = listen(1);
        part.kafka = kafka.clone();
        let session = evcharging_session::Service::bind(part, producer.clone()).await?;
        let to_session = ("--session-address", url(session.local_address()));

        let flags = [database.clone(), to_session.clone()];
        let mut part: evcharging_authorization::Config = part_config(&flags)?;
        part.listen = listen(0);
        part.kafka = kafka.clone();
        let authorization = evcharging_authorization::Service::bind(part, producer.clone()).await?;

        let mut part: evcharging_cp_registry::Config = part_config(&[database, to_session.clone()])?;
        part.listen = listen(2);
        part.kafka = kafka.clone();
        let cp_registry = evcharging_cp_registry::Service::bind(part, producer.clone()).await?;

        let mut part: evcharging_telemetry_ingest::Config = part_config(&[to_session])?;
        part.listen = listen(3);
        part.kafka = kafka.clone();
        let gateway_producer = producer.clone();
        let telemetry = evcharging_telemetry_ingest::Service::bind(part, producer).await?;

        let authorization_url = url(authorization.local_address());
        let session_url = url(session.local_address());
        let cp_registry_url = url(cp_registry.local_address());
        let telemetry_url = url(telemetry.local_address());
        let flags = [
            ("--authorization-address", authorization_url.clone()),
            ("--session-address", session_url.clone()),
            ("--cp-registry-address", cp_registry_url.clone()),
            ("--telemetry-address", telemetry_url.clone()),
        ];
        let mut part: evcharging_portal::Config = part_config(&flags)?;
        let page = |port| SocketAddr::new(config.listen_ip, config.page_port(port));
        part.driver_page_listen = page(config.driver_page_port);
        part.operator_page_listen = page(config.operator_page_port);
        part.demo_password = config.has_demo_users().then(|| DEMO_PASSWORD.to_owned());
        part.kafka = kafka.clone();
        let portal = evcharging_portal::Service::bind(part).await?;

        let mut part: evcharging_gateway::Config =
            part_config(&[("--cp-registry-address", cp_registry_url.clone())])?;
        part.framed_listen = SocketAddr::new(config.listen_ip, config.port(4));
        // Nobody looks at its health here.
        part.listen = ListenConfig::at((Ipv4Addr::LOCALHOST, 0).into());
        part.kafka = kafka.clone();
        let gateway = evcharging_gateway::Service::bind(part, gateway_producer).await?;

        let addresses = Addresses {
            pid: std::process::id(),
            kafka: kafka.kafka_bootstrap_servers.clone(),
            authorization: authorization_url,
            session: session_url,
            cp_registry: cp_registry_url,
            telemetry: telemetry_url,
            gateway: reachable_here(gateway.framed_address()?).to_string(),
            driver_page: url(portal.driver_page()?),
            operator_page: url(portal.operator_page()?),
        };
        let handle = session.handle();
        let (others_shutdown, session_shutdown) = (CancellationToken::new(), CancellationToken::new());
        let authorization_shutdown = others_shutdown.child_token();
        let mut tasks = JoinSet::new();
        let stop = session_shutdown.clone();
        tasks.spawn(async move { ("session", session.run(stop).await) });
        let stop = authorization_shutdown.clone();
        tasks.spawn(async move { ("authorization", authorization.run(stop).await) });
        let stop = others_shutdown.clone();
        tasks.spawn(async move { ("cp-registry", cp_registry.run(stop).await) });
        let stop = others_shutdown.clone();
        tasks.spawn(async move { ("telemetry-ingest", telemetry.run(stop).await) });
        let stop = others_shutdown.clone();
        tasks.spawn(async move { ("portal", portal.run(stop).await) });
        let stop = others_shutdown.clone();
        tasks.spawn(async move { ("gateway", gateway.run(stop).await) });
        Ok(Self {
            tasks,
            authorization_shutdown,
            others_shutdown,
            session_shutdown,
            session: handle,
            addresses,
        })
    }

    /// Lets the first drivers and two operators log in, with a password that everybody knows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_demo_users(&self, drivers: &[PlannedDriver]) -> Result<(), Error> {
        for driver in drivers.iter().take(DEMO_DRIVERS) {
            self.session.add_user(&driver.driver_id, Role::Driver, DEMO_PASSWORD).await?;
        }
        for operator in [DEMO_OPERATOR, "operator2"] {
            self.session.add_user(operator, Role::Operator, DEMO_PASSWORD).await?;
        }
        Ok(())
    }

    /// Where they listen.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Lets no driver in any more, then ends and bills every open session.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn drain(&mut self) -> Result<(), Error> {
        self.authorization_shutdown.cancel();
        self.session.drain().await.map(drop)
    }

    /// Waits until each says that it serves. One that is late is named and not waited for any longer.
    ///
    /// # Errors
    /// When one of them ended instead.
    pub async fn wait_until_serving(&mut self) -> Result<(), Error> {
        let addresses = self.addresses.clone();
        let all = [
            ("session", addresses.session),
            ("authorization", addresses.authorization),
            ("cp-registry", addresses.cp_registry),
            ("telemetry-ingest", addresses.telemetry),
        ];
        let all = future::join_all(all.into_iter().map(|(service, address)| async move {
            if tokio::time::timeout(SERVING_DEADLINE, serving(&address)).await.is_err() {
                tracing::warn!(service, address, "a service does not say that it serves; going on without");
            }
        }));
        tokio::select! {
            _ = all => Ok(()),
            error = self.failure() => Err(error),
        }
    }

    /// Waits until a service ends though nobody asked it to.
    pub async fn failure(&mut self) -> Error {
        match self.tasks.join_next().await {
            Some(Ok((service, Err(mut error)))) => {
                error.message = format!("the service {service} failed: {}", error.message);
                error
            }
            Some(Ok((service, Ok(())))) => Error::internal(format!("the service {service} ended by itself")),
            Some(Err(error)) => Error::internal(format!("a service was torn down: {error}")),
            None => future::pending().await,
        }
    }

    /// Stops all, the writer last, so that the others' last words are still written.
    pub async fn stop(&mut self) {
        self.others_shutdown.cancel();
        let others = async {
            while self.tasks.len() > 1 {
                log_end(self.tasks.join_next().await);
            }
        };
        if tokio::time::timeout(STOP_TIMEOUT, others).await.is_err() {
            tracing::warn!("a service did not end in time and is cut off");
        }
        self.session_shutdown.cancel();
        let session = async {
            while let Some(ended) = self.tasks.join_next().await {
                log_end(Some(ended))
            }
        };
        if tokio::time::timeout(STOP_TIMEOUT, session).await.is_err() {
            tracing::warn!("session did not end in time and is cut off; what it wrote is kept");
        }
        self.tasks.shutdown().await;
    }
}

type Ended = Result<(&'static str, Result<(), Error>), tokio::task::JoinError>;

fn log_end(ended: Option<Ended>) {
    match ended {
        Some(Ok((service, Err(error)))) => tracing::warn!(service, %error, "a service ended with an error"),
        Some(Err(error)) => tracing::warn!(%error, "a service was torn down"),
        Some(Ok((_, Ok(())))) | None => {}
    }
}

async fn serving(address: &str) {
    // The address is one that we made.
    let Ok(channel) = connect_lazily(address) else { return };
    let mut client = HealthClient::new(channel);
    loop {
        let answer = client.check(HealthCheckRequest::default()).await;
        if answer.is_ok_and(|answer| answer.into_inner().status() == ServingStatus::Serving) {
            return;
        }
        tokio::time::sleep(SERVING_POLL).await;
    }
}

/// A part's configuration as its own command line would make it: what is not said here keeps the part's default or what the
/// environment says, in the one place where the part defines it.
fn part_config<C: clap::Args>(flags: &[(&str, String)]) -> Result<C, Error> {
    let command = C::augment_args(clap::Command::new("part").no_binary_name(true));
    let arguments = flags.iter().map(|(flag, value)| format!("{flag}={value}"));
    command
        .try_get_matches_from(arguments)
        .and_then(|matches| C::from_arg_matches(&matches))
        .map_err(|error| Error::invalid_argument("configuration", error.to_string()))
}
