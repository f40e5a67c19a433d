//! The straight way and its ends.

use evcharging_common::vocabulary::{ChargePointStatus, EndReason, SessionState};

use super::*;
use crate::command::Reserve;

#[test]
fn a_charge_is_billed_once_and_its_ticket_adds_up() {
    let mut network = Network::small();
    network.charge("s1");
    assert_eq!(network.status(), ChargePointStatus::Charging);
    network.pass(5_000);
    assert_eq!(network.meter("s1", 1, 1_500_000), None);
    network.stop().unwrap();
    assert_eq!(network.session("s1").state, SessionState::Stopping);
    network.end("s1", 2_001_000, SupplyEndCause::Stopped).unwrap();

    let session = network.session("s1");
    assert_eq!(
        (session.state, session.end_reason),
        (SessionState::Completed, Some(EndReason::DriverStopped))
    );
    // 2 kWh at 0.40 EUR.
    assert_eq!((session.energy_mwh(), session.cost_micros), (2_000_000, Some(800_000)));
    assert_eq!(network.driver().balance_micros, 49_200_000);
    assert_eq!(network.status(), ChargePointStatus::Available);
    let tickets = network.events("TICKET");
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0]["ticket"]["cost_micros"], "800000");
    assert_eq!(tickets[0]["ticket"]["balance_micros"], "49200000");
    assert_eq!(tickets[0]["ticket"]["duration_ms"], "5000");
    assert_eq!(tickets[0]["ticket"]["trace_id"], "0af7651916cd43dd8448eb211c80319c");

    // What comes again or later changes no money.
    network.end("s1", 9_000_000, SupplyEndCause::Stopped).unwrap();
    assert_eq!(network.meter("s1", 2, 9_000_000).as_deref(), Some("SESSION_ENDED"));
    assert_eq!(network.driver().balance_micros, 49_200_000);
    assert_eq!(network.events("TICKET").len(), 1);
    assert!(network.changes.audit_events.iter().any(|event| event.kind == "LATE_SUPPLY_END"));
}

#[test]
fn a_driver_that_never_starts_loses_the_reservation_and_is_told() {
    let mut network = Network::small();
    network.run(fixtures::reserve("s1", "driver1", "MAD-01")).unwrap();
    assert_eq!(network.status(), ChargePointStatus::Reserved);
    network
        .run(Command::RenewPresence { presences: vec![("MAD-01".into(), "link-1".into())], lease_ms: 60_000 })
        .unwrap();
    network.pass(29_999);
    assert_eq!(network.status(), ChargePointStatus::Reserved);
    network.pass(1);
    assert_eq!(network.session("s1").state, SessionState::Cancelled);
    assert_eq!(network.status(), ChargePointStatus::Available);
    assert_eq!(network.events("RESERVATION_EXPIRED").len(), 1);
    assert_eq!(network.driver().session_id, None);
}

#[test]
fn the_limit_is_what_the_balance_affords_and_the_balance_ends_at_zero_or_above() {
    let mut network = Network::small();
    network.charge("s1");
    // 50 EUR buy 125 kWh at 0.40 EUR.
    assert_eq!(network.session("s1").energy_limit_mwh, 125_000_000);
    network.end("s1", 1_000 + 125_000_000, SupplyEndCause::LimitReached).unwrap();
    assert_eq!(network.session("s1").end_reason, Some(EndReason::BalanceExhausted));
    assert_eq!(network.driver().balance_micros, 0);
}

#[test]
fn a_charge_point_that_reports_more_than_the_limit_is_paid_the_limit() {
    let mut network = Network::small();
    network.charge("s1");
    network.end("s1", 1_000 + 999_000_000, SupplyEndCause::LimitReached).unwrap();
    assert_eq!(network.driver().balance_micros, 0);
    assert!(network.changes.audit_events.iter().any(|event| event.kind == "LIMIT_EXCEEDED"));
}

#[test]
fn the_drivers_own_limit_counts_when_it_is_lower() {
    let mut network = Network::small();
    let Command::Reserve(reserve) = fixtures::reserve("s1", "driver1", "MAD-01") else { unreachable!() };
    network.run(Command::Reserve(Reserve { energy_limit_mwh: Some(2_000_000), ..reserve })).unwrap();
    network.run(fixtures::start("driver1", "MAD-01")).unwrap();
    network.meter("s1", 0, 0);
    network.end("s1", 2_000_000, SupplyEndCause::LimitReached).unwrap();
    assert_eq!(network.session("s1").end_reason, Some(EndReason::TargetReached));
}

#[test]
fn without_a_final_register_the_last_one_is_billed_at_the_deadline() {
    let mut network = Network::small();
    network.charge("s1");
    network.meter("s1", 1, 501_000);
    network.stop().unwrap();
    network.pass(Rules::default().stop_timeout_ms);
    assert_eq!(network.session("s1").state, SessionState::Completed);
    assert_eq!(network.session("s1").cost_micros, Some(200_000));
    assert_eq!(network.events("TICKET").len(), 1);
}

#[test]
fn a_start_on_an_offline_charge_point_waits_for_it_and_is_cancelled_with_a_message() {
    let mut network = Network::small();
    network.run(Command::Disconnect { cp_id: "MAD-01".into(), link_id: "link-1".into() }).unwrap();
    assert_eq!(network.status(), ChargePointStatus::Offline);
    network.run(fixtures::reserve("s1", "driver1", "MAD-01")).unwrap();
    network.run(fixtures::start("driver1", "MAD-01")).unwrap();
    network.pass(20_000);
    assert_eq!(network.session("s1").state, SessionState::Starting);
    // It connects: the answer tells what it should be doing.
    let Reply::ChargePoint(_, Some(session)) = network.run(fixtures::register("MAD-01", "link-2")).unwrap()
    else {
        panic!("no session told");
    };
    assert_eq!((session.session_id.as_str(), session.state), ("s1", SessionState::Starting));
    network.pass(10_000);
    assert_eq!(network.session("s1").state, SessionState::Cancelled);
    let errors = network.events("SUPPLY_ERROR");
    assert_eq!(errors[0]["supply_error"]["reason"], "START_TIMEOUT");
    assert!(errors[0]["supply_error"]["ticket_follows"].is_null(), "a false is left out of proto3 JSON");
    assert!(network.events("TICKET").is_empty());
}

#[test]
fn starting_and_stopping_again_changes_nothing() {
    let mut network = Network::small();
    network.charge("s1");
    let before = network.session("s1").clone();
    network.run(fixtures::start("driver1", "MAD-01")).unwrap();
    assert_eq!(network.session("s1"), &before);
    assert_eq!(network.events("START").len(), 1);
    network.stop().unwrap();
    network.stop().unwrap();
    assert_eq!(network.events("STOP").len(), 1);
    let error = network.run(fixtures::start("driver1", "MAD-01")).unwrap_err();
    assert_eq!(error.reason, "SESSION_STOPPING");
}

#[test]
fn a_cold_start_bills_what_is_known() {
    let mut network = Network::small();
    network.charge("s1");
    network.meter("s1", 1, 1_001_000);
    network.run(Command::TerminateSession { session_id: "s1".into() }).unwrap();
    let session = network.session("s1");
    assert_eq!(
        (session.state, session.end_reason),
        (SessionState::Interrupted, Some(EndReason::NetworkRestart))
    );
    assert_eq!(session.cost_micros, Some(400_000));
    assert_eq!((network.events("SUPPLY_ERROR").len(), network.events("TICKET").len()), (1, 1));
}
