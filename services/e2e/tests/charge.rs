//! The whole charge, through every door, and the races for it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use evcharging_common::{
    clock,
    kafka::topics,
    pb::{
        authorization::v1::{AuthorizeRequest, GetDriverRequest},
        events::v1::driver_notification::Notification,
        session::v1::{GetSessionRequest, GetTicketRequest, StartChargingRequest, StopChargingRequest},
        telemetry::v1::GetLiveSessionRequest,
        types::v1::{RefusalReason, SessionState},
    },
    pricing,
    vocabulary::ChargePointStatus,
};
use evcharging_testkit::{Driver, NetworkOptions, TestNetwork, eventually};
use futures::future::join_all;

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_asked_by_kafka_adds_up_at_every_door() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    let mut driver = network.add_driver("driver1", 50_000_000).await;

    let session_id = driver.charge("MAD-01").await;
    network.wait_for_status("MAD-01", ChargePointStatus::Charging).await;
    let mut live = network.live();
    let reading = eventually("a live reading with energy", async || {
        let request = GetLiveSessionRequest { session_id: session_id.clone() };
        let found = live.get_live_session(request).await.ok()?.into_inner();
        found.live_session.filter(|reading| reading.energy_mwh > 0)
    })
    .await;
    assert_eq!((reading.driver_id.as_str(), reading.cp_id.as_str()), ("driver1", "MAD-01"));

    driver.stop("MAD-01").await;
    let ticket = driver.ticket().await;
    assert_eq!(
        (ticket.session_id.as_str(), ticket.end_reason.as_str()),
        (session_id.as_str(), "DRIVER_STOPPED")
    );
    assert!(ticket.energy_mwh >= reading.energy_mwh);
    assert_eq!(ticket.cost_micros, pricing::billed_cost_micros(ticket.energy_mwh, 400_000));
    assert_eq!(ticket.balance_micros, 50_000_000 - ticket.cost_micros);
    assert_eq!(
        driver.told_types(),
        ["AUTHORIZATION_RESPONSE", "SESSION_STARTED", "CONSUMPTION_UPDATE", "TICKET"]
    );

    let mut sessions = network.sessions();
    let session = sessions.get_session(GetSessionRequest { session_id: session_id.clone() }).await.unwrap();
    let session = session.into_inner().session.unwrap();
    assert_eq!(session.state(), SessionState::Completed);
    assert_eq!((session.energy_mwh, session.cost_micros), (ticket.energy_mwh, ticket.cost_micros));
    let register_gain = session.register_mwh.unwrap() - session.start_register_mwh.unwrap();
    assert_eq!(register_gain, ticket.energy_mwh);
    let same = sessions.get_ticket(GetTicketRequest { session_id: session_id.clone() }).await.unwrap();
    let same = same.into_inner().ticket.unwrap();
    assert_eq!(
        (same.cost_micros, same.balance_micros, &same.trace_id),
        (ticket.cost_micros, ticket.balance_micros, &ticket.trace_id)
    );
    let account =
        network.authorizations().get_driver(GetDriverRequest { driver_id: "driver1".into() }).await.unwrap();
    assert_eq!(account.into_inner().driver.unwrap().balance_micros, ticket.balance_micros);
    network.wait_for_status("MAD-01", ChargePointStatus::Available).await;
    network.ledger().await.check("one charge").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_asked_by_grpc_alone() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    network.create_driver("driver1", 50_000_000).await;
    let request = AuthorizeRequest {
        request_id: "r-1".into(),
        driver_id: "driver1".into(),
        cp_id: String::new(),
        energy_limit_mwh: Some(100_000),
        expires_at_ms: Some(clock::now_ms() + 30_000),
    };
    let answer = network.authorizations().authorize(request.clone()).await.unwrap().into_inner();
    assert!(answer.authorized, "{answer:?}");
    let again = network.authorizations().authorize(request.clone()).await.unwrap().into_inner();
    assert_eq!(again, answer, "the same request gets the same answer");
    let other = AuthorizeRequest { energy_limit_mwh: Some(1), ..request };
    let conflict = network.authorizations().authorize(other).await.unwrap_err();
    assert_eq!(conflict.code(), tonic::Code::AlreadyExists);

    let mut sessions = network.sessions();
    let start =
        StartChargingRequest { driver_id: "driver1".into(), cp_id: answer.cp_id, request_id: "r-1".into() };
    sessions.start_charging(start).await.unwrap();
    // The engine ends by itself at the driver's own limit.
    let ticket = eventually("a ticket", async || {
        let request = GetTicketRequest { session_id: answer.session_id.clone() };
        sessions.get_ticket(request).await.ok()?.into_inner().ticket
    })
    .await;
    assert_eq!((ticket.energy_mwh, ticket.cost_micros), (100_000, 40_000));
    let stop = StopChargingRequest { session_id: answer.session_id, ..Default::default() };
    let ended = sessions.stop_charging(stop).await.unwrap().into_inner().session.unwrap();
    assert_eq!(ended.state(), SessionState::Completed, "stopping what has ended says how it ended");
    network.ledger().await.check("grpc alone").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_kafka_client_writes_plain_json() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    let mut driver = network.add_driver("driver1", 50_000_000).await;
    let send = |topic: &str, json: &str| network.broker.send_bare(topic, "driver1", json.as_bytes());
    send(
        topics::DRIVER_REQUESTS,
        r#"{"authorization_request":{"request_id":"r-1","driver_id":"driver1","cp_id":"MAD-01"}}"#,
    );
    assert!(driver.answer_to("r-1").await.authorized);
    send(
        topics::DRIVER_EVENTS,
        r#"{"charging_started":{"driver_id":"driver1","cp_id":"MAD-01","request_id":"r-1"}}"#,
    );
    driver.wait_for("CONSUMPTION_UPDATE").await;
    send(topics::DRIVER_EVENTS, r#"{"charging_stopped":{"driver_id":"driver1","cp_id":"MAD-01"}}"#);
    assert_eq!(driver.ticket().await.end_reason, "DRIVER_STOPPED");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_drivers_race_and_any_spreads() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    join_all((0..50).map(|n| network.create_numbered_driver(n))).await;

    // By gRPC, for one charge point.
    let network = &network;
    let race = |cp_id: &'static str, driver: String, request: String| async move {
        let request = AuthorizeRequest {
            request_id: request,
            driver_id: driver,
            cp_id: cp_id.to_owned(),
            ..Default::default()
        };
        network.authorizations().authorize(request).await.unwrap().into_inner()
    };
    let answers = join_all((0..50).map(|n| race("MAD-01", format!("driver{n}"), "r-1".to_owned()))).await;
    assert_eq!(answers.iter().filter(|answer| answer.authorized).count(), 1);
    let taken = [RefusalReason::CpReserved, RefusalReason::CpOccupied];
    assert!(
        answers.iter().filter(|answer| !answer.authorized).all(|answer| taken.contains(&answer.reason()))
    );

    // Nothing is left, wherever one asks.
    let free = answers.iter().position(|answer| !answer.authorized).unwrap();
    let answer = race("", format!("driver{free}"), "r-2".to_owned()).await;
    assert_eq!(answer.reason(), RefusalReason::NoCpAvailable, "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn any_never_hands_out_the_same_charge_point_twice() {
    let mut network = TestNetwork::start().await;
    let cp_ids = ["MAD-01", "MAD-02", "MAD-03", "MAD-04"];
    for cp_id in cp_ids {
        network.add_charge_point(cp_id).await;
    }
    let mut drivers: Vec<Driver> = join_all((0..6).map(|n| network.add_numbered_driver(n))).await;
    let requests = join_all(drivers.iter().map(|driver| driver.request(""))).await;
    let mut picked = Vec::new();
    let mut reasons = Vec::new();
    for (driver, request_id) in drivers.iter_mut().zip(requests) {
        let answer = driver.answer_to(&request_id).await;
        if answer.authorized { picked.push(answer.cp_id) } else { reasons.push(answer.reason) }
    }
    picked.sort();
    assert_eq!(picked, cp_ids);
    assert_eq!(reasons, ["NO_CP_AVAILABLE"; 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_driver_that_asks_for_two_gets_one() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    network.add_charge_point("MAD-02").await;
    let mut driver = network.add_driver("driver1", 50_000_000).await;
    let (first, second) = (driver.request("MAD-01").await, driver.request("MAD-02").await);
    assert!(driver.answer_to(&first).await.authorized);
    assert_eq!(driver.answer_to(&second).await.reason, "DRIVER_BUSY");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_that_never_starts_is_told_and_the_charge_point_is_free() {
    let options = NetworkOptions { reservation_ms: Some(2_000), ..NetworkOptions::default() };
    let mut network = TestNetwork::start_with(options).await;
    network.add_charge_point("MAD-01").await;
    let mut driver = network.add_driver("driver1", 50_000_000).await;
    driver.reserve("MAD-01").await;
    network.wait_for_status("MAD-01", ChargePointStatus::Reserved).await;
    driver.wait_for("RESERVATION_EXPIRED").await;
    network.wait_for_status("MAD-01", ChargePointStatus::Available).await;
    // What comes too late is answered.
    driver.start("MAD-01").await;
    assert_eq!(driver.supply_error().await.reason, "NO_RESERVATION");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_on_an_offline_charge_point_begins_when_it_connects() {
    let options = NetworkOptions { reservation_ms: Some(20_000), ..NetworkOptions::default() };
    let mut network = TestNetwork::start_with(options).await;
    network.add_charge_point("MAD-01").await;
    let mut driver = network.add_driver("driver1", 50_000_000).await;
    network.charge_points.get_mut("MAD-01").unwrap().monitor.kill();
    network.wait_for_status("MAD-01", ChargePointStatus::Offline).await;
    driver.reserve("MAD-01").await;
    driver.start("MAD-01").await;
    eventually("the session waits for its charge point", async || {
        let sessions = network
            .sessions()
            .list_sessions(evcharging_common::pb::session::v1::ListSessionsRequest::default())
            .await;
        let sessions = sessions.ok()?.into_inner().sessions;
        (sessions.first()?.state() == SessionState::Starting).then_some(())
    })
    .await;
    network.charge_points.get_mut("MAD-01").unwrap().monitor.restart();
    driver.wait_for("CONSUMPTION_UPDATE").await;
    driver.stop("MAD-01").await;
    driver.ticket().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_on_a_charge_point_that_stays_offline_is_cancelled_with_a_message() {
    let options = NetworkOptions { reservation_ms: Some(2_000), ..NetworkOptions::default() };
    let mut network = TestNetwork::start_with(options).await;
    network.add_charge_point("MAD-01").await;
    let mut driver = network.add_driver("driver1", 50_000_000).await;
    network.charge_points.get_mut("MAD-01").unwrap().monitor.kill();
    network.wait_for_status("MAD-01", ChargePointStatus::Offline).await;
    driver.reserve("MAD-01").await;
    driver.start("MAD-01").await;
    let error = driver.supply_error().await;
    assert_eq!((error.reason.as_str(), error.ticket_follows), ("START_TIMEOUT", false));
    assert!(error.message.contains("did not begin in time"), "{}", error.message);
    network.ledger().await.check("cancelled").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_balance_running_out_ends_the_charge_at_zero_or_above() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    // At 20 EUR a kWh, 1.03 EUR buy 51.5 Wh: two seconds at 100 kW.
    network.set_price("MAD-01", "20.00").await;
    let mut driver = network.add_driver("driver1", 1_037_000).await;
    driver.reserve("MAD-01").await;
    driver.start("MAD-01").await;
    let ticket = driver.ticket().await;
    assert_eq!((ticket.end_reason.as_str(), ticket.energy_mwh), ("BALANCE_EXHAUSTED", 51_500));
    assert_eq!((ticket.cost_micros, ticket.balance_micros), (1_030_000, 7_000));
    let refused = driver.request("MAD-01").await;
    assert_eq!(driver.answer_to(&refused).await.reason, "BALANCE_TOO_LOW");
    network.ledger().await.check("balance used up").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_record_delivered_twice_gives_the_same_tickets() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    let mut driver = network.add_driver("driver1", 50_000_000).await;
    let send_twice = |topic: &str, json: &str| {
        for _ in 0..2 {
            network.broker.send_bare(topic, "driver1", json.as_bytes());
        }
    };
    send_twice(
        topics::DRIVER_REQUESTS,
        r#"{"authorization_request":{"request_id":"r-1","driver_id":"driver1","cp_id":"MAD-01"}}"#,
    );
    let first = driver.answer_to("r-1").await;
    assert_eq!(driver.answer_to("r-1").await, first);
    send_twice(
        topics::DRIVER_EVENTS,
        r#"{"charging_started":{"driver_id":"driver1","cp_id":"MAD-01","request_id":"r-1"}}"#,
    );
    let update = driver.wait_for("CONSUMPTION_UPDATE").await;
    let Notification::ConsumptionUpdate(update) = update else { panic!("{update:?}") };
    // Readings of the past, again: nothing of it may count.
    let stale = format!(
        r#"{{"consumption":{{"session_id":"{}","cp_id":"MAD-01","seq":"1","register_mwh":"0","power_w":"1"}}}}"#,
        update.session_id
    );
    for _ in 0..2 {
        network.broker.send_bare(topics::CP_TELEMETRY, "MAD-01", stale.as_bytes());
    }
    driver.wait_for("CONSUMPTION_UPDATE").await;
    send_twice(
        topics::DRIVER_EVENTS,
        r#"{"charging_stopped":{"driver_id":"driver1","cp_id":"MAD-01","request_id":"r-1"}}"#,
    );
    let ticket = driver.ticket().await;
    let end = format!(
        r#"{{"supply_end":{{"session_id":"{}","cp_id":"MAD-01","register_mwh":"99999999","reason":"STOPPED"}}}}"#,
        update.session_id
    );
    for _ in 0..2 {
        network.broker.send_bare(topics::CP_TELEMETRY, "MAD-01", end.as_bytes());
    }
    // A whole second charge comes after all of that in every partition.
    driver.charge("MAD-01").await;
    driver.stop("MAD-01").await;
    let second = driver.ticket().await;
    assert_ne!(second.session_id, ticket.session_id);
    assert_eq!(second.balance_micros, ticket.balance_micros - second.cost_micros);
    let mut ledger = network.ledger().await;
    ledger.check("everything twice").await;
    assert_eq!(ledger.number("SELECT COUNT(*) FROM ledger_entries WHERE kind = 'CHARGE'").await, 2);
}
