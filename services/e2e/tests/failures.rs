//! What breaks in the middle of a charge, and how it comes back.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use evcharging_common::{
    pb::{
        cp_registry::v1::{FixErrorRequest, GetChargePointRequest, SimulateErrorRequest},
        engine::v1::{ClearFaultRequest, SetFaultRequest},
        types::v1::SimulatedErrorKind,
    },
    vocabulary::ChargePointStatus,
};
use evcharging_testkit::{Driver, NetworkOptions, TestNetwork, eventually};

/// A network in which driver1 charges at MAD-01.
async fn charging() -> (TestNetwork, Driver) {
    charging_with(NetworkOptions::default()).await
}

async fn charging_with(options: NetworkOptions) -> (TestNetwork, Driver) {
    let mut network = TestNetwork::start_with(options).await;
    network.add_charge_point("MAD-01").await;
    let mut driver = network.add_driver("driver1", 50_000_000).await;
    driver.charge("MAD-01").await;
    (network, driver)
}

/// The driver is told of the failure with its partial energy and cost, then gets exactly one ticket for that.
async fn told_and_billed(network: &TestNetwork, driver: &mut Driver, reason: &str) {
    let error = driver.supply_error().await;
    assert_eq!((error.reason.as_str(), error.ticket_follows), (reason, true));
    let ticket = driver.ticket().await;
    assert!(ticket.energy_mwh > 0);
    assert_eq!((ticket.energy_mwh, ticket.cost_micros), (error.energy_mwh, error.cost_micros));
    let mut ledger = network.ledger().await;
    assert_eq!(ledger.number("SELECT COUNT(*) FROM ledger_entries WHERE kind = 'CHARGE'").await, 1);
    ledger.check(reason).await;
}

