#![allow(clippy::unwrap_used, clippy::expect_used)]

use evcharging_common::{clock::to_timestamp, pb::events::v1 as events};

use super::*;

/// When every charge here begins; its request expires 30 s later.
const BEGIN_MS: i64 = 1_000_000;
const EXPIRES_MS: i64 = BEGIN_MS + 30_000;
const RESERVED_UNTIL_MS: i64 = BEGIN_MS + 31_000;

fn begin(target: Target) -> Charge {
    let request = Request { line: 1, cp_id: None, target };
    let (charge, reaction) = Charge::begin("driver1", "r-1".into(), &request, EXPIRES_MS, BEGIN_MS);
    assert_eq!(reaction.send, Some(Outgoing::Request));
    charge
}

fn answer(request_id: &str, authorized: bool) -> Input {
    Input::Heard(Notification::AuthorizationResponse(events::AuthorizationResponse {
        request_id: request_id.into(),
        driver_id: "driver1".into(),
        authorized,
        cp_id: "MAD-01".into(),
        reserved_until: authorized.then(|| to_timestamp(RESERVED_UNTIL_MS)),
        reason: if authorized { String::new() } else { "CP_OCCUPIED".into() },
        message: if authorized { String::new() } else { "taken".into() },
        session_id: if authorized { "s-1".into() } else { String::new() },
    }))
}

fn started(session_id: &str) -> Input {
    Input::Heard(Notification::SessionStarted(events::SessionStarted {
        session_id: session_id.into(),
        ..Default::default()
    }))
}

fn reading(session_id: &str, energy_mwh: i64) -> Input {
    Input::Heard(Notification::ConsumptionUpdate(events::ConsumptionUpdate {
        session_id: session_id.into(),
        energy_mwh,
        cost_micros: energy_mwh / 2,
        ..Default::default()
    }))
}

fn supply_error(session_id: &str, ticket_follows: bool) -> Input {
    Input::Heard(Notification::SupplyError(events::SupplyError {
        session_id: session_id.into(),
        reason: "FAULT".into(),
        message: "the charge point broke".into(),
        ticket_follows,
        ..Default::default()
    }))
}

fn ticket(session_id: &str, end_reason: &str) -> Input {
    Input::Heard(Notification::Ticket(events::Ticket {
        session_id: session_id.into(),
        energy_mwh: 2_000,
        cost_micros: 10_000,
        end_reason: end_reason.into(),
        ..Default::default()
    }))
}

fn expired(request_id: &str) -> Input {
    Input::Heard(Notification::ReservationExpired(events::ReservationExpired {
        request_id: request_id.into(),
        ..Default::default()
    }))
}

fn cp_error(cp_id: &str) -> Input {
    Input::Heard(Notification::CpError(events::CpError { cp_id: cp_id.into(), ..Default::default() }))
}

fn cp_fixed(cp_id: &str) -> Input {
    Input::Heard(Notification::CpFixed(events::CpFixed { cp_id: cp_id.into(), ..Default::default() }))
}

fn delivered(outgoing: Outgoing) -> Input {
    Input::Delivered(outgoing)
}

/// Plays inputs at seconds after the begin; what was shown (by name) and sent, in order.
fn play(charge: &mut Charge, inputs: &[(i64, Input)]) -> (Vec<String>, Vec<Outgoing>) {
    let (mut shown, mut sent) = (Vec::new(), Vec::new());
    for (second, input) in inputs {
        let reaction = charge.on(input.clone(), BEGIN_MS + second * 1_000);
        for step in reaction.steps {
            let json = serde_json::to_value(&step).unwrap();
            shown.push(json["step"].as_str().unwrap().to_owned());
        }
        sent.extend(reaction.send);
    }
    (shown, sent)
}

fn result(charge: &Charge) -> Option<ChargeResult> {
    charge.outcome().map(|outcome| outcome.result)
}

/// Up to a supply that began at second 2.
fn charging(target: Target) -> Charge {
    let mut charge = begin(target);
    let inputs = [
        (0, delivered(Outgoing::Request)),
        (1, answer("r-1", true)),
        (1, delivered(Outgoing::Start)),
        (2, started("s-1")),
    ];
    let (shown, sent) = play(&mut charge, &inputs);
    assert_eq!(shown, ["authorized", "supply_started"]);
    assert_eq!(sent, [Outgoing::Start]);
    charge
}

#[test]
fn a_charge_goes_from_request_to_ticket() {
    let mut charge = charging(Target::EnergyMwh(2_000));
    let (shown, sent) = play(
        &mut charge,
        &[(3, reading("s-1", 1_000)), (4, reading("s-1", 2_000)), (5, ticket("s-1", "TARGET_REACHED"))],
    );
    assert_eq!(shown, ["consumption", "consumption", "ticket"]);
    assert!(sent.is_empty());
    let outcome = charge.outcome().unwrap();
    assert_eq!(
        (outcome.result, outcome.energy_mwh, outcome.cost_micros),
        (ChargeResult::Completed, 2_000, 10_000)
    );
    assert_eq!(outcome.cp_id.as_deref(), Some("MAD-01"));
}

