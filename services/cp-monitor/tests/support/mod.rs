//! A registry that records what monitors say, a real engine, and a monitor between them.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use evcharging_common::{
    error::{Error, ErrorCode},
    grpc_client::{GrpcChannel, connect_lazily},
    grpc_server::ListenConfig,
    kafka::{KafkaConfig, Producer},
    pb::{
        cp_registry::v1::{
            FaultReport, FixErrorRequest, FixErrorResponse, GetChargePointRequest, GetChargePointResponse,
            Hello, LinkRequest, LinkResponse, ListChargePointsRequest, ListChargePointsResponse,
            SetInServiceRequest, SetInServiceResponse, SimulateErrorRequest, SimulateErrorResponse,
            WatchChargePointsRequest, WatchChargePointsResponse, Welcome,
            link_request::Message,
            link_response,
            registry_service_server::{RegistryService, RegistryServiceServer},
        },
        engine::v1::{EngineState, GetStateRequest, engine_service_client::EngineServiceClient},
        events::v1::{CentralCommand, StartCommand, StopCommand, central_command::Command},
    },
    shutdown::CancellationToken,
    tls::TlsConfig,
};
use evcharging_cp_engine::Service;
use evcharging_cp_monitor::Config;
use tokio::{
    net::TcpListener,
    sync::{Mutex, mpsc},
    task::JoinHandle,
    time::timeout,
};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tonic::{Request, Response, Status, Streaming};

pub const CP: &str = "MAD-01";
pub const KEY: &str = "open sesame";
pub const PATIENCE: Duration = Duration::from_secs(15);

type Answers = mpsc::Sender<Result<LinkResponse, Status>>;

/// Lets in the charge points that bring the right key, and writes down what they say.
#[derive(Clone)]
struct Recorder {
    heard: mpsc::UnboundedSender<Message>,
    link: Arc<Mutex<Option<Answers>>>,
    expected_session_id: String,
}

impl Recorder {
    fn admit(hello: &Hello) -> Result<(), Error> {
        if hello.key == KEY {
            return Ok(());
        }
        Err(Error::new(ErrorCode::Unauthenticated, "CP_KEY_WRONG", "this is not the key of the charge point"))
    }
}

#[tonic::async_trait]
impl RegistryService for Recorder {
    type LinkStream = ReceiverStream<Result<LinkResponse, Status>>;
    type WatchChargePointsStream = ReceiverStream<Result<WatchChargePointsResponse, Status>>;

    async fn link(
        &self,
        request: Request<Streaming<LinkRequest>>,
    ) -> Result<Response<Self::LinkStream>, Status> {
        let mut said = request.into_inner();
        let Some(Message::Hello(hello)) = said.message().await?.and_then(|request| request.message) else {
            return Err(Error::invalid_argument("hello", "must come first").into());
        };
        let admitted = Self::admit(&hello);
        self.heard.send(Message::Hello(hello)).unwrap();
        admitted?;
        let (answers, answered) = mpsc::channel(16);
        let welcome = Welcome { heartbeat_interval_ms: 200, session_id: self.expected_session_id.clone() };
        let welcome = LinkResponse { message: Some(link_response::Message::Welcome(welcome)) };
        answers.send(Ok(welcome)).await.unwrap();
        *self.link.lock().await = Some(answers);
        let heard = self.heard.clone();
        tokio::spawn(async move {
            while let Ok(Some(request)) = said.message().await {
                // The test may have heard enough.
                let _ = heard.send(request.message.expect("a monitor says something"));
            }
        });
        Ok(Response::new(ReceiverStream::new(answered)))
    }

    async fn list_charge_points(
        &self,
        _request: Request<ListChargePointsRequest>,
    ) -> Result<Response<ListChargePointsResponse>, Status> {
        Err(Status::unimplemented("not for monitors"))
    }

    async fn get_charge_point(
        &self,
        _request: Request<GetChargePointRequest>,
    ) -> Result<Response<GetChargePointResponse>, Status> {
        Err(Status::unimplemented("not for monitors"))
    }

