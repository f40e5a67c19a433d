//! The whole part against a broker, a database file and a session service of its own for each test.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{future::Future, time::Duration};

use evcharging_common::{
    clock,
    database::DatabaseConfig,
    error::{Error, ErrorCode},
    grpc_client::{self, GrpcChannel},
    grpc_server::ListenConfig,
    kafka::topics,
    kafka::{self, Seen},
    kafka::{KafkaConfig, Producer},
    pb::{
        authorization::v1::{self as pb, authorization_service_client::AuthorizationServiceClient},
        events::v1::{
            AuthorizationRequest, AuthorizationResponse, DeadLetter, DriverNotification, DriverRequest,
            driver_notification::Notification,
        },
        session::v1::ReserveResponse,
        types::v1::RefusalReason,
    },
    shutdown::CancellationToken,
};
use rdkafka::mocking::MockCluster;
use sqlx::{Connection, SqliteConnection};
use tokio::sync::mpsc;

use crate::{Config, Service, fake_session::FakeSession};

/// The tables as session makes them.
const MIGRATIONS: [&str; 2] = [
    include_str!("../../session/migrations/sqlite/0001_network.sql"),
    include_str!("../../session/migrations/sqlite/0002_rows_and_leases.sql"),
];

struct Network {
    service: AuthorizationServiceClient<GrpcChannel>,
    channel: GrpcChannel,
    session: FakeSession,
    kafka: KafkaConfig,
    producer: Producer,
    database: SqliteConnection,
    shutdown: CancellationToken,
    _folder: tempfile::TempDir,
}

impl Drop for Network {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

impl Network {
    async fn start() -> Self {
        let session = FakeSession::default();
        let shutdown = CancellationToken::new();
        let address = session.start(shutdown.clone()).await;
        Self::start_with(session, address, shutdown).await
    }

    async fn start_with(session: FakeSession, session_address: String, shutdown: CancellationToken) -> Self {
        let cluster = MockCluster::new(1).unwrap();
        for topic in topics::ALL {
            cluster.create_topic(topic.name, topic.embedded_partitions, 1).unwrap();
        }
        let kafka = KafkaConfig::open(cluster.bootstrap_servers());
        // It lives as long as the process: consumers would wait long for a broker that went before them.
        std::mem::forget(cluster);
        let folder = tempfile::tempdir().unwrap();
        let database_url = format!("sqlite:{}", folder.path().join("network.db").display());
        let mut database = SqliteConnection::connect(&format!("{database_url}?mode=rwc")).await.unwrap();
        for migration in MIGRATIONS {
            sqlx::raw_sql(migration).execute(&mut database).await.unwrap();
        }

        let producer = Producer::new(&kafka, "test").unwrap();
        let config = Config {
            listen: ListenConfig::at("127.0.0.1:0".parse().unwrap()),
            kafka: kafka.clone(),
            database: DatabaseConfig { database_url },
            session_address,
        };
        let service = Service::bind(config, producer.clone()).await.unwrap();
        let channel = grpc_client::connect_lazily(&service.local_address().to_string()).unwrap();
        tokio::spawn(service.run(shutdown.clone()));
        Self {
            service: AuthorizationServiceClient::new(channel.clone()),
            channel,
            session,
            kafka,
            producer,
            database,
            shutdown,
            _folder: folder,
        }
    }

    async fn add_charge_points(&mut self, count: usize) {
        for number in 1..=count {
            let insert = "INSERT INTO charge_points (cp_id, location, price_micros_per_kwh, max_power_w, key_hash, in_service, \
                          fault_message, status, status_since_ms, version) VALUES (?, 'Madrid', 450000, 22000, '', 1, '', \
                          'AVAILABLE', 0, 1)";
            sqlx::query(insert).bind(format!("MAD-{number:02}")).execute(&mut self.database).await.unwrap();
        }
    }

    async fn notifications(&self) -> mpsc::Receiver<Seen<DriverNotification>> {
        kafka::follow(&self.kafka, "test", self.shutdown.clone()).await.unwrap()
    }

    async fn ask_by_kafka(&self, request: AuthorizationRequest) {
        let key = request.driver_id.clone();
        self.producer.send(&key, &DriverRequest::from(request)).await.unwrap();
    }
}

async fn in_time<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), future).await.expect("in time")
}

async fn next_answer(notifications: &mut mpsc::Receiver<Seen<DriverNotification>>) -> AuthorizationResponse {
    let seen = in_time(notifications.recv()).await.unwrap();
    let Some(Notification::AuthorizationResponse(response)) = seen.event.notification else {
        panic!("{seen:?} is no answer")
    };
    assert_eq!(seen.key, response.driver_id);
    response
}

