//! The commands against a real gRPC server.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use clap::Parser;
use evcharging_common::{
    address_file::Addresses,
    error::{Error, ErrorCode},
    pb::{
        authorization::v1::{
            AuthorizeRequest, AuthorizeResponse, GetDriverRequest, GetDriverResponse, ListDriversRequest,
            ListDriversResponse, LoginRequest, LoginResponse, RenewAccessRequest, RenewAccessResponse,
            authorization_service_server::{AuthorizationService, AuthorizationServiceServer},
        },
        types::v1::{AuditEvent, ChargePoint, Driver, Session},
    },
    vocabulary::{ChargePointStatus, EndReason, FaultKind, SessionState, SimulatedErrorKind},
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, transport::Server};

use crate::{AdminConfig, ShowConfig, admin, paging::Paging, show, tables};

#[derive(Debug, Parser)]
enum Command {
    #[command(subcommand)]
    Show(ShowConfig),
    #[command(subcommand)]
    Admin(AdminConfig),
}

fn parse(line: &str) -> Result<Command, clap::Error> {
    Command::try_parse_from(std::iter::once("evcharging").chain(line.split_whitespace()))
}

async fn run(line: &str) -> Result<(), Error> {
    match parse(line).unwrap_or_else(|error| panic!("{error}")) {
        Command::Show(config) => show(config).await,
        Command::Admin(config) => admin(config).await,
    }
}

