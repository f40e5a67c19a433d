#![allow(clippy::unwrap_used)]

use proptest::prelude::*;

use super::*;

const KWH: i64 = 1_000_000;
const MONITOR: &str = "monitor-1";

fn engine() -> Engine {
    Engine::new(22_000, 40 * KWH, 500)
}

/// An engine that has supplied `s-1` for ten seconds under its monitor's eyes.
fn charging() -> Engine {
    let mut engine = engine();
    engine.start("s-1", 2 * KWH, Some("trace".to_owned()), 0).unwrap();
    watch(&mut engine, 0, 10_000);
    engine.take_telemetry();
    engine
}

/// Lets time pass as a monitor and the ticks would, a second at a time.
fn watch(engine: &mut Engine, from_ms: i64, to_ms: i64) {
    let mut now_ms = from_ms;
    while now_ms < to_ms {
        now_ms = (now_ms + 1_000).min(to_ms);
        engine.advance(now_ms);
        engine.check_health(MONITOR, now_ms).unwrap();
        engine.tick();
    }
}

fn ends(telemetry: &[Telemetry]) -> Vec<(&str, i64, &str)> {
    let ends = telemetry.iter().filter_map(|said| match &said.event {
        Event::SupplyEnded { session_id, register_mwh, reason } => {
            Some((session_id.as_str(), *register_mwh, reason.as_str()))
        }
        _ => None,
    });
    ends.collect()
}

#[test]
fn a_charge_says_its_start_each_second_and_its_exact_end() {
    let mut engine = engine();
    engine.start("s-1", 100_000, Some("trace".to_owned()), 0).unwrap();
    watch(&mut engine, 0, 60_000);
    let telemetry = engine.take_telemetry();
    assert!(telemetry.iter().all(|said| said.traceparent.as_deref() == Some("trace")));
    assert_eq!(telemetry[0].event, Event::SupplyStarted { session_id: "s-1".to_owned(), register_mwh: 500 });
    let readings = &telemetry[1..telemetry.len() - 1];
    let mut last_mwh = 500;
    for (position, said) in (1_i64..).zip(readings) {
        let Event::Reading { seq, register_mwh, power_w, .. } = &said.event else {
            panic!("{said:?} is no reading")
        };
        assert_eq!((*seq, said.at_ms), (position, position * 1_000));
        assert!(*register_mwh > last_mwh && *power_w > 0);
        last_mwh = *register_mwh;
    }
    assert!(readings.len() > 10);
    assert_eq!(ends(&telemetry), [("s-1", 100_500, "LIMIT_REACHED")]);
    assert_eq!(engine.state().mode(), EngineMode::Idle);
}

#[test]
fn a_full_vehicle_ends_the_supply_before_the_limit() {
    let mut engine = Engine::new(22_000, 50_000, 0);
    engine.start("s-1", 100_000, None, 0).unwrap();
    watch(&mut engine, 0, 60_000);
    assert_eq!(ends(&engine.take_telemetry()), [("s-1", 50_000, "VEHICLE_FULL")]);
}

#[test]
fn the_same_session_again_changes_nothing() {
    let mut engine = charging();
    let before = engine.state();
    assert_eq!(engine.start("s-1", 5 * KWH, None, 10_000), Ok(()));
    assert_eq!(engine.state(), before);
    assert!(engine.take_telemetry().is_empty());
}

#[test]
fn a_start_is_refused_with_its_reason() {
    let mut busy = charging();
    let mut ended = charging();
    ended.stop("s-1", None, 10_000);
    let mut stopped_before = engine();
    stopped_before.stop("s-1", None, 0);
    let mut faulted = engine();
    faulted.set_fault("smoke", 0);
    for (engine, session_id, reason) in [
        (&mut busy, "s-2", "ENGINE_BUSY"),
        (&mut ended, "s-1", "SESSION_ENDED"),
        (&mut stopped_before, "s-1", "SESSION_ENDED"),
        (&mut faulted, "s-1", "ENGINE_FAULTED"),
    ] {
        engine.take_telemetry();
        let error = engine.start(session_id, KWH, None, 10_000).unwrap_err();
        assert_eq!((error.code, &*error.reason), (ErrorCode::FailedPrecondition, reason));
        assert!(engine.take_telemetry().is_empty(), "a refused start says nothing");
    }
}

