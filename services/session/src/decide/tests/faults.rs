//! Faults, lost links, simulated errors.

use evcharging_common::vocabulary::{
    ChargePointStatus, EndReason, FaultKind, SessionState, SimulatedErrorKind,
};

use super::*;
use crate::command::ReportFault;

fn fault(register_mwh: Option<i64>, session_id: &str) -> Command {
    Command::ReportFault(ReportFault {
        cp_id: "MAD-01".into(),
        kind: FaultKind::EngineKo,
        message: "relay stuck".into(),
        register_mwh,
        session_id: session_id.into(),
    })
}

fn simulate(kind: SimulatedErrorKind) -> Command {
    Command::SimulateError { cp_id: "MAD-01".into(), kind, operator_id: "ana".into() }
}

fn fix() -> Command {
    Command::FixError { cp_id: "MAD-01".into(), operator_id: "ana".into() }
}

#[test]
fn a_fault_interrupts_bills_exactly_and_tells_the_driver() {
    let mut network = Network::small();
    network.charge("s1");
    network.meter("s1", 1, 501_000);
    network.run(fault(Some(1_001_000), "s1")).unwrap();
    assert_eq!(network.status(), ChargePointStatus::Faulted);
    assert_eq!(network.session("s1").state, SessionState::Interrupted);
    let error = &network.events("SUPPLY_ERROR")[0]["supply_error"];
    assert_eq!(
        (error["energy_mwh"].as_str(), error["cost_micros"].as_str()),
        (Some("1000000"), Some("400000"))
    );
    assert_eq!(error["ticket_follows"], true);
    assert_eq!(network.events("TICKET").len(), 1);
    assert_eq!(network.events("CP_ERROR").len(), 1);

    // Reported again nothing changes; the engine's own late word changes no money.
    network.run(fault(None, "")).unwrap();
    network.end("s1", 1_001_000, SupplyEndCause::Fault).unwrap();
    assert_eq!((network.events("TICKET").len(), network.events("SUPPLY_ERROR").len()), (1, 1));

    network.run(Command::ClearFault { cp_id: "MAD-01".into() }).unwrap();
    assert_eq!(network.status(), ChargePointStatus::Available);
    assert_eq!(network.events("CP_FIXED")[0]["cp_fixed"]["driver_id"], "driver1");
}

#[test]
fn the_driver_is_told_of_the_fault_even_when_the_engine_was_faster_than_its_monitor() {
    let mut network = Network::small();
    network.charge("s1");
    network.end("s1", 501_000, SupplyEndCause::Fault).unwrap();
    assert_eq!(network.status(), ChargePointStatus::Available);
    network.run(fault(Some(501_000), "s1")).unwrap();
    assert_eq!(network.status(), ChargePointStatus::Faulted);
    assert_eq!((network.events("CP_ERROR").len(), network.events("TICKET").len()), (1, 1));
    network.run(Command::ClearFault { cp_id: "MAD-01".into() }).unwrap();
    assert_eq!(network.events("CP_FIXED").len(), 1);
}

#[test]
fn a_fault_cancels_a_reservation() {
    let mut network = Network::small();
    network.run(fixtures::reserve("s1", "driver1", "MAD-01")).unwrap();
    network.run(fault(None, "")).unwrap();
    assert_eq!(network.session("s1").state, SessionState::Cancelled);
    assert_eq!(network.events("SUPPLY_ERROR")[0]["supply_error"]["reason"], "FAULT");
    assert_eq!(network.driver().session_id, None);
}

#[test]
fn a_lost_link_gets_grace_and_then_the_session_is_interrupted() {
    let mut network = Network::small();
    network.charge("s1");
    let lose = || Command::Disconnect { cp_id: "MAD-01".into(), link_id: "link-1".into() };
    network.run(lose()).unwrap();
    network.pass(5_000);
    // It is back in time, with another link; the old link's end is no news.
    network.run(fixtures::register("MAD-01", "link-2")).unwrap();
    network.run(lose()).unwrap();
    network
        .run(Command::RenewPresence { presences: vec![("MAD-01".into(), "link-2".into())], lease_ms: 60_000 })
        .unwrap();
    network.pass(20_000);
    assert_eq!(network.session("s1").state, SessionState::Charging);

    network.pass(50_000); // The lease runs out,
    assert_eq!(network.session("s1").state, SessionState::Charging);
    network.pass(Rules::default().link_grace_ms); // and the grace.
    assert_eq!(network.session("s1").end_reason, Some(EndReason::LinkLost));
    assert_eq!(network.status(), ChargePointStatus::Offline);
    assert_eq!(network.events("TICKET").len(), 1);
}