fn grpc_request(request_id: &str, cp_id: &str) -> pb::AuthorizeRequest {
    pb::AuthorizeRequest {
        request_id: request_id.to_owned(),
        driver_id: "driver1".to_owned(),
        cp_id: cp_id.to_owned(),
        ..pb::AuthorizeRequest::default()
    }
}

fn kafka_request(request_id: &str, driver_id: &str, cp_id: &str) -> AuthorizationRequest {
    AuthorizationRequest {
        request_id: request_id.to_owned(),
        driver_id: driver_id.to_owned(),
        cp_id: cp_id.to_owned(),
        ..AuthorizationRequest::default()
    }
}

fn taken() -> Error {
    Error::new(ErrorCode::Aborted, "CANDIDATES_TAKEN", "all the candidates were taken; pick anew")
}

#[tokio::test]
async fn a_request_by_grpc_is_answered_at_both_doors() {
    let mut network = Network::start().await;
    let mut notifications = network.notifications().await;
    let answer = network.service.authorize(grpc_request("r-1", "MAD-01")).await.unwrap().into_inner();
    assert!(answer.authorized);
    assert_eq!((answer.cp_id.as_str(), answer.session_id.as_str()), ("MAD-01", "session-of-r-1"));

    let told = next_answer(&mut notifications).await;
    assert!(told.authorized);
    assert_eq!((told.request_id.as_str(), told.cp_id.as_str()), ("r-1", "MAD-01"));
    let asked = network.session.reserves.lock().unwrap().pop().unwrap();
    assert_eq!((asked.any, asked.candidates_complete), (false, false));
}

#[tokio::test]
async fn candidates_that_others_took_are_picked_anew_and_the_fifth_pick_is_final() {
    let mut network = Network::start().await;
    network.add_charge_points(17).await;
    for _ in 0..4 {
        network.session.fail_next(taken());
    }
    let answer = network.service.authorize(grpc_request("r-1", "")).await.unwrap().into_inner();
    assert!(answer.authorized);

    let asked = network.session.reserves.lock().unwrap().clone();
    assert!(asked.iter().all(|reserve| reserve.any && reserve.candidate_cp_ids.len() == 16));
    let complete: Vec<bool> = asked.iter().map(|reserve| reserve.candidates_complete).collect();
    assert_eq!(complete, [false, false, false, false, true]);
}

#[tokio::test]
async fn all_there_are_is_said_to_be_all() {
    let mut network = Network::start().await;
    network.add_charge_points(2).await;
    network.service.authorize(grpc_request("r-1", "")).await.unwrap();
    let asked = network.session.reserves.lock().unwrap().pop().unwrap();
    assert!(asked.candidates_complete);
    assert_eq!(asked.candidate_cp_ids.len(), 2);
}