    async fn watch_charge_points(
        &self,
        _request: Request<WatchChargePointsRequest>,
    ) -> Result<Response<Self::WatchChargePointsStream>, Status> {
        Err(Status::unimplemented("not for monitors"))
    }

    async fn simulate_error(
        &self,
        _request: Request<SimulateErrorRequest>,
    ) -> Result<Response<SimulateErrorResponse>, Status> {
        Err(Status::unimplemented("not for monitors"))
    }

    async fn fix_error(
        &self,
        _request: Request<FixErrorRequest>,
    ) -> Result<Response<FixErrorResponse>, Status> {
        Err(Status::unimplemented("not for monitors"))
    }

    async fn set_in_service(
        &self,
        _request: Request<SetInServiceRequest>,
    ) -> Result<Response<SetInServiceResponse>, Status> {
        Err(Status::unimplemented("not for monitors"))
    }
}

/// The registry of a test.
pub struct FakeRegistry {
    pub address: SocketAddr,
    heard: mpsc::UnboundedReceiver<Message>,
    link: Arc<Mutex<Option<Answers>>>,
    shutdown: CancellationToken,
    server: JoinHandle<()>,
}

impl FakeRegistry {
    /// Serves on `address`; a monitor that links is told that its engine should supply `expected_session_id`.
    pub async fn serve(address: SocketAddr, expected_session_id: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (hears, heard) = mpsc::unbounded_channel();
        let link = Arc::default();
        let recorder = Recorder {
            heard: hears,
            link: Arc::clone(&link),
            expected_session_id: expected_session_id.to_owned(),
        };
        let shutdown = CancellationToken::new();
        let server = tonic::transport::Server::builder()
            .add_service(RegistryServiceServer::new(recorder))
            .serve_with_incoming_shutdown(
                TcpListenerStream::new(listener),
                shutdown.clone().cancelled_owned(),
            );
        let server = tokio::spawn(async move { server.await.unwrap() });
        Self { address, heard, link, shutdown, server }
    }

    pub async fn serve_anywhere() -> Self {
        Self::serve(SocketAddr::from(([127, 0, 0, 1], 0)), "").await
    }

    /// Cuts the link and closes the port.
    pub async fn stop(self) {
        self.shutdown.cancel();
        *self.link.lock().await = None;
        timeout(PATIENCE, self.server).await.expect("the registry ends").unwrap();
    }

    /// What the monitor says next, except for heartbeats.
    pub async fn next(&mut self) -> Message {
        loop {
            let said =
                timeout(PATIENCE, self.heard.recv()).await.expect("the monitor says something in time");
            match said.expect("the registry lives") {
                Message::Heartbeat(_) => {}
                other => return other,
            }
        }
    }

    /// The next heartbeat.
    pub async fn next_heartbeat(&mut self) {
        let beats = async { while !matches!(self.heard.recv().await, Some(Message::Heartbeat(_))) {} };
        timeout(PATIENCE, beats).await.expect("a heart beats");
    }

    pub async fn next_hello(&mut self) -> Hello {
        match self.next().await {
            Message::Hello(hello) => hello,
            other => panic!("no Hello but {other:?}"),
        }
    }

    pub async fn next_fault(&mut self) -> FaultReport {
        match self.next().await {
            Message::Fault(report) => report,
            other => panic!("no fault but {other:?}"),
        }
    }

    pub async fn expect_recovered(&mut self) {
        let said = self.next().await;
        assert!(matches!(said, Message::Recovered(_)), "no recovery but {said:?}");
    }

    /// A monitor has linked and its engine is healthy.
    pub async fn expect_healthy_link(&mut self) {
        self.next_hello().await;
        self.expect_recovered().await;
    }

    pub async fn command(&self, command: Command) {
        self.command_in_trace(command, "").await;
    }