#[test]
fn every_command_is_understood() {
    for line in [
        "show charge-points",
        "show sessions",
        "show tickets",
        "show events --cp-id MAD-01",
        "show charge-points --status out-of-service --location Madrid --limit 5 --json",
        "show charge-points --status OUT_OF_SERVICE",
        "show sessions --driver-id driver1 --cp-id MAD-01 --open --page-token 7",
        "show tickets --driver-id driver1 --cp-id MAD-01",
        "show drivers --authorization-address http://127.0.0.1:1",
        "show events --driver-id d --cp-id c --session-id s",
        "admin simulate-error MAD-01 --kind fault",
        "admin simulate-error MAD-01 --kind out-of-service",
        "admin simulate-error MAD-01 --kind offline --operator-id ana",
        "admin fix-error MAD-01",
        "admin out-of-service MAD-01",
        "admin in-service MAD-01 --json",
        "admin top-up driver1 12.50 --top-up-id t-1",
        "admin stop-session 0190",
        "admin log debug --minutes 5 --address http://127.0.0.1:50052",
        "admin log --reset --address http://127.0.0.1:50052",
        "admin create-driver driver9 --name Ana",
        "admin block-driver driver1",
        "admin unblock-driver driver1",
    ] {
        assert!(parse(line).is_ok(), "{line}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_with_a_reason() {
    for (line, part) in [
        (
            "show charge-points --status happy",
            "available, offline, reserved, charging, faulted, out-of-service",
        ),
        ("show drivers --limit 0", "1..=100000"),
        ("show sessions --cp-id a/b", "must be 1 to 64"),
        ("admin simulate-error MAD-01 --kind fire", "possible values: fault, out-of-service, offline"),
        ("admin fix-error a/b", "must be 1 to 64"),
        ("admin top-up driver1 0", "must be more than 0"),
        ("admin top-up driver1 lots", "is no amount such as 20"),
    ] {
        let error = parse(line).expect_err(line).to_string();
        assert!(error.contains(part), "{error}");
    }
}

/// 120 drivers, driver001 to driver120, in pages of whatever size is asked.
struct Drivers;

#[tonic::async_trait]
impl AuthorizationService for Drivers {
    async fn authorize(&self, _: Request<AuthorizeRequest>) -> Result<Response<AuthorizeResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn get_driver(&self, _: Request<GetDriverRequest>) -> Result<Response<GetDriverResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn login(&self, _: Request<LoginRequest>) -> Result<Response<LoginResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn renew_access(
        &self,
        _: Request<RenewAccessRequest>,
    ) -> Result<Response<RenewAccessResponse>, Status> {
        Err(Status::unimplemented("not here"))
    }

    async fn list_drivers(
        &self,
        request: Request<ListDriversRequest>,
    ) -> Result<Response<ListDriversResponse>, Status> {
        let ListDriversRequest { page_size, page_token } = request.into_inner();
        if page_token == "wrong" {
            return Err(Error::invalid_argument("page_token", "must be ours").into());
        }
        let all = (1..=120).map(|number| format!("driver{number:03}"));
        let mut rest = all.filter(|driver_id| *driver_id > page_token);
        let drivers: Vec<_> = rest
            .by_ref()
            .take(usize::try_from(page_size).unwrap())
            .map(|driver_id| Driver { driver_id, ..Driver::default() })
            .collect();
        let more = rest.next().is_some();
        let last = drivers.last().filter(|_| more).map(|driver| driver.driver_id.clone());
        Ok(Response::new(ListDriversResponse { drivers, next_page_token: last.unwrap_or_default() }))
    }
}

async fn serve_drivers() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let server = Server::builder().add_service(AuthorizationServiceServer::new(Drivers));
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    address
}

#[tokio::test]
async fn a_list_is_shown_from_the_address_of_the_flag_or_of_the_running_network() {
    let address = serve_drivers().await;
    assert_eq!(run(&format!("show drivers --limit 2 --authorization-address {address}")).await, Ok(()));

    let data_dir = tempfile::tempdir().unwrap();
    Addresses { authorization: address, ..Addresses::default() }.write(data_dir.path()).unwrap();
    assert_eq!(
        run(&format!("show drivers --limit 2 --data-dir {}", data_dir.path().display())).await,
        Ok(())
    );
}

#[tokio::test]
async fn the_services_own_words_reach_the_operator() {
    let address = serve_drivers().await;
    let line = format!("show drivers --page-token wrong --authorization-address {address}");
    let error = run(&line).await.expect_err("refused");
    assert_eq!((error.code, error.message.as_str()), (ErrorCode::InvalidArgument, "page_token must be ours"));
}

#[tokio::test]
async fn a_network_that_is_away_is_named_and_a_top_up_can_be_tried_again() {
    // A port that is taken, and on which nobody listens.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = run(&format!("show drivers --authorization-address http://127.0.0.1:{port}")).await;
    let error = error.expect_err("away");
    assert_eq!(error.code, ErrorCode::Unavailable);
    assert!(
        error.message.contains(&format!("authorization at http://127.0.0.1:{port} does not answer")),
        "{error}"
    );

    let line = format!("admin top-up driver1 5 --top-up-id t-1 --session-address http://127.0.0.1:{port}");
    let error = run(&line).await.expect_err("away");
    assert!(error.message.ends_with("to try again, add --top-up-id t-1"), "{error}");

    let error = run("show drivers --data-dir /no/such/folder").await.expect_err("no network");
    assert!(error.message.contains("evcharging up"), "{error}");
    let error = run("show drivers --authorization-address http://[").await.expect_err("no address");
    assert!(error.message.contains("--authorization-address"), "{error}");
}

/// Pages through the numbers 0 to `all`, and notes what was asked.
async fn page_through(limit: u32, page_token: &str, all: usize) -> (Vec<usize>, String, Vec<i32>) {
    let mut asked = Vec::new();
    let paging = Paging { limit, page_token: page_token.to_owned() };
    let listing = paging
        .collect(|page_size, token: String| {
            asked.push(page_size);
            let first = token.parse::<usize>().unwrap_or(0);
            let end = all.min(first + usize::try_from(page_size).unwrap());
            let next = if end < all { end.to_string() } else { String::new() };
            async move { Ok(((first..end).collect(), next)) }
        })
        .await
        .unwrap();
    (listing.items, listing.next_page_token, asked)
}

#[tokio::test]
async fn as_many_pages_are_fetched_as_are_wanted() {
    assert_eq!(page_through(50, "", 20).await, ((0..20).collect(), String::new(), vec![50]));
    assert_eq!(page_through(50, "", 50).await, ((0..50).collect(), String::new(), vec![50]));
    assert_eq!(page_through(50, "10", 70).await, ((10..60).collect(), "60".to_owned(), vec![50]));
    assert_eq!(
        page_through(2_500, "", 9_999).await,
        ((0..2_500).collect(), "2500".to_owned(), vec![1_000, 1_000, 500])
    );
    assert_eq!(
        page_through(2_500, "", 1_200).await,
        ((0..1_200).collect(), String::new(), vec![1_000, 1_000])
    );
}

fn charge_point() -> ChargePoint {
    ChargePoint {
        cp_id: "MAD-01".into(),
        location: "Madrid, Gran Vía".into(),
        price_micros_per_kwh: 450_000,
        max_power_w: 50_000,
        status: ChargePointStatus::Faulted.into(),
        connected: true,
        in_service: true,
        fault_kind: Some(FaultKind::EngineKo.into()),
        fault_message: "the engine says \u{1b}[31mKO".into(),
        simulated_error: Some(SimulatedErrorKind::Fault.into()),
        ..ChargePoint::default()
    }
}

#[test]
fn a_table_has_a_header_aligned_numbers_and_no_control_characters() {
    let mut cheap = charge_point();
    cheap.price_micros_per_kwh = 12_000_000;
    let text = tables::table(&[charge_point(), cheap]);
    let rows: Vec<_> = text.lines().filter(|line| line.contains("MAD-01")).collect();
    assert!(
        rows[0].contains("faulted") && rows[0].contains("50.0 kW") && rows[0].contains("Gran Vía"),
        "{text}"
    );
    assert!(rows[0].contains("engine ko: the engine says  [31mKO; simulated: fault"), "{text}");
    assert_eq!(rows[0].find("EUR"), rows[1].find("EUR"), "prices end in the same column");
    assert!(text.contains("price/kWh") && !text.contains('>') && !text.contains('\u{1b}'), "{text}");
    // An event without charge point, driver and session is still one row of as many columns.
    let event = AuditEvent { event_id: 7, kind: "COLD_START".into(), ..AuditEvent::default() };
    assert!(tables::table(&[event]).lines().any(|line| line.contains("cold start") && line.contains(" - ")));
}

#[test]
fn each_command_says_what_is_so_now() {
    let mut cut = charge_point();
    assert_eq!(
        admin::describe_charge_point(&cut),
        "MAD-01 is faulted (engine ko: the engine says  [31mKO; simulated: fault)"
    );
    cut.fault_kind = None;
    cut.simulated_error = None;
    cut.status = ChargePointStatus::OutOfService.into();
    assert_eq!(admin::describe_charge_point(&cut), "MAD-01 is out of service");
    let session = Session {
        session_id: "s-1".into(),
        driver_id: "driver1".into(),
        cp_id: "MAD-01".into(),
        state: SessionState::Stopping.into(),
        energy_mwh: 1_500_000,
        cost_micros: 675_000,
        end_reason: EndReason::OperatorStopped.into(),
        ..Session::default()
    };
    let expected = "session s-1 of driver1 at MAD-01 is stopping: 1.500 kWh, 0.675 EUR";
    assert_eq!(admin::describe_session(&session), expected);
    let driver = Driver {
        driver_id: "driver1".into(),
        balance_micros: 12_500_000,
        blocked: true,
        ..Driver::default()
    };
    assert_eq!(admin::describe_driver(&driver), "driver1 is blocked, balance 12.50 EUR");
}