#[test]
fn a_stop_says_the_end_and_says_the_same_when_asked_again() {
    let mut engine = charging();
    engine.stop("s-1", None, 10_000);
    let first = engine.take_telemetry();
    assert_eq!(ends(&first), [("s-1", engine.state().register_mwh, "STOPPED")]);
    // Another charge in between changes nothing of what is said about the first.
    engine.start("s-2", KWH, None, 11_000).unwrap();
    watch(&mut engine, 11_000, 15_000);
    engine.take_telemetry();
    engine.stop("s-1", None, 15_000);
    assert_eq!(engine.take_telemetry(), first);
    assert!(engine.is_supplying("s-2"));
}

#[test]
fn stopping_what_is_not_supplied_is_said_too() {
    let mut engine = charging();
    engine.stop("s-9", Some("other".to_owned()), 10_000);
    let telemetry = engine.take_telemetry();
    assert_eq!(ends(&telemetry), [("s-9", engine.state().register_mwh, "NOT_SUPPLYING")]);
    assert_eq!(telemetry[0].traceparent.as_deref(), Some("other"));
    assert!(engine.is_supplying("s-1"));
}

#[test]
fn an_empty_stop_stops_whatever_is_supplied() {
    let mut engine = charging();
    engine.stop("", None, 10_000);
    assert_eq!(ends(&engine.take_telemetry())[0].2, "STOPPED");
    engine.stop("", None, 10_000);
    assert!(engine.take_telemetry().is_empty());
}

#[test]
fn a_fault_ends_the_supply_with_the_exact_register_and_remembers_whose_it_was() {
    let mut engine = charging();
    let register_mwh = engine.state().register_mwh;
    engine.set_fault("smoke", 10_000);
    engine.set_fault("fire", 10_000);
    let telemetry = engine.take_telemetry();
    let fault = Event::Faulted { message: "smoke".to_owned(), register_mwh, session_id: "s-1".to_owned() };
    assert_eq!(telemetry[0].event, fault);
    assert_eq!(ends(&telemetry), [("s-1", register_mwh, "FAULT")]);
    assert_eq!(telemetry.len(), 2, "a second fault says nothing");
    let state = engine.state();
    assert_eq!((state.mode(), state.register_mwh), (EngineMode::Faulted, register_mwh));
    assert_eq!((state.session_id.as_str(), state.fault_message.as_str()), ("s-1", "smoke"));

    engine.clear_fault();
    assert_eq!(engine.state().mode(), EngineMode::Idle);
    assert_eq!(engine.start("s-2", KWH, None, 11_000), Ok(()));
}

#[test]
fn one_monitor_at_a_time() {
    let mut engine = engine();
    engine.check_health("a", 1_000).unwrap();
    let error = engine.check_health("b", 3_999).unwrap_err();
    assert_eq!((error.code, &*error.reason), (ErrorCode::ResourceExhausted, "MONITOR_PRESENT"));
    assert_eq!(engine.check_health("a", 3_999), Ok(()));
    assert_eq!(engine.check_health("b", 6_999), Ok(()), "three seconds after the last check of a");
    assert!(engine.check_health("a", 7_000).is_err());
}

#[test]
fn a_supply_without_its_monitor_ends_after_five_seconds_however_late_that_is_noticed() {
    let (mut in_time, mut frozen) = (charging(), charging());
    in_time.advance(14_999);
    assert!(in_time.is_supplying("s-1"));
    in_time.advance(15_000);
    frozen.advance(3_600_000);
    for engine in [&mut in_time, &mut frozen] {
        let register_mwh = engine.state().register_mwh;
        let telemetry = engine.take_telemetry();
        assert_eq!(ends(&telemetry), [("s-1", register_mwh, "MONITOR_LOST")]);
        assert_eq!(telemetry[0].at_ms, 15_000);
    }
    assert_eq!(in_time.state(), frozen.state());
}

#[test]
fn a_supply_outlives_the_change_to_a_monitor_that_is_started_anew() {
    // Last checked at 10 s.
    let mut engine = charging();
    // The new one is refused for as long as the old one may still be there, and checks once a second.
    for now_ms in [10_900, 11_900, 12_900] {
        engine.advance(now_ms);
        assert!(engine.check_health("new", now_ms).is_err());
    }
    // With 3 s for both, the supply would have ended a moment ago.
    engine.advance(13_900);
    assert_eq!(engine.check_health("new", 13_900), Ok(()));
    engine.advance(15_000);
    assert!(engine.is_supplying("s-1"));
}