#[test]
fn an_engine_that_stops_unasked_interrupts_with_its_exact_register() {
    let mut network = Network::small();
    network.charge("s1");
    network.end("s1", 751_000, SupplyEndCause::MonitorLost).unwrap();
    let session = network.session("s1");
    assert_eq!((session.state, session.energy_mwh()), (SessionState::Interrupted, 750_000));
}

#[test]
fn simulated_errors_reach_the_engine_and_are_undone() {
    let mut network = Network::small();
    network.run(simulate(SimulatedErrorKind::Fault)).unwrap();
    assert_eq!(network.events("SET_FAULT")[0]["set_fault"]["kind"], "FAULT");
    // The status follows the monitor's own word, not the operator's wish.
    assert_eq!(network.status(), ChargePointStatus::Available);
    network.run(fault(None, "")).unwrap();
    assert_eq!(network.status(), ChargePointStatus::Faulted);
    assert_eq!(network.run(simulate(SimulatedErrorKind::Offline)).unwrap_err().reason, "ERROR_SIMULATED");
    network.run(fix()).unwrap();
    assert_eq!(network.events("CLEAR_FAULT").len(), 1);
    assert_eq!(network.status(), ChargePointStatus::Faulted);
    network.run(Command::ClearFault { cp_id: "MAD-01".into() }).unwrap();
    assert_eq!(network.status(), ChargePointStatus::Available);
}

#[test]
fn a_fix_while_the_charge_point_is_offline_leaves_it_offline() {
    let mut network = Network::small();
    network.run(fault(None, "")).unwrap();
    network.run(Command::Disconnect { cp_id: "MAD-01".into(), link_id: "link-1".into() }).unwrap();
    assert_eq!(network.status(), ChargePointStatus::Faulted);
    network.run(fix()).unwrap();
    assert_eq!(network.status(), ChargePointStatus::Offline);
}

#[test]
fn a_charge_point_that_is_simulated_offline_stays_out_until_it_is_fixed() {
    let mut network = Network::small();
    network.charge("s1");
    network.run(simulate(SimulatedErrorKind::Offline)).unwrap();
    assert!(!network.charge_point().is_connected());
    assert_eq!(network.events("CP_ERROR").len(), 1, "the driver is told at once");
    let refused = network.run(fixtures::register("MAD-01", "link-2")).unwrap_err();
    assert_eq!(refused.reason, "CP_OFFLINE_SIMULATED");
    network.pass(Rules::default().link_grace_ms);
    assert_eq!(network.session("s1").state, SessionState::Interrupted);
    network.run(fix()).unwrap();
    assert_eq!(network.events("CP_FIXED").len(), 1);
    network.run(fixtures::register("MAD-01", "link-2")).unwrap();
    assert_eq!(network.status(), ChargePointStatus::Available);
}

#[test]
fn out_of_service_stops_the_charge_and_comes_first_in_the_status() {
    let mut network = Network::small();
    network.charge("s1");
    network.run(simulate(SimulatedErrorKind::OutOfService)).unwrap();
    assert_eq!(network.status(), ChargePointStatus::OutOfService);
    assert_eq!(network.session("s1").state, SessionState::Stopping);
    network.end("s1", 401_000, SupplyEndCause::Stopped).unwrap();
    assert_eq!(network.session("s1").end_reason, Some(EndReason::OutOfService));
    assert_eq!(network.status(), ChargePointStatus::OutOfService);
    network.run(fix()).unwrap();
    assert_eq!(network.status(), ChargePointStatus::Available);
}
