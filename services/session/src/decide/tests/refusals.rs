//! What is refused, and with which reason.

use evcharging_common::vocabulary::RefusalReason;

use super::*;
use crate::command::Reserve;

fn reason(reply: Result<Reply, Error>) -> RefusalReason {
    match reply {
        Ok(Reply::Refused { reason, message }) => {
            assert!(message.len() > 10, "{message}");
            reason
        }
        other => panic!("{other:?}"),
    }
}

fn reserve_any(session_id: &str, driver_id: &str, candidates: &[&str], complete: bool) -> Command {
    let Command::Reserve(reserve) = fixtures::reserve(session_id, driver_id, "") else { unreachable!() };
    Command::Reserve(Reserve {
        candidates: candidates.iter().map(|&cp_id| cp_id.to_owned()).collect(),
        any: true,
        candidates_complete: complete,
        ..reserve
    })
}

#[test]
fn each_reason_is_its_own() {
    let mut network = Network::small();
    network.run(fixtures::create_driver("poor")).unwrap();
    network.run(fixtures::create_driver("driver2")).unwrap();
    network.run(fixtures::top_up("driver2", "t2", 50_000_000)).unwrap();
    assert_eq!(reason(network.run(fixtures::reserve("s", "nobody", "MAD-01"))), RefusalReason::DriverUnknown);
    assert_eq!(reason(network.run(fixtures::reserve("s", "poor", "MAD-01"))), RefusalReason::BalanceTooLow);
    assert_eq!(reason(network.run(fixtures::reserve("s", "driver1", "XXX-99"))), RefusalReason::CpUnknown);

    network.run(fixtures::reserve("s1", "driver1", "MAD-01")).unwrap();
    assert_eq!(reason(network.run(fixtures::reserve("s", "driver2", "MAD-01"))), RefusalReason::CpReserved);
    assert_eq!(reason(network.run(fixtures::reserve("s", "driver1", "MAD-01"))), RefusalReason::DriverBusy);
    network.run(fixtures::start("driver1", "MAD-01")).unwrap();
    assert_eq!(reason(network.run(fixtures::reserve("s", "driver2", "MAD-01"))), RefusalReason::CpOccupied);

    let block = |blocked| Command::SetDriverBlocked {
        driver_id: "driver2".into(),
        blocked,
        operator_id: "ana".into(),
    };
    network.run(block(true)).unwrap();
    assert_eq!(
        reason(network.run(fixtures::reserve("s", "driver2", "MAD-01"))),
        RefusalReason::DriverBlocked
    );
    network.run(block(false)).unwrap();
    let service =
        |in_service| Command::SetInService { cp_id: "MAD-01".into(), in_service, operator_id: "ana".into() };
    network.run(service(false)).unwrap();
    assert_eq!(
        reason(network.run(fixtures::reserve("s", "driver2", "MAD-01"))),
        RefusalReason::CpOutOfService
    );
}

#[test]
fn a_request_that_is_too_old_is_refused() {
    let mut network = Network::small();
    let Command::Reserve(reserve) = fixtures::reserve("s1", "driver1", "MAD-01") else { unreachable!() };
    let expires_at_ms = Some(network.now_ms - 1);
    let late = Command::Reserve(Reserve { expires_at_ms, ..reserve });
    assert_eq!(reason(network.run(late)), RefusalReason::RequestExpired);
}

#[test]
fn any_takes_the_first_that_is_free_and_knows_when_there_is_none() {
    let mut network = Network::small();
    network.run(fixtures::create_driver("driver2")).unwrap();
    network.run(fixtures::top_up("driver2", "t2", 50_000_000)).unwrap();
    network.run(fixtures::register("MAD-02", "link-2")).unwrap();
    network.run(reserve_any("s1", "driver1", &["MAD-01", "MAD-02"], true)).unwrap();
    let error = network.run(reserve_any("s2", "driver2", &["MAD-01"], false)).unwrap_err();
    assert_eq!(error.reason, "CANDIDATES_TAKEN");
    assert!(error.is_retryable());
    assert_eq!(
        reason(network.run(reserve_any("s2", "driver2", &["MAD-01"], true))),
        RefusalReason::NoCpAvailable
    );
    let Reply::Reserved(session) =
        network.run(reserve_any("s2", "driver2", &["MAD-01", "MAD-02"], true)).unwrap()
    else {
        panic!("refused");
    };
    assert_eq!(session.cp_id, "MAD-02");
}

#[test]
fn a_wrong_key_is_refused_and_changes_nothing() {
    let mut network = Network::small();
    let Command::RegisterChargePoint(mut register) = fixtures::register("MAD-01", "intruder") else {
        unreachable!()
    };
    register.key_hash = "another".into();
    let before = network.charge_point().clone();
    assert_eq!(network.run(Command::RegisterChargePoint(register)).unwrap_err().reason, "CP_KEY_WRONG");
    assert_eq!(network.charge_point(), &before);
}

#[test]
fn readings_that_make_no_sense_do_not_count() {
    let mut network = Network::small();
    network.run(fixtures::reserve("s1", "driver1", "MAD-01")).unwrap();
    assert_eq!(network.meter("s1", 0, 5).as_deref(), Some("SESSION_NOT_STARTED"));
    network.run(fixtures::start("driver1", "MAD-01")).unwrap();
    assert_eq!(network.meter("s1", 0, 1_000), None);
    assert_eq!(network.meter("s1", 1, 2_000), None);
    for (session_id, seq, register_mwh, refused) in [
        ("s1", 1, 2_000, "STALE"),
        ("s1", 0, 1_000, "STALE"),
        ("s1", 2, 1_999, "REGISTER_FELL"),
        ("s1", 2, -1, "REGISTER_NEGATIVE"),
        ("s9", 1, 1, "SESSION_UNKNOWN"),
    ] {
        assert_eq!(network.meter(session_id, seq, register_mwh).as_deref(), Some(refused));
    }
    assert_eq!(network.session("s1").register_mwh, Some(2_000));
}

#[test]
fn a_start_without_a_reservation_says_what_is_missing() {
    let mut network = Network::small();
    assert_eq!(network.run(fixtures::start("driver1", "MAD-01")).unwrap_err().reason, "NO_RESERVATION");
    network.run(fixtures::reserve("s1", "driver1", "MAD-01")).unwrap();
    let elsewhere = network.run(fixtures::start("driver1", "MAD-02")).unwrap_err();
    assert!(elsewhere.message.contains("MAD-01"), "{elsewhere}");
}