    pub async fn command_in_trace(&self, command: Command, traceparent: &str) {
        let traceparent = traceparent.to_owned();
        let command =
            CentralCommand { cp_id: CP.to_owned(), version: 1, command: Some(command), traceparent };
        let response = LinkResponse { message: Some(link_response::Message::Command(command)) };
        let link = self.link.lock().await;
        link.as_ref().expect("a monitor is linked").send(Ok(response)).await.unwrap();
    }

    pub async fn start(&self, session_id: &str) {
        let start = StartCommand {
            session_id: session_id.to_owned(),
            driver_id: "driver1".to_owned(),
            energy_limit_mwh: 5_000_000,
        };
        self.command(Command::Start(start)).await;
    }

    pub async fn stop_session(&self, session_id: &str) {
        let stop = StopCommand { session_id: session_id.to_owned(), reason: "DRIVER_STOPPED".to_owned() };
        self.command(Command::Stop(stop)).await;
    }
}

/// A real engine; its Kafka is away, unless a test brings one.
pub struct Engine {
    pub address: SocketAddr,
    pub client: EngineServiceClient<GrpcChannel>,
    shutdown: CancellationToken,
    service: JoinHandle<Result<(), Error>>,
}

impl Engine {
    pub async fn serve(address: SocketAddr) -> Self {
        Self::serve_with_kafka(address, "127.0.0.1:1").await
    }

    pub async fn serve_with_kafka(address: SocketAddr, bootstrap_servers: &str) -> Self {
        let kafka = KafkaConfig::open(bootstrap_servers.to_owned());
        let config = evcharging_cp_engine::Config {
            listen: ListenConfig::at(address),
            listen_framed: None,
            kafka: kafka.clone(),
            cp_id: CP.to_owned(),
            max_power_w: 22_000,
            vehicle_energy_mwh: 40_000_000,
            register_mwh: 7_000,
        };
        let service = Service::bind(config, Producer::new(&kafka, "cp-engine").unwrap()).await.unwrap();
        let address = service.local_address();
        let client = EngineServiceClient::new(connect_lazily(&address.to_string()).unwrap());
        let shutdown = CancellationToken::new();
        let service = tokio::spawn(service.run(shutdown.clone()));
        Self { address, client, shutdown, service }
    }

    pub async fn serve_anywhere() -> Self {
        Self::serve(SocketAddr::from(([127, 0, 0, 1], 0))).await
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.service).await.expect("the engine ends").unwrap().unwrap();
    }

    pub async fn state(&self) -> EngineState {
        let answer = self.client.clone().get_state(GetStateRequest {}).await.unwrap();
        answer.into_inner().state.unwrap()
    }

    /// Waits until the engine's state is as wished.
    pub async fn until(&self, wished: impl Fn(&EngineState) -> bool) -> EngineState {
        let reached = async {
            loop {
                let state = self.state().await;
                if wished(&state) {
                    return state;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, reached).await.expect("the engine gets into that state")
    }
}

/// A monitor; it ends with its handle.
pub struct Monitor {
    shutdown: CancellationToken,
    running: JoinHandle<Result<(), Error>>,
}

impl Monitor {
    pub fn start(engine: SocketAddr, registry: SocketAddr) -> Self {
        Self::start_with_key(engine, registry, KEY)
    }

    pub fn start_with_key(engine: SocketAddr, registry: SocketAddr, key: &str) -> Self {
        let config = Config {
            cp_id: CP.to_owned(),
            location: "Madrid, Gran Vía".to_owned(),
            price_micros_per_kwh: 450_000,
            max_power_w: 22_000,
            key: key.parse().unwrap(),
            engine_address: format!("http://{engine}"),
            cp_registry_address: format!("http://{registry}"),
            engine_framed: None,
            central_framed: None,
            health_listen: None,
            tls: TlsConfig::default(),
        };
        let shutdown = CancellationToken::new();
        let running = tokio::spawn(evcharging_cp_monitor::run(config, shutdown.clone()));
        Self { shutdown, running }
    }

    pub async fn stop(self) {
        self.shutdown.cancel();
        timeout(PATIENCE, self.running).await.expect("the monitor ends").unwrap().unwrap();
    }
}