#[test]
fn only_the_last_ends_are_remembered() {
    let mut engine = engine();
    for number in 0..=REMEMBERED_ENDS {
        engine.stop(&format!("s-{number}"), None, 0);
    }
    assert_eq!(engine.ends.len(), REMEMBERED_ENDS);
    assert!(engine.end_of("s-0").is_none() && engine.end_of("s-1").is_some());
}

#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Check,
    Start(u8, i64),
    Stop(u8),
    SetFault,
    ClearFault,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0_i64..4_000).prop_map(Step::Wait),
        4 => Just(Step::Check),
        2 => (0_u8..6, 1_i64..100_000).prop_map(|(session, limit_mwh)| Step::Start(session, limit_mwh)),
        1 => (0_u8..6).prop_map(Step::Stop),
        1 => Just(Step::SetFault),
        1 => Just(Step::ClearFault),
    ]
}

proptest! {
    /// Whatever happens: the register never goes back, no session gets more than its limit, each session ends at most once
    /// and ends where the register stood, and all energy belongs to a session.
    #[test]
    fn the_meter_is_right_whatever_happens(steps in prop::collection::vec(step(), 1..200)) {
        let mut engine = Engine::new(22_000, 60_000, 0);
        let (mut now_ms, mut last_mwh, mut all_supplied_mwh) = (0, 0, 0);
        let mut limits = std::collections::HashMap::new();
        let mut starts = std::collections::HashMap::new();
        let mut ended = std::collections::HashMap::new();
        for step in steps {
            if let Step::Wait(wait_ms) = step {
                now_ms += wait_ms;
            }
            engine.advance(now_ms);
            match step {
                Step::Wait(_) => engine.tick(),
                Step::Check => engine.check_health(MONITOR, now_ms).unwrap(),
                Step::Start(session, limit_mwh) => {
                    let session_id = format!("s-{session}");
                    if engine.start(&session_id, limit_mwh, None, now_ms).is_ok() {
                        limits.entry(session_id).or_insert(limit_mwh);
                    }
                }
                Step::Stop(session) => engine.stop(&format!("s-{session}"), None, now_ms),
                Step::SetFault => engine.set_fault("smoke", now_ms),
                Step::ClearFault => engine.clear_fault(),
            }
            for said in engine.take_telemetry() {
                match said.event {
                    Event::SupplyStarted { session_id, register_mwh } => {
                        prop_assert_eq!(starts.insert(session_id, register_mwh), None);
                    }
                    Event::Reading { session_id, register_mwh, .. } => {
                        prop_assert!(register_mwh - starts[&session_id] <= limits[&session_id]);
                        prop_assert!(!ended.contains_key(&session_id));
                    }
                    Event::SupplyEnded { session_id, register_mwh, reason } => {
                        if let Some(before) = ended.insert(session_id.clone(), register_mwh) {
                            prop_assert_eq!(before, register_mwh, "said again, the end is the same");
                        } else if reason != SupplyEndReason::NotSupplying {
                            let supplied_mwh = register_mwh - starts[&session_id];
                            let most_mwh = limits[&session_id].min(60_000);
                            prop_assert!((0..=most_mwh).contains(&supplied_mwh));
                            if matches!(reason, SupplyEndReason::LimitReached | SupplyEndReason::VehicleFull) {
                                prop_assert_eq!(supplied_mwh, most_mwh);
                            }
                            all_supplied_mwh += supplied_mwh;
                        }
                    }
                    Event::Faulted { .. } => {}
                }
            }
            prop_assert!(engine.state().register_mwh >= last_mwh);
            last_mwh = engine.state().register_mwh;
        }
        engine.stop("", None, now_ms);
        for said in engine.take_telemetry() {
            let Event::SupplyEnded { session_id, register_mwh, .. } = said.event else { continue };
            all_supplied_mwh += register_mwh - starts[&session_id];
        }
        prop_assert_eq!(engine.state().register_mwh, all_supplied_mwh);
    }
}
