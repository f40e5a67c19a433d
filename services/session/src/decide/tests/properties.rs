//! Long random sequences of commands: the invariants hold after each one.

use std::collections::HashMap;

use evcharging_common::{
    money::MICROS_PER_CENT,
    vocabulary::{FaultKind, SessionState, SimulatedErrorKind},
};
use proptest::prelude::*;

use super::*;
use crate::command::ReportFault;

const CHARGE_POINTS: [&str; 3] = ["MAD-01", "MAD-02", "MAD-03"];
const DRIVERS: [&str; 4] = ["driver1", "driver2", "driver3", "driver4"];

#[derive(Debug, Clone)]
enum Step {
    Reserve(usize, usize),
    Start(usize, usize),
    Stop(usize, usize),
    Meter(usize, i64, i64),
    End(usize, i64, SupplyEndCause),
    Register(usize),
    Disconnect(usize),
    Fault(usize),
    ClearFault(usize),
    InService(usize, bool),
    Simulate(usize, SimulatedErrorKind),
    Fix(usize),
    TopUp(usize, i64),
    Terminate(usize),
    Pass(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let (cp, driver, session) = (0..CHARGE_POINTS.len(), 0..DRIVERS.len(), 0_usize..4);
    let cause = prop::sample::select(vec![
        SupplyEndCause::Stopped,
        SupplyEndCause::LimitReached,
        SupplyEndCause::Fault,
        SupplyEndCause::MonitorLost,
        SupplyEndCause::NotSupplying,
        SupplyEndCause::StartRefused,
    ]);
    let kind = prop::sample::select(SimulatedErrorKind::ALL.to_vec());
    prop_oneof![
        5 => (driver.clone(), cp.clone()).prop_map(|(driver, cp)| Step::Reserve(driver, cp)),
        5 => (driver.clone(), cp.clone()).prop_map(|(driver, cp)| Step::Start(driver, cp)),
        2 => (driver.clone(), cp.clone()).prop_map(|(driver, cp)| Step::Stop(driver, cp)),
        8 => (session.clone(), 0_i64..20, -10_i64..400_000_000).prop_map(|(s, seq, register)| Step::Meter(s, seq, register)),
        3 => (session.clone(), 0_i64..500_000_000, cause).prop_map(|(s, register, cause)| Step::End(s, register, cause)),
        2 => cp.clone().prop_map(Step::Register),
        1 => cp.clone().prop_map(Step::Disconnect),
        1 => cp.clone().prop_map(Step::Fault),
        1 => cp.clone().prop_map(Step::ClearFault),
        1 => (cp.clone(), any::<bool>()).prop_map(|(cp, to)| Step::InService(cp, to)),
        1 => (cp.clone(), kind).prop_map(|(cp, kind)| Step::Simulate(cp, kind)),
        2 => cp.prop_map(Step::Fix),
        1 => (driver, 1_i64..5_000_000).prop_map(|(driver, amount)| Step::TopUp(driver, amount)),
        1 => session.prop_map(Step::Terminate),
        3 => (0_i64..40_000).prop_map(Step::Pass),
    ]
}

/// The id of one of the newest sessions.
fn recent(reserved: &[String], back: usize) -> String {
    reserved.iter().rev().nth(back).cloned().unwrap_or_else(|| "none".to_owned())
}

fn command(step: &Step, reserved: &[String], count: usize, network: &Network) -> Command {
    let cp_of =
        |session_id: &str| network.world.sessions.get(session_id).map_or("MAD-01", |s| &s.cp_id).to_owned();
    let charge = |driver: usize, cp: usize| WhichCharge {
        driver_id: DRIVERS[driver].into(),
        cp_id: CHARGE_POINTS[cp].into(),
        request_id: String::new(),
    };
    match *step {
        Step::Reserve(driver, cp) => {
            fixtures::reserve(&format!("s{count}"), DRIVERS[driver], CHARGE_POINTS[cp])
        }
        Step::Start(driver, cp) => Command::StartCharging(charge(driver, cp)),
        Step::Stop(driver, cp) => Command::StopCharging(StopCharging {
            charge: Some(charge(driver, cp)),
            session_id: String::new(),
            operator_id: None,
        }),
        Step::Meter(back, seq, register_mwh) => {
            let session_id = recent(reserved, back);
            let cp_id = cp_of(&session_id);
            let reading =
                MeterReading { session_id, cp_id, seq, register_mwh, power_w: 1, measured_at_ms: 0 };
            Command::RecordMeter(vec![reading])
        }
        Step::End(back, register_mwh, cause) => {
            let session_id = recent(reserved, back);
            let cp_id = cp_of(&session_id);
            Command::EndSupply(EndSupply { session_id, cp_id, register_mwh, cause, ended_at_ms: 0 })
        }
        Step::Register(cp) => fixtures::register(CHARGE_POINTS[cp], &format!("link-{count}")),
        Step::Disconnect(cp) => {
            let link_id = network.world.charge_points[CHARGE_POINTS[cp]].link_id.clone().unwrap_or_default();
            Command::Disconnect { cp_id: CHARGE_POINTS[cp].into(), link_id }
        }
        Step::Fault(cp) => Command::ReportFault(ReportFault {
            cp_id: CHARGE_POINTS[cp].into(),
            kind: FaultKind::EngineTimeout,
            message: "no answer".into(),
            register_mwh: None,
            session_id: String::new(),
        }),
        Step::ClearFault(cp) => Command::ClearFault { cp_id: CHARGE_POINTS[cp].into() },
        Step::InService(cp, in_service) => {
            Command::SetInService { cp_id: CHARGE_POINTS[cp].into(), in_service, operator_id: "ana".into() }
        }
        Step::Simulate(cp, kind) => {
            Command::SimulateError { cp_id: CHARGE_POINTS[cp].into(), kind, operator_id: "ana".into() }
        }
        Step::Fix(cp) => Command::FixError { cp_id: CHARGE_POINTS[cp].into(), operator_id: "ana".into() },
        Step::TopUp(driver, amount) => fixtures::top_up(DRIVERS[driver], &format!("t{count}"), amount),
        Step::Terminate(back) => Command::TerminateSession { session_id: recent(reserved, back) },
        Step::Pass(_) => unreachable!("time is no command"),
    }
}

fn check_invariants(network: &Network, before: &HashMap<String, Session>) -> Result<(), TestCaseError> {
    for (driver_id, driver) in &network.world.drivers {
        let entries = network.changes.ledger_entries.iter().filter(|entry| entry.driver_id == *driver_id);
        let sum: i64 = entries.map(|entry| entry.amount_micros).sum();
        prop_assert_eq!(driver.balance_micros, sum, "I3 for {}", driver_id);
        prop_assert!(driver.balance_micros >= 0);
        let open = network.world.sessions.values().filter(|s| s.is_open() && s.driver_id == *driver_id);
        let open: Vec<_> = open.map(|session| session.session_id.clone()).collect();
        prop_assert_eq!(
            &open,
            &driver.session_id.iter().cloned().collect::<Vec<_>>(),
            "I4 for {}",
            driver_id
        );
    }
    for (cp_id, charge_point) in &network.world.charge_points {
        let open = network.world.sessions.values().filter(|s| s.is_open() && s.cp_id == *cp_id);
        let open: Vec<_> = open.map(|session| session.session_id.clone()).collect();
        prop_assert_eq!(
            &open,
            &charge_point.session_id.iter().cloned().collect::<Vec<_>>(),
            "I4 for {}",
            cp_id
        );
        let occupant = charge_point.session_id.as_ref().map(|id| network.world.sessions[id].state);
        prop_assert_eq!(charge_point.status, crate::charge_point_state::status(charge_point, occupant));
    }
    for (session_id, session) in &network.world.sessions {
        let bills = network
            .changes
            .ledger_entries
            .iter()
            .filter(|e| e.session_id.as_ref() == Some(session_id))
            .count();
        let tickets = network.events("TICKET");
        let tickets = tickets.iter().filter(|ticket| ticket["ticket"]["session_id"] == **session_id).count();
        let billed = matches!(session.state, SessionState::Completed | SessionState::Interrupted);
        prop_assert_eq!(
            (bills, tickets),
            (usize::from(billed), usize::from(billed)),
            "I2 for {}",
            session_id
        );
        let waiting =
            matches!(session.state, SessionState::Reserved | SessionState::Starting | SessionState::Stopping);
        prop_assert!(!waiting || session.deadline_ms.is_some(), "I6 for {}", session_id);
        prop_assert!(session.cost_micros.unwrap_or_default() % MICROS_PER_CENT == 0);
        if let Some(old) = before.get(session_id) {
            prop_assert!(session.register_mwh >= old.register_mwh, "I7 for {}", session_id);
            prop_assert!(old.is_open() || session == old, "a final state moved: {}", session_id);
            prop_assert!(session.version == old.version + i64::from(session != old));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn invariants_hold_over_long_random_sequences(steps in prop::collection::vec(step(), 1..120)) {
        let mut network = Network { now_ms: 1_000_000, ..Network::default() };
        for cp_id in CHARGE_POINTS {
            network.run(fixtures::register(cp_id, "link-1")).unwrap();
        }
        for driver_id in DRIVERS {
            network.run(fixtures::create_driver(driver_id)).unwrap();
            network.run(fixtures::top_up(driver_id, "first", 20_000_000)).unwrap();
        }
        let mut reserved = Vec::new();
        for (count, step) in steps.iter().enumerate() {
            let before = network.world.sessions.clone();
            if let Step::Pass(elapsed_ms) = step {
                // Several things may fall due at once; versions are compared for single commands only.
                network.pass(*elapsed_ms);
                check_invariants(&network, &HashMap::new())?;
            } else {
                let command = command(step, &reserved, count, &network);
                let outcome = network.run(command);
                if let Ok(Reply::Reserved(session)) = outcome {
                    reserved.push(session.session_id.clone());
                }
                check_invariants(&network, &before)?;
            }
        }
    }

    /// The same records again, in any order of sessions, come to the same ledger: I7 and delivery at least once.
    #[test]
    fn doubled_and_late_readings_change_nothing_that_is_billed(
        registers in prop::collection::vec(1_000_i64..50_000_000, 1..30),
        repeats in prop::collection::vec(any::<prop::sample::Index>(), 0..30),
    ) {
        let mut registers = registers;
        registers.sort_unstable();
        let bill = |with_repeats: bool| {
            let mut network = Network::small();
            network.charge("s1");
            for (seq, register_mwh) in (1_i64..).zip(&registers) {
                network.meter("s1", seq, *register_mwh);
                if with_repeats {
                    for index in &repeats {
                        let old = index.index(usize::try_from(seq).unwrap());
                        network.meter("s1", i64::try_from(old).unwrap() + 1, registers[old]);
                    }
                }
            }
            network.end("s1", *registers.last().unwrap(), SupplyEndCause::Stopped).unwrap();
            network.session("s1").cost_micros
        };
        prop_assert_eq!(bill(true), bill(false));
    }
}
