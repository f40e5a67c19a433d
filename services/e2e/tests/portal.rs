//! The portal, as a browser and as somebody with bad intentions calls it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{collections::HashMap, time::Duration};

use evcharging_common::{
    grpc_client,
    pb::{
        authorization::v1::{GetDriverRequest, ListDriversRequest, RenewAccessRequest},
        cp_registry::v1::{FixErrorRequest, SimulateErrorRequest},
        logs::v1::{SetLogFilterRequest, log_service_client::LogServiceClient},
        portal::v1 as portal,
        session::v1::{
            AddTokenKeyRequest, ListEventsRequest, ListTicketsRequest, SetUserRequest, StopChargingRequest,
        },
        types::v1::{SessionState, SimulatedErrorKind, TopUpState},
    },
    vocabulary::{ChargePointStatus, Role},
};
use evcharging_testkit::{Portal, Process, TEST_PASSWORD, TestNetwork, eventually};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

fn with_token<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().unwrap());
    request
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Status>) -> Code {
    outcome.unwrap_err().code()
}

fn reason<T: std::fmt::Debug>(outcome: Result<T, Status>) -> String {
    outcome.unwrap_err().get_error_details().error_info().unwrap().reason.clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn services_check_again_what_a_token_opens() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    for driver in ["ana", "bea"] {
        network.create_driver(driver, 50_000_000).await;
        network.add_user(driver, Role::Driver).await;
    }
    network.add_user("olga", Role::Operator).await;
    let anas = network.log_in("ana", TEST_PASSWORD).await.unwrap();
    let olgas = network.log_in("olga", TEST_PASSWORD).await.unwrap();
    let ana = &anas.access_token;
    let olga = &olgas.access_token;

    let driver = |driver_id: &str| GetDriverRequest { driver_id: driver_id.to_owned() };
    let mut authorization = network.authorizations();
    authorization.get_driver(with_token(ana, driver("ana"))).await.unwrap();
    assert_eq!(code(authorization.get_driver(with_token(ana, driver("bea"))).await), Code::PermissionDenied);
    authorization.get_driver(with_token(olga, driver("bea"))).await.unwrap();
    let list = ListDriversRequest::default();
    assert_eq!(code(authorization.list_drivers(with_token(ana, list)).await), Code::PermissionDenied);

    let simulate = SimulateErrorRequest {
        cp_id: "MAD-01".into(),
        kind: SimulatedErrorKind::Fault.into(),
        // Only who is logged in can be said to have done it.
        operator_id: "somebody-else".into(),
    };
    let mut registry = network.registry();
    assert_eq!(
        code(registry.simulate_error(with_token(ana, simulate.clone())).await),
        Code::PermissionDenied
    );
    registry.simulate_error(with_token(olga, simulate)).await.unwrap();
    let fix = FixErrorRequest { cp_id: "MAD-01".into(), operator_id: String::new() };
    registry.fix_error(with_token(olga, fix)).await.unwrap();
    let events = ListEventsRequest { cp_id: "MAD-01".into(), ..ListEventsRequest::default() };
    let events = network.sessions().list_events(with_token(olga, events)).await.unwrap().into_inner().events;
    let of = |kind: &str| events.iter().find(|event| event.kind == kind).unwrap().actor.clone();
    assert_eq!((of("CP_ERROR_SIMULATED"), of("CP_ERROR_FIXED")), ("olga".into(), "olga".into()));

    let mut sessions = network.sessions();
    let beas = ListTicketsRequest { driver_id: "bea".into(), ..ListTicketsRequest::default() };
    assert_eq!(code(sessions.list_tickets(with_token(ana, beas)).await), Code::PermissionDenied);
    let everybodys = ListTicketsRequest::default();
    assert_eq!(code(sessions.list_tickets(with_token(ana, everybodys)).await), Code::PermissionDenied);
    let mut writes = network.network_writes();
    let raise = SetUserRequest {
        user_id: "olga".into(),
        role: Role::Admin.into(),
        password: TEST_PASSWORD.into(),
        only_if_new: false,
    };
    assert_eq!(code(writes.set_user(with_token(olga, raise)).await), Code::PermissionDenied);
    let key = AddTokenKeyRequest { key_id: "mine".into(), public_key: vec![7; 32], until_ms: i64::MAX };
    assert_eq!(code(writes.add_token_key(with_token(olga, key)).await), Code::PermissionDenied);

    // What keeps a person logged in opens nothing by itself, and what is made up opens nothing at all.
    for wrong in [&anas.session_token, "", "a.b.c", "x"] {
        let refused = authorization.get_driver(with_token(wrong, driver("ana"))).await;
        assert_eq!(code(refused), Code::Unauthenticated, "{wrong}");
    }
    let mut cut = ana.clone();
    cut.truncate(ana.len() - 4);
    assert_eq!(reason(authorization.get_driver(with_token(&cut, driver("ana"))).await), "TOKEN_INVALID");
    // Telemetry knows no keys: nobody comes in by a token there.
    let ask = evcharging_common::pb::telemetry::v1::GetLiveSessionRequest { session_id: "s".into() };
    assert_eq!(code(network.live().get_live_session(with_token(olga, ask)).await), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_can_not_stop_another_ones_charge() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    let mut ana = network.add_driver("ana", 50_000_000).await;
    network.create_driver("bea", 50_000_000).await;
    for driver in ["ana", "bea"] {
        network.add_user(driver, Role::Driver).await;
    }
    let session_id = ana.charge("MAD-01").await;
    let bea = network.log_in("bea", TEST_PASSWORD).await.unwrap().access_token;
    let mut sessions = network.sessions();
    for stop in [
        StopChargingRequest { session_id: session_id.clone(), ..StopChargingRequest::default() },
        StopChargingRequest {
            session_id: session_id.clone(),
            driver_id: "bea".into(),
            cp_id: "MAD-01".into(),
            ..StopChargingRequest::default()
        },
        StopChargingRequest {
            driver_id: "ana".into(),
            cp_id: "MAD-01".into(),
            ..StopChargingRequest::default()
        },
    ] {
        sessions.stop_charging(with_token(&bea, stop)).await.unwrap_err();
    }
    let now = network.wait_for_status("MAD-01", ChargePointStatus::Charging).await;
    assert_eq!(now.session_id, session_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_are_told_alike_and_slowed_down() {
    let network = TestNetwork::start().await;
    network.add_user("olga", Role::Operator).await;
    let wrong = network.log_in("olga", "not this one").await;
    let unknown = network.log_in("nobody", "not this one").await;
    assert_eq!(wrong.as_ref().unwrap_err().message(), unknown.as_ref().unwrap_err().message());
    assert_eq!((reason(wrong), reason(unknown)), ("LOGIN_REFUSED".into(), "LOGIN_REFUSED".into()));
    let mut refusals = Vec::new();
    for _ in 0..6 {
        refusals.push(reason(network.log_in("olga", "not this one").await));
    }
    assert_eq!(refusals.last().unwrap(), "LOGIN_THROTTLED", "{refusals:?}");
    // Even the right one waits now; it is not locked out for good.
    let throttled = network.log_in("olga", TEST_PASSWORD).await.unwrap_err();
    assert!(throttled.message().contains("wait"), "{throttled}");
    eventually("the wait is over", async || network.log_in("olga", TEST_PASSWORD).await.ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_what_the_old_one_began_and_tokens_outlive_the_service_that_signed_them() {
    let mut network = TestNetwork::start().await;
    network.add_user("olga", Role::Operator).await;
    let before = network.log_in("olga", TEST_PASSWORD).await.unwrap();
    network.authorization.kill_and_restart();
    let renewed = eventually("authorization is back", async || {
        let request = RenewAccessRequest { session_token: before.session_token.clone() };
        network.authorizations().renew_access(request).await.ok()
    })
    .await
    .into_inner();
    assert_eq!((renewed.user_id.as_str(), renewed.role), ("olga", Role::Operator.into()));
    let driver = GetDriverRequest { driver_id: "nobody".into() };
    let asked = network.authorizations().get_driver(with_token(&renewed.access_token, driver)).await;
    assert_eq!(code(asked), Code::NotFound, "the token of the new key counts");

    let session = network.address("session").to_owned();
    let arguments = ["admin", "create-user", "olga", "--role", "admin", "--session-address", &session];
    let mut arguments = arguments.map(str::to_owned).to_vec();
    arguments.extend(["--password".to_owned(), "another password".to_owned()]);
    let mut tool = Process::start("admin create-user", &arguments);
    assert_eq!(tool.wait(Duration::from_secs(10)), 0, "{}", tool.output());
    assert_eq!(tool.output(), "olga may log in as admin");
    let request = RenewAccessRequest { session_token: before.session_token };
    assert_eq!(reason(network.authorizations().renew_access(request).await), "TOKEN_VOID");
    let after = network.log_in("olga", "another password").await.unwrap();
    assert_eq!(after.role, i32::from(Role::Admin));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_are_for_whom_they_are_and_a_forged_cookie_is_none() {
    let network = TestNetwork::start().await;
    network.create_driver("ana", 50_000_000).await;
    network.add_user("ana", Role::Driver).await;
    network.add_user("olga", Role::Operator).await;
    let portal = network.start_portal().await;
    let ana = Portal::log_in(&portal.driver_page, "ana", TEST_PASSWORD).await.unwrap();
    let olga = Portal::log_in(&portal.operator_page, "olga", TEST_PASSWORD).await.unwrap();
    for (page, user) in [(&portal.operator_page, "ana"), (&portal.driver_page, "olga")] {
        assert_eq!(code(Portal::log_in(page, user, TEST_PASSWORD).await), Code::PermissionDenied);
    }
    // The token of the one page under the name of the other's cookie.
    let swapped = evcharging_testkit::Cookie(ana.0.replace("evcharging_driver", "evcharging_operator"));
    let list = portal::ListServicesRequest {};
    assert_eq!(code(portal.operators().list_services(swapped.request(list)).await), Code::PermissionDenied);
    let who = portal::WhoAmIRequest {};
    for forged in ["evcharging_operator=a.b.c", "evcharging_operator=", "x=y"] {
        let forged = evcharging_testkit::Cookie(forged.to_owned());
        let asked = Portal::login_client(&portal.operator_page).who_am_i(forged.request(who)).await;
        assert_eq!(code(asked), Code::Unauthenticated);
    }
    let mut tampered = olga.0.clone();
    tampered.replace_range(tampered.len() - 6.., "AAAAAA");
    let tampered = evcharging_testkit::Cookie(tampered);
    assert_eq!(code(portal.operators().list_services(tampered.request(list)).await), Code::Unauthenticated);
    let services = portal.operators().list_services(olga.request(list)).await.unwrap().into_inner().services;
    assert!(services.iter().all(|service| service.is_serving) && services.len() == 4, "{services:?}");

    // What the process logs is not for everybody who reaches the page.
    let channel = grpc_client::connect_lazily(&portal.operator_page).unwrap();
    let set = SetLogFilterRequest { filter: "trace".into(), duration_ms: 0 };
    let refused = LogServiceClient::new(channel).set_log_filter(olga.request(set)).await;
    assert_eq!(code(refused), Code::Unimplemented);

    // A page of another site, and a request that is far too large.
    let mut foreign = olga.request(list);
    foreign.metadata_mut().insert("origin", "https://evil.example".parse().unwrap());
    portal.operators().list_services(foreign).await.unwrap_err();
    let large = portal::ReserveRequest { request_id: "x".repeat(100_000), ..Default::default() };
    portal.drivers().reserve(ana.request(large)).await.unwrap_err();
    portal.drivers().list_tickets(ana.request(portal::ListTicketsRequest::default())).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_is_told_a_charge_from_its_reservation_to_its_ticket() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    network.create_driver("ana", 50_000_000).await;
    network.add_user("ana", Role::Driver).await;
    network.add_user("olga", Role::Operator).await;
    let portal = network.start_portal().await;
    let ana = Portal::log_in(&portal.driver_page, "ana", TEST_PASSWORD).await.unwrap();
    let olga = Portal::log_in(&portal.operator_page, "olga", TEST_PASSWORD).await.unwrap();

    let mut page = portal.drivers().watch(ana.request(portal::WatchRequest {})).await.unwrap().into_inner();
    let mut network_page = portal
        .operators()
        .watch_network(olga.request(portal::WatchNetworkRequest {}))
        .await
        .unwrap()
        .into_inner();
    let mut drivers = portal.drivers();
    let reserve = portal::ReserveRequest { request_id: "r1".into(), ..Default::default() };
    let reserved = drivers.reserve(ana.request(reserve)).await.unwrap().into_inner();
    assert!(reserved.authorized, "{reserved:?}");
    let start = portal::StartChargingRequest { cp_id: "MAD-01".into(), request_id: "r1".into() };
    drivers.start_charging(ana.request(start)).await.unwrap();

    // The driver sees energy and money, the operator the same.
    let mut shown = Shown::default();
    while shown.energy_mwh == 0 {
        shown.add(page.message().await.unwrap().unwrap());
    }
    assert_eq!(shown.state, SessionState::Charging);
    assert!(shown.charge_points.values().all(|charge_point| charge_point.driver_id.is_empty()));
    let reading = loop {
        let told = network_page.message().await.unwrap().unwrap();
        if let Some(reading) = told.readings.into_iter().next() {
            break reading;
        }
    };
    assert_eq!((reading.cp_id.as_str(), reading.power_w > 0), ("MAD-01", true));

    let stop = portal::StopChargingRequest { cp_id: "MAD-01".into(), ..Default::default() };
    drivers.stop_charging(ana.request(stop)).await.unwrap();
    while shown.ticket.is_none() {
        shown.add(page.message().await.unwrap().unwrap());
    }
    let ticket = shown.ticket.clone().unwrap();
    assert_eq!(shown.state, SessionState::Completed);
    assert_eq!(shown.steps, ["RESERVED", "START_ASKED", "STARTED", "STOP_ASKED", "ENDED"]);
    assert_eq!(ticket.balance_micros, 50_000_000 - ticket.cost_micros);
    while shown.balance_micros != ticket.balance_micros {
        shown.add(page.message().await.unwrap().unwrap());
    }
    let listed = drivers.list_tickets(ana.request(portal::ListTicketsRequest::default())).await.unwrap();
    assert_eq!(listed.into_inner().tickets, std::slice::from_ref(&ticket));

    // A page that is opened now shows the same.
    let mut again = portal.drivers().watch(ana.request(portal::WatchRequest {})).await.unwrap().into_inner();
    let mut shown = Shown::default();
    while shown.ticket.is_none() {
        shown.add(again.message().await.unwrap().unwrap());
    }
    assert_eq!(shown.ticket.unwrap(), ticket);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_goes_on_while_a_service_is_away_and_a_cookie_ends_with_its_person() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    network.create_driver("ana", 50_000_000).await;
    network.add_user("ana", Role::Driver).await;
    let portal = network.start_portal().await;
    let ana = Portal::log_in(&portal.driver_page, "ana", TEST_PASSWORD).await.unwrap();
    let mut page = portal.drivers().watch(ana.request(portal::WatchRequest {})).await.unwrap().into_inner();
    let mut drivers = portal.drivers();
    let reserve = portal::ReserveRequest { request_id: "r1".into(), ..Default::default() };
    drivers.reserve(ana.request(reserve)).await.unwrap();
    let start = portal::StartChargingRequest { cp_id: "MAD-01".into(), request_id: "r1".into() };
    drivers.start_charging(ana.request(start)).await.unwrap();
    let mut shown = Shown::default();
    while shown.energy_mwh == 0 {
        shown.add(page.message().await.unwrap().unwrap());
    }
    network.authorization.kill();
    let before = shown.energy_mwh;
    while shown.energy_mwh < 4 * before || shown.is_account_current != Some(false) {
        shown.add(page.message().await.unwrap().unwrap());
    }
    network.authorization.restart();
    let stop = portal::StopChargingRequest { cp_id: "MAD-01".into(), ..Default::default() };
    drivers.stop_charging(ana.request(stop)).await.unwrap();
    while shown.ticket.is_none() {
        shown.add(page.message().await.unwrap().unwrap());
    }
    assert_eq!(shown.is_account_current, Some(true));

    // A tab that still shows somebody else gets nothing by this one's cookie.
    let mut others = ana.request(portal::ListTicketsRequest::default());
    others.metadata_mut().insert("x-evcharging-user", "bea".parse().unwrap());
    assert_eq!(code(drivers.list_tickets(others).await), Code::Unauthenticated);

    let mut login = Portal::login_client(&portal.driver_page);
    login.logout(ana.request(portal::LogoutRequest {})).await.unwrap();
    assert_eq!(code(login.who_am_i(ana.request(portal::WhoAmIRequest {})).await), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_asks_for_money_and_an_operator_decides() {
    let network = TestNetwork::start().await;
    network.create_driver("ana", 1_000_000).await;
    network.add_user("ana", Role::Driver).await;
    network.add_user("olga", Role::Operator).await;
    let portal = network.start_portal().await;
    let ana = Portal::log_in(&portal.driver_page, "ana", TEST_PASSWORD).await.unwrap();
    let olga = Portal::log_in(&portal.operator_page, "olga", TEST_PASSWORD).await.unwrap();
    let wish = portal::RequestTopUpRequest { top_up_id: "t1".into(), amount_micros: 20_000_000 };
    portal.drivers().request_top_up(ana.request(wish)).await.unwrap();
    let mut operators = portal.operators();
    let list = portal::ListTopUpRequestsRequest {};
    let waiting = operators.list_top_up_requests(olga.request(list)).await.unwrap().into_inner().top_ups;
    assert_eq!((waiting.len(), waiting[0].driver_id.as_str()), (1, "ana"));
    let approve = portal::DecideTopUpRequest { top_up_id: "t1".into(), approve: true };
    let decided = operators.decide_top_up(olga.request(approve)).await.unwrap().into_inner().top_up.unwrap();
    assert_eq!((decided.state(), decided.decided_by.as_str()), (TopUpState::Approved, "olga"));
    // By hand, twice with the same id: once.
    for _ in 0..2 {
        let by_hand = portal::TopUpDriverRequest {
            top_up_id: "t2".into(),
            driver_id: "ana".into(),
            amount_micros: 5_000_000,
        };
        let driver = operators.top_up_driver(olga.request(by_hand)).await.unwrap().into_inner().driver;
        assert_eq!(driver.unwrap().balance_micros, 26_000_000);
    }
    let anas = portal.drivers().list_top_ups(ana.request(portal::ListTopUpsRequest {})).await.unwrap();
    assert!(anas.into_inner().top_ups.iter().all(|top_up| top_up.state() == TopUpState::Approved));
}

/// What a page shows after what it was told.
#[derive(Default)]
struct Shown {
    /// Nothing is said as long as all is well.
    is_account_current: Option<bool>,
    state: SessionState,
    steps: Vec<String>,
    energy_mwh: i64,
    balance_micros: i64,
    ticket: Option<evcharging_common::pb::types::v1::Ticket>,
    charge_points: HashMap<String, evcharging_common::pb::types::v1::ChargePoint>,
}

impl Shown {
    fn add(&mut self, told: portal::WatchResponse) {
        if let Some(account_state) = told.account_state {
            self.is_account_current = Some(account_state.is_current);
        }
        if let Some(driver) = told.driver {
            self.balance_micros = driver.balance_micros;
        }
        if let Some(charge) = told.charge {
            self.state = charge.session.unwrap().state();
            self.steps = charge.steps.into_iter().map(|step| step.kind).collect();
            self.ticket = charge.ticket;
        }
        if let Some(reading) = told.reading {
            self.energy_mwh = reading.energy_mwh;
        }
        for charge_point in told.charge_points {
            self.charge_points.insert(charge_point.cp_id.clone(), charge_point);
        }
    }
}