#[test]
fn every_end_has_its_result() {
    use ChargeResult::{Cancelled, Completed, Failed, Interrupted, Refused};
    type Case = (&'static str, fn() -> Charge, Vec<(i64, Input)>, ChargeResult, &'static [&'static str]);
    let asking: fn() -> Charge = || begin(Target::Full);
    let flowing: fn() -> Charge = || charging(Target::Full);
    let starting: fn() -> Charge = || {
        let mut charge = begin(Target::Full);
        play(&mut charge, &[(1, answer("r-1", true))]);
        charge
    };
    let request_sent = (0, delivered(Outgoing::Request));
    let cases: Vec<Case> = vec![
        ("refused", asking, vec![(1, answer("r-1", false))], Refused, &["refused"]),
        ("never sent", asking, vec![(29, Input::Tick), (30, Input::Tick)], Failed, &["failed"]),
        (
            "no answer",
            asking,
            vec![request_sent.clone(), (34, Input::Tick), (35, Input::Tick)],
            Failed,
            &["failed"],
        ),
        ("expired unanswered", asking, vec![(30, expired("r-1"))], Failed, &["reservation_expired"]),
        ("no start", starting, vec![(60, Input::Tick), (61, Input::Tick)], Failed, &["failed"]),
        ("expired", starting, vec![(32, expired("r-1"))], Failed, &["reservation_expired"]),
        ("start refused", starting, vec![(3, supply_error("s-1", false))], Failed, &["supply_error"]),
        ("start not heard", starting, vec![(3, ticket("s-1", "DRIVER_STOPPED"))], Completed, &["ticket"]),
        ("operator", flowing, vec![(9, ticket("s-1", "OPERATOR_STOPPED"))], Completed, &["ticket"]),
        ("balance", flowing, vec![(9, ticket("s-1", "BALANCE_EXHAUSTED"))], Completed, &["ticket"]),
        ("service ended", flowing, vec![(9, ticket("s-1", "OUT_OF_SERVICE"))], Interrupted, &["ticket"]),
        (
            "fault",
            flowing,
            vec![(9, supply_error("s-1", true)), (10, ticket("s-1", "FAULT"))],
            Interrupted,
            &["supply_error", "ticket"],
        ),
        (
            "fault without its ticket",
            flowing,
            vec![(9, supply_error("s-1", true)), (38, Input::Tick), (39, Input::Tick)],
            Failed,
            &["supply_error", "failed"],
        ),
        ("left before sending", asking, vec![(2, Input::StopAsked)], Cancelled, &["cancelled"]),
        (
            "left without an answer",
            asking,
            vec![request_sent.clone(), (2, Input::StopAsked), (11, Input::Tick), (12, Input::Tick)],
            Cancelled,
            &["stopping", "cancelled"],
        ),
        (
            "left and refused",
            asking,
            vec![request_sent, (2, Input::StopAsked), (3, answer("r-1", false))],
            Refused,
            &["stopping", "refused"],
        ),
        (
            "left before the supply",
            starting,
            vec![(2, Input::StopAsked), (3, supply_error("s-1", false))],
            Cancelled,
            &["stopping", "cancelled"],
        ),
    ];
    for (name, make, inputs, expected, steps) in cases {
        let mut charge = make();
        let (last, before) = inputs.split_last().unwrap();
        let (mut shown, _) = play(&mut charge, before);
        assert_eq!(result(&charge), None, "{name}: too early");
        shown.extend(play(&mut charge, std::slice::from_ref(last)).0);
        assert_eq!(result(&charge), Some(expected), "{name}");
        assert_eq!(shown, steps, "{name}");
        assert_eq!(charge.wake_at_ms(), None, "{name}");
        assert_eq!(
            charge.on(ticket("s-1", "FAULT").clone(), BEGIN_MS + 99_000),
            Reaction::default(),
            "{name}"
        );
    }
}

#[test]
fn what_belongs_to_others_or_was_told_already_changes_nothing() {
    let mut asking = begin(Target::Full);
    let strange = [
        answer("r-0", true),
        answer("r-0", false),
        started("s-1"),
        started(""),
        reading("", 5),
        ticket("", "FAULT"),
        supply_error("", false),
        expired("r-0"),
        cp_error("MAD-01"),
    ];
    for input in strange {
        assert_eq!(asking.on(input.clone(), BEGIN_MS), Reaction::default(), "{input:?}");
    }

    let mut flowing = charging(Target::Full);
    play(&mut flowing, &[(3, reading("s-1", 1_000))]);
    let strange = [
        answer("r-1", true),
        answer("r-1", false),
        started("s-1"),
        started("s-0"),
        reading("s-0", 2_000),
        reading("s-1", 1_000),
        reading("s-1", 999),
        ticket("s-0", "FAULT"),
        supply_error("s-0", false),
        expired("r-1"),
        cp_error("MAD-02"),
        cp_fixed("MAD-01"),
        delivered(Outgoing::Start),
        Input::Tick,
    ];
    for input in strange {
        assert_eq!(flowing.on(input.clone(), BEGIN_MS + 4_000), Reaction::default(), "{input:?}");
    }
    let problems =
        [(5, cp_error("MAD-01")), (5, cp_error("MAD-01")), (6, cp_fixed("MAD-01")), (6, cp_fixed("MAD-01"))];
    assert_eq!(play(&mut flowing, &problems).0, ["cp_error", "cp_fixed"]);
    assert_eq!(result(&flowing), None);

    play(&mut flowing, &[(9, supply_error("s-1", true))]);
    assert_eq!(play(&mut flowing, &[(9, supply_error("s-1", true)), (9, reading("s-1", 9_000))]).0, [""; 0]);
}

#[test]
fn a_time_of_supply_ends_with_a_stop_and_a_ticket() {
    let mut charge = charging(Target::TimeMs(8_000));
    assert_eq!(charge.wake_at_ms(), Some(BEGIN_MS + 10_000), "the time counts from the supply's begin");
    let (shown, sent) = play(&mut charge, &[(9, Input::Tick), (10, Input::Tick), (11, Input::Tick)]);
    assert_eq!(shown, ["stopping"]);
    assert_eq!(sent, [Outgoing::Stop]);
    let (shown, _) = play(
        &mut charge,
        &[
            (100, Input::Tick),
            (110, delivered(Outgoing::Stop)),
            (111, reading("s-1", 10)),
            (139, Input::Tick),
            (139, ticket("s-1", "DRIVER_STOPPED")),
        ],
    );
    assert_eq!(shown, ["consumption", "ticket"], "while Kafka is away the stop keeps trying");
    assert_eq!(result(&charge), Some(ChargeResult::Completed));
}

#[test]
fn a_stop_without_a_ticket_fails_after_thirty_seconds() {
    let mut charge = charging(Target::TimeMs(1_000));
    play(&mut charge, &[(3, Input::Tick), (4, delivered(Outgoing::Stop)), (33, Input::Tick)]);
    assert_eq!(result(&charge), None);
    assert_eq!(play(&mut charge, &[(34, Input::Tick)]).0, ["failed"]);
}

#[test]
fn silence_is_told_once_and_the_charge_goes_on() {
    let mut charge = charging(Target::Full);
    play(&mut charge, &[(3, reading("s-1", 1))]);
    assert_eq!(charge.wake_at_ms(), Some(BEGIN_MS + 18_000));
    let (shown, _) = play(&mut charge, &[(17, Input::Tick), (18, Input::Tick), (90, Input::Tick)]);
    assert_eq!(shown, ["no_reading"]);
    let (shown, _) = play(&mut charge, &[(91, reading("s-1", 2)), (106, Input::Tick)]);
    assert_eq!(shown, ["consumption", "no_reading"]);
    assert_eq!(result(&charge), None);
}

#[test]
fn who_leaves_while_waiting_gives_the_reservation_back() {
    for confirmed in [true, false] {
        let mut charge = begin(Target::Full);
        let inputs = [(0, delivered(Outgoing::Request)), (1, Input::StopAsked), (2, answer("r-1", true))];
        let (shown, sent) = play(&mut charge, &inputs);
        assert_eq!(shown, ["stopping", "authorized", "stopping"]);
        assert_eq!(sent, [Outgoing::Stop], "it never starts");
        play(&mut charge, &[(3, delivered(Outgoing::Stop)), (7, Input::Tick)]);
        assert_eq!(result(&charge), None);
        let end = if confirmed { (7, expired("r-1")) } else { (8, Input::Tick) };
        assert_eq!(play(&mut charge, &[end]).0, ["cancelled"]);
        assert_eq!(result(&charge), Some(ChargeResult::Cancelled));
    }
}

#[test]
fn who_leaves_while_it_starts_or_flows_stops_it_and_waits_for_the_ticket() {
    let mut starting = begin(Target::Full);
    play(&mut starting, &[(1, answer("r-1", true))]);
    let inputs =
        [(2, Input::StopAsked), (2, Input::StopAsked), (3, delivered(Outgoing::Stop)), (20, started("s-1"))];
    let (shown, sent) = play(&mut starting, &inputs);
    assert_eq!(
        (shown, sent),
        (vec!["stopping".to_owned(), "supply_started".to_owned()], vec![Outgoing::Stop])
    );
    play(&mut starting, &[(49, Input::Tick)]);
    assert_eq!(result(&starting), None, "a start that was late owes its ticket from then on");
    play(&mut starting, &[(49, ticket("s-1", "DRIVER_STOPPED"))]);
    assert_eq!(result(&starting), Some(ChargeResult::Completed));

    let mut flowing = charging(Target::Full);
    assert_eq!(play(&mut flowing, &[(3, Input::StopAsked)]).1, [Outgoing::Stop]);
    play(&mut flowing, &[(4, ticket("s-1", "DRIVER_STOPPED"))]);
    assert_eq!(result(&flowing), Some(ChargeResult::Completed));
}

#[test]
fn an_answer_counts_as_proof_that_the_request_was_sent() {
    let mut charge = begin(Target::Full);
    assert!(!charge.is_request_delivered());
    play(&mut charge, &[(29, answer("r-1", false))]);
    assert!(charge.is_request_delivered());
}