#[tokio::test]
async fn wrong_and_late_requests_are_refused_before_session_is_asked() {
    let mut network = Network::start().await;
    let negative = pb::AuthorizeRequest { energy_limit_mwh: Some(-5), ..grpc_request("r-1", "MAD-01") };
    let answer = network.service.authorize(negative).await.unwrap().into_inner();
    assert!(!answer.authorized && answer.message.contains("energy_limit_mwh"));
    assert_eq!(answer.reason(), RefusalReason::RequestInvalid);

    let late =
        pb::AuthorizeRequest { expires_at_ms: Some(clock::now_ms() - 1), ..grpc_request("r-2", "MAD-01") };
    let answer = network.service.authorize(late).await.unwrap().into_inner();
    assert_eq!(answer.reason(), RefusalReason::RequestExpired);

    let nameless = pb::AuthorizeRequest { driver_id: String::new(), ..grpc_request("", "MAD 01") };
    let error = Error::from(network.service.authorize(nameless).await.unwrap_err());
    assert_eq!(error.code, ErrorCode::InvalidArgument);
    let fields: Vec<&str> = error.violations.iter().map(|(field, _)| field.as_str()).collect();
    assert_eq!(fields, ["request_id", "driver_id", "cp_id"]);
    assert!(network.session.reserves.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_request_id_with_other_content_is_a_conflict_at_both_doors() {
    let mut network = Network::start().await;
    let mut notifications = network.notifications().await;
    let conflict = || Error::new(ErrorCode::AlreadyExists, "REQUEST_CONFLICT", "r-1 was another request");
    network.session.fail_next(conflict());
    let error = Error::from(network.service.authorize(grpc_request("r-1", "MAD-01")).await.unwrap_err());
    assert_eq!((error.code, error.reason.as_ref()), (ErrorCode::AlreadyExists, "REQUEST_CONFLICT"));

    network.session.fail_next(conflict());
    network.ask_by_kafka(kafka_request("r-1", "driver1", "MAD-01")).await;
    let told = next_answer(&mut notifications).await;
    assert!(!told.authorized);
    assert_eq!((told.reason.as_str(), told.message.as_str()), ("REQUEST_INVALID", "r-1 was another request"));
}

#[tokio::test]
async fn requests_by_kafka_are_answered_in_each_drivers_order_and_refusals_say_why() {
    let network = Network::start().await;
    let mut notifications = network.notifications().await;
    let occupied = ReserveResponse {
        reason: RefusalReason::CpOccupied.into(),
        message: "another driver charges there".to_owned(),
        ..ReserveResponse::default()
    };
    network.session.answers.lock().unwrap().push_back(Ok(occupied));
    for number in 1..=5 {
        network.ask_by_kafka(kafka_request(&format!("r-{number}"), "driver1", "MAD-01")).await;
    }
    let first = next_answer(&mut notifications).await;
    assert_eq!((first.request_id.as_str(), first.reason.as_str()), ("r-1", "CP_OCCUPIED"));
    assert_eq!(first.cp_id, "MAD-01");
    for number in 2..=5 {
        let answer = next_answer(&mut notifications).await;
        assert!(answer.authorized);
        assert_eq!(answer.request_id, format!("r-{number}"));
    }
}

#[tokio::test]
async fn a_record_that_can_not_be_answered_is_set_aside_and_the_next_one_is_answered() {
    let network = Network::start().await;
    let mut notifications = network.notifications().await;
    let mut dead_letters =
        kafka::follow::<DeadLetter>(&network.kafka, "test", network.shutdown.clone()).await.unwrap();
    network.ask_by_kafka(kafka_request("", "driver1", "MAD-01")).await;
    network.ask_by_kafka(kafka_request("r-2", "driver1", "MAD-01")).await;

    let letter = in_time(dead_letters.recv()).await.unwrap().event;
    assert_eq!(letter.source_topic, topics::DRIVER_REQUESTS);
    assert!(letter.reason.contains("request_id must be given"), "{}", letter.reason);
    assert_eq!(next_answer(&mut notifications).await.request_id, "r-2");
}

#[tokio::test]
async fn while_session_is_away_both_doors_say_so() {
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut network =
        Network::start_with(FakeSession::default(), nobody.to_string(), CancellationToken::new()).await;
    let mut notifications = network.notifications().await;
    let error = Error::from(network.service.authorize(grpc_request("r-1", "MAD-01")).await.unwrap_err());
    assert_eq!(error.code, ErrorCode::Unavailable);
    assert!(error.message.contains("session service"), "{}", error.message);

    let expires_at = Some(clock::to_timestamp(clock::now_ms() + 1_500));
    network
        .ask_by_kafka(AuthorizationRequest { expires_at, ..kafka_request("r-2", "driver1", "MAD-01") })
        .await;
    let told = next_answer(&mut notifications).await;
    // On a machine that was busy for long, the request was too old before it was first tried.
    assert!(["UNAVAILABLE", "REQUEST_EXPIRED"].contains(&told.reason.as_str()), "{told:?}");
}

#[tokio::test]
async fn drivers_are_told_of_and_listed_and_health_tells_the_truth() {
    let mut network = Network::start().await;
    for driver_id in ["driver1", "driver2", "driver3"] {
        let insert = "INSERT INTO drivers VALUES (?, 'Ada', 0, 20000000, NULL, 1)";
        sqlx::query(insert).bind(driver_id).execute(&mut network.database).await.unwrap();
    }
    in_time(grpc_client::wait_until_serving(&network.channel)).await;

    let request = pb::GetDriverRequest { driver_id: "driver1".to_owned() };
    let found = network.service.get_driver(request).await.unwrap().into_inner();
    assert_eq!(found.driver.unwrap().balance_micros, 20_000_000);
    assert_eq!(found.open_session, None);

    let request = pb::GetDriverRequest { driver_id: "nobody".to_owned() };
    let error = Error::from(network.service.get_driver(request).await.unwrap_err());
    assert_eq!((error.code, error.reason.as_ref()), (ErrorCode::NotFound, "DRIVER_UNKNOWN"));

    let request = pb::ListDriversRequest { page_size: 2, page_token: String::new() };
    let page = network.service.list_drivers(request).await.unwrap().into_inner();
    let request = pb::ListDriversRequest { page_size: 2, page_token: page.next_page_token };
    let rest = network.service.list_drivers(request).await.unwrap().into_inner();
    let ids: Vec<String> =
        page.drivers.into_iter().chain(rest.drivers).map(|driver| driver.driver_id).collect();
    assert_eq!(ids, ["driver1", "driver2", "driver3"]);
    assert!(rest.next_page_token.is_empty());
}