/// The charge point can be used again, without anybody's help.
async fn charges_again(network: &TestNetwork, driver: &mut Driver) {
    network.wait_for_status("MAD-01", ChargePointStatus::Available).await;
    driver.charge("MAD-01").await;
    driver.stop("MAD-01").await;
    assert_eq!(driver.ticket().await.end_reason, "DRIVER_STOPPED");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_told_ko() {
    let (network, mut driver) = charging().await;
    let mut engine = network.engine("MAD-01");
    engine.set_fault(SetFaultRequest { message: "relay stuck".into() }).await.unwrap();
    told_and_billed(&network, &mut driver, "FAULT").await;
    let faulted = network.wait_for_status("MAD-01", ChargePointStatus::Faulted).await;
    assert!(faulted.fault_message.contains("relay stuck"), "{faulted:?}");
    engine.clear_fault(ClearFaultRequest {}).await.unwrap();
    driver.wait_for("CP_FIXED").await;
    charges_again(&network, &mut driver).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_is_killed() {
    let (mut network, mut driver) = charging().await;
    network.charge_points.get_mut("MAD-01").unwrap().engine.kill();
    told_and_billed(&network, &mut driver, "FAULT").await;
    network.wait_for_status("MAD-01", ChargePointStatus::Faulted).await;
    network.charge_points.get_mut("MAD-01").unwrap().engine.restart();
    charges_again(&network, &mut driver).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_freezes() {
    let (network, mut driver) = charging().await;
    network.charge_points["MAD-01"].engine.freeze();
    told_and_billed(&network, &mut driver, "FAULT").await;
    network.wait_for_status("MAD-01", ChargePointStatus::Faulted).await;
    network.charge_points["MAD-01"].engine.thaw();
    charges_again(&network, &mut driver).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_monitor_that_is_killed() {
    let (mut network, mut driver) = charging().await;
    network.charge_points.get_mut("MAD-01").unwrap().monitor.kill();
    told_and_billed(&network, &mut driver, "LINK_LOST").await;
    network.wait_for_status("MAD-01", ChargePointStatus::Offline).await;
    network.charge_points.get_mut("MAD-01").unwrap().monitor.restart();
    charges_again(&network, &mut driver).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_that_is_started_anew_ends_no_session() {
    let (mut network, mut driver) = charging().await;
    network.cp_registry.restart();
    network.cp_registry.address();
    network.wait_for_status("MAD-01", ChargePointStatus::Charging).await;
    eventually("the link is back", async || {
        let request = GetChargePointRequest { cp_id: "MAD-01".into() };
        let found = network.registry().get_charge_point(request).await.ok()?.into_inner().charge_point?;
        found.connected.then_some(())
    })
    .await;
    driver.wait_for("CONSUMPTION_UPDATE").await;
    driver.stop("MAD-01").await;
    assert_eq!(driver.ticket().await.end_reason, "DRIVER_STOPPED");
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_errors_of_each_kind_during_a_charge() {
    for (kind, status, reason) in [
        (SimulatedErrorKind::Fault, ChargePointStatus::Faulted, "FAULT"),
        (SimulatedErrorKind::Offline, ChargePointStatus::Offline, "LINK_LOST"),
        (SimulatedErrorKind::OutOfService, ChargePointStatus::OutOfService, "OUT_OF_SERVICE"),
    ] {
        let (network, mut driver) = charging().await;
        let mut registry = network.registry();
        let simulate =
            SimulateErrorRequest { cp_id: "MAD-01".into(), kind: kind.into(), operator_id: "ana".into() };
        registry.simulate_error(simulate).await.unwrap();
        driver.wait_for("CP_ERROR").await;
        if kind == SimulatedErrorKind::OutOfService {
            // It ends as asked: there is a ticket and no failure.
            assert_eq!(driver.ticket().await.end_reason, reason);
        } else {
            told_and_billed(&network, &mut driver, reason).await;
        }
        network.wait_for_status("MAD-01", status).await;
        let fix = FixErrorRequest { cp_id: "MAD-01".into(), operator_id: "ana".into() };
        registry.fix_error(fix).await.unwrap();
        charges_again(&network, &mut driver).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn simulated_errors_without_a_charge_and_a_fix_while_offline() {
    let mut network = TestNetwork::start().await;
    network.add_charge_point("MAD-01").await;
    let mut registry = network.registry();
    let simulate = |kind: SimulatedErrorKind| SimulateErrorRequest {
        cp_id: "MAD-01".into(),
        kind: kind.into(),
        operator_id: "ana".into(),
    };
    let fix = || FixErrorRequest { cp_id: "MAD-01".into(), operator_id: "ana".into() };
    registry.simulate_error(simulate(SimulatedErrorKind::Fault)).await.unwrap();
    network.wait_for_status("MAD-01", ChargePointStatus::Faulted).await;
    registry.fix_error(fix()).await.unwrap();
    network.wait_for_status("MAD-01", ChargePointStatus::Available).await;

    registry.simulate_error(simulate(SimulatedErrorKind::Fault)).await.unwrap();
    network.wait_for_status("MAD-01", ChargePointStatus::Faulted).await;
    network.charge_points.get_mut("MAD-01").unwrap().monitor.kill();
    eventually("the link is gone", async || {
        let request = GetChargePointRequest { cp_id: "MAD-01".into() };
        let found = network.registry().get_charge_point(request).await.ok()?.into_inner().charge_point?;
        (!found.connected).then_some(())
    })
    .await;
    let fixed = registry.fix_error(fix()).await.unwrap().into_inner().charge_point.unwrap();
    assert_eq!(fixed.status, i32::from(ChargePointStatus::Offline));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_goes_and_comes_back_during_a_charge() {
    let options = NetworkOptions { own_broker: true, ..Default::default() };
    let (mut network, mut driver) = charging_with(options).await;
    network.broker.take_down();
    for process in [&mut network.session, &mut network.authorization, &mut network.telemetry] {
        process.wait_for_line("messaging unavailable");
    }
    // What needs no broker goes on.
    network.wait_for_status("MAD-01", ChargePointStatus::Charging).await;
    let mut sessions = network.sessions();
    let session_id = network.wait_for_status("MAD-01", ChargePointStatus::Charging).await.session_id;
    let stop = evcharging_common::pb::session::v1::StopChargingRequest { session_id, ..Default::default() };
    sessions.stop_charging(stop).await.unwrap();
    network.broker.bring_up().await;
    let ticket = driver.ticket().await;
    assert_eq!(ticket.end_reason, "DRIVER_STOPPED");
    network.ledger().await.check("broker gone for a while").await;
    charges_again(&network, &mut driver).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_broker_is_started_last() {
    let options = NetworkOptions { own_broker: true, broker_down: true, ..Default::default() };
    let mut network = TestNetwork::start_with(options).await;
    network.add_charge_point("MAD-01").await;
    network.broker.bring_up().await;
    let mut driver = network.add_driver("driver1", 50_000_000).await;
    charges_again(&network, &mut driver).await;
}
