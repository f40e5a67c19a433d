//! The part as a whole: its configuration, its two ports, its tasks.

use std::net::SocketAddr;

use evcharging_common::{
    error::Error,
    grpc_server::{GrpcServer, listen},
    kafka::KafkaConfig,
    pb::portal::v1::{
        driver_service_server::{DriverServiceServer, SERVICE_NAME as DRIVER_SERVICE},
        login_service_server::{LoginServiceServer, SERVICE_NAME as LOGIN_SERVICE},
        operator_service_server::{OperatorServiceServer, SERVICE_NAME as OPERATOR_SERVICE},
    },
    shutdown::CancellationToken,
    tls::TlsConfig,
};
use tokio::net::TcpListener;
use tonic::service::Routes;

use crate::{
    cookie::Page,
    dead_letters::DeadLetters,
    driver_grpc::DriverGrpc,
    driver_watch::Sources,
    drivers::Drivers,
    following::Following,
    hub::Hub,
    login_grpc::LoginGrpc,
    open_pages::OpenPages,
    operator_grpc::OperatorGrpc,
    pages::pages,
    peers::{PeerConfig, Peers},
    visitors::Visitors,
};

/// The largest request that is read, in bytes.
const MAX_REQUEST_BYTES: usize = 16 * 1024;

/// What the portal is told at its start.
#[derive(Debug, Clone, clap::Args)]
pub struct Config {
    /// Address of the driver's page; port 0 takes a free one
    #[arg(
        long,
        env = "EVCHARGING_DRIVER_PAGE_LISTEN",
        default_value = "127.0.0.1:8001",
        value_name = "IP:PORT"
    )]
    pub driver_page_listen: SocketAddr,
    /// Address of the operator's page; port 0 takes a free one
    #[arg(
        long,
        env = "EVCHARGING_OPERATOR_PAGE_LISTEN",
        default_value = "127.0.0.1:8000",
        value_name = "IP:PORT"
    )]
    pub operator_page_listen: SocketAddr,
    /// A proxy in front adds X-Forwarded-For and X-Forwarded-Proto, which are believed then: wrong passwords are counted for each
    /// address, and cookies are for HTTPS alone where the proxy speaks it
    #[arg(long, env = "EVCHARGING_BEHIND_PROXY")]
    pub behind_proxy: bool,
    /// Password that everybody may know, told at the login of both pages: this network is there to be tried, and for nothing real
    #[arg(long, env = "EVCHARGING_DEMO_PASSWORD", value_name = "PASSWORD")]
    pub demo_password: Option<String>,
    /// Where Kafka is.
    #[command(flatten)]
    pub kafka: KafkaConfig,
    /// Where the services are.
    #[command(flatten)]
    pub peers: PeerConfig,
    /// How services are called. Browsers are not asked for certificates: put a proxy in front for HTTPS.
    #[command(flatten)]
    pub tls: TlsConfig,
}

/// The portal with its ports open.
pub struct Service {
    config: Config,
    driver_listener: TcpListener,
    operator_listener: TcpListener,
    peers: Peers,
}

impl Service {
    /// Opens the ports and checks the configuration; nothing is served yet.
    ///
    /// # Errors
    /// Says which address can't be used, and why.
    pub async fn bind(config: Config) -> Result<Self, Error> {
        let peers = Peers::connect(&config.peers, config.tls.load()?.as_ref())?;
        let driver_listener = listen(config.driver_page_listen).await?;
        let operator_listener = listen(config.operator_page_listen).await?;
        Ok(Self { config, driver_listener, operator_listener, peers })
    }

    /// Where the driver's page is.
    ///
    /// # Errors
    /// When the system can't tell.
    pub fn driver_page(&self) -> Result<SocketAddr, Error> {
        self.driver_listener.local_addr().map_err(Error::internal)
    }

    /// Where the operator's page is.
    ///
    /// # Errors
    /// When the system can't tell.
    pub fn operator_page(&self) -> Result<SocketAddr, Error> {
        self.operator_listener.local_addr().map_err(Error::internal)
    }

    /// Serves until the token is cancelled, then drains.
    ///
    /// # Errors
    /// When a server or a Kafka client can't go on.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), Error> {
        let Self { config, driver_listener, operator_listener, peers } = self;
        let (hub, drivers) = (Hub::new(), Drivers::default());
        let following = Following { hub: hub.clone(), drivers: drivers.clone(), peers: peers.clone() };
        let login = |page, visitors: &Visitors| {
            LoginServiceServer::new(LoginGrpc {
                page,
                peers: peers.clone(),
                visitors: visitors.clone(),
                demo_password: config.demo_password.clone(),
                behind_proxy: config.behind_proxy,
            })
            .max_decoding_message_size(MAX_REQUEST_BYTES)
        };

        let visitors = Visitors::of(Page::Driver, peers.clone());
        let routes = Routes::new(login(Page::Driver, &visitors));
        let sources = Sources { hub: hub.clone(), drivers, peers: peers.clone(), visitors };
        let open_pages = OpenPages::default();
        let grpc = DriverGrpc { sources, open_pages: open_pages.clone(), shutdown: shutdown.clone() };
        let routes =
            routes.add_service(DriverServiceServer::new(grpc).max_decoding_message_size(MAX_REQUEST_BYTES));
        let services = &[LOGIN_SERVICE, DRIVER_SERVICE];
        let driver_page =
            GrpcServer::new(driver_listener, routes, services).await?.with_pages(pages(Page::Driver));

        let visitors = Visitors::of(Page::Operator, peers.clone());
        let routes = Routes::new(login(Page::Operator, &visitors));
        let grpc = OperatorGrpc {
            hub,
            peers,
            visitors,
            open_pages,
            dead_letters: DeadLetters::of(config.kafka.clone()),
            shutdown: shutdown.clone(),
        };
        let routes =
            routes.add_service(OperatorServiceServer::new(grpc).max_decoding_message_size(MAX_REQUEST_BYTES));
        let services = &[LOGIN_SERVICE, OPERATOR_SERVICE];
        let operator_page =
            GrpcServer::new(operator_listener, routes, services).await?.with_pages(pages(Page::Operator));

        // Ready at once: whatever is away, the pages say so themselves.
        driver_page.health().set_serving().await;
        operator_page.health().set_serving().await;
        tokio::try_join!(
            driver_page.serve(shutdown.clone()),
            operator_page.serve(shutdown.clone()),
            following.run(&config.kafka, shutdown.clone()),
        )?;
        Ok(())
    }
}

/// The portal as a process of its own.
///
/// # Errors
/// When it can't start or can't go on.
pub async fn run(config: Config, shutdown: CancellationToken) -> Result<(), Error> {
    let service = Service::bind(config).await?;
    tracing::info!(
        driver_page = %format_args!("http://{}", service.driver_page()?),
        operator_page = %format_args!("http://{}", service.operator_page()?),
        "the portal serves its pages"
    );
    service.run(shutdown).await
}
