//! What every store must do, through the writer as users of it see it. A new store adds its opener below and nothing else.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use evcharging_common::{
    error::{Error, ErrorCode},
    shutdown::CancellationToken,
    vocabulary::{RefusalReason, SessionState},
};
use futures::future::join_all;

use super::{SqlStore, Store, test_database::TestDatabase};
use crate::{
    command::{Command, EndSupply, MeterReading, Reply, Reserve, SupplyEndCause},
    decide::Rules,
    fixtures,
    writer::Writer,
};

macro_rules! suite {
    ($($database:ident),+: $tests:tt) => {
        $(suite!(@one $database $tests);)+
    };
    (@one $database:ident [$($test:ident),+ $(,)?]) => {
        mod $database {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let database = super::TestDatabase::$database().await;
                super::$test(database.open().await, database.open().await).await;
            })+
        }
    };
}

suite!(sqlite, postgres, postgres18, mysql, mariadb: [
    a_charge_survives_in_the_rows,
    fifty_drivers_race_for_one_charge_point,
    one_driver_races_for_two_charge_points,
    any_never_picks_the_same_one_twice_at_once,
    a_repeated_request_gets_its_first_answer,
    a_refused_command_fails_alone,
    events_leave_in_the_order_of_decisions_and_once,
    an_event_that_comes_twice_takes_effect_once,
    what_is_due_is_found,
    replicas_see_each_other,
    a_lease_has_one_holder_until_it_runs_out,
    old_replies_are_removed,
    two_replicas_race_for_one_charge_point,
    two_replicas_bill_each_charge_once,
    batches_side_by_side_add_up,
    a_command_that_names_the_wrong_charge_point_still_meets_its_session,
    what_another_made_known_meanwhile_is_not_written_over,
]);

fn start(store: SqlStore) -> Writer {
    let rules = Rules { reservation_ms: 60_000, ..Rules::default() };
    Writer::start(store, rules, CancellationToken::new()).0
}

async fn prepare(writer: &Writer, charge_points: usize, drivers: usize) {
    let register = (0..charge_points).map(|n| fixtures::register(&format!("MAD-{n:02}"), "link"));
    let create = (0..drivers).map(|n| fixtures::create_driver(&format!("driver{n}")));
    let top_up = (0..drivers).map(|n| fixtures::top_up(&format!("driver{n}"), "first", 50_000_000));
    for command in register.chain(create).chain(top_up) {
        writer.execute(command).await.unwrap();
    }
}

fn end(session_id: &str, cp_id: &str, register_mwh: i64) -> Command {
    Command::EndSupply(EndSupply {
        session_id: session_id.into(),
        cp_id: cp_id.into(),
        register_mwh,
        cause: SupplyEndCause::Stopped,
        ended_at_ms: 0,
    })
}

fn reading(session_id: &str, cp_id: &str, seq: i64, register_mwh: i64) -> Command {
    let (session_id, cp_id) = (session_id.into(), cp_id.into());
    Command::RecordMeter(vec![MeterReading {
        session_id,
        cp_id,
        seq,
        register_mwh,
        power_w: 7,
        measured_at_ms: 0,
    }])
}

fn refusal(outcome: Result<Reply, Error>) -> Option<RefusalReason> {
    match outcome {
        Ok(Reply::Refused { reason, .. }) => Some(reason),
        Ok(Reply::Reserved(_)) => None,
        other => panic!("{other:?}"),
    }
}

async fn a_charge_survives_in_the_rows(store: SqlStore, other: SqlStore) {
    let writer = start(store);
    prepare(&writer, 1, 1).await;
    writer.execute(fixtures::reserve("s1", "driver0", "MAD-00")).await.unwrap();
    writer.execute(fixtures::start("driver0", "MAD-00")).await.unwrap();
    writer.execute(reading("s1", "MAD-00", 0, 1_000)).await.unwrap();
    let mut other = other;
    assert_eq!(other.open_sessions(10).await.unwrap(), ["s1"]);
    let Reply::Session(session) = writer.execute(end("s1", "MAD-00", 1_001_000)).await.unwrap() else {
        panic!()
    };
    assert_eq!((session.state, session.cost_micros), (SessionState::Interrupted, Some(400_000)));
    // Another connection sees what was answered.
    assert!(other.open_sessions(10).await.unwrap().is_empty());
    let keys = super::BatchKeys {
        session_ids: vec!["s1".into()],
        driver_ids: vec!["driver0".into()],
        cp_ids: vec!["MAD-00".into()],
        ..Default::default()
    };
    let loaded = other.begin(&keys).await.unwrap();
    other.roll_back().await;
    assert_eq!(loaded.world.sessions["s1"], *session);
    assert_eq!(loaded.world.drivers["driver0"].balance_micros, 49_600_000);
    assert_eq!(loaded.world.charge_points["MAD-00"].session_id, None);
}

async fn fifty_drivers_race_for_one_charge_point(store: SqlStore, _other: SqlStore) {
    let writer = start(store);
    prepare(&writer, 1, 50).await;
    let requests =
        (0..50).map(|n| writer.execute(fixtures::reserve(&format!("s{n}"), &format!("driver{n}"), "MAD-00")));
    let refusals: Vec<_> = join_all(requests).await.into_iter().map(refusal).collect();
    assert_eq!(refusals.iter().filter(|refusal| refusal.is_none()).count(), 1);
    assert!(refusals.iter().flatten().all(|reason| *reason == RefusalReason::CpReserved), "{refusals:?}");
}

async fn one_driver_races_for_two_charge_points(store: SqlStore, _other: SqlStore) {
    let writer = start(store);
    prepare(&writer, 2, 1).await;
    let requests =
        ["MAD-00", "MAD-01"].map(|cp_id| writer.execute(fixtures::reserve(cp_id, "driver0", cp_id)));
    let refusals: Vec<_> = join_all(requests).await.into_iter().map(refusal).collect();
    assert_eq!(refusals.iter().filter(|refusal| refusal.is_none()).count(), 1);
    assert!(refusals.contains(&Some(RefusalReason::DriverBusy)));
}

async fn any_never_picks_the_same_one_twice_at_once(store: SqlStore, _other: SqlStore) {
    let writer = start(store);
    prepare(&writer, 4, 6).await;
    let all: Vec<String> = (0..4).map(|n| format!("MAD-{n:02}")).collect();
    let requests = (0..6).map(|n| {
        let Command::Reserve(reserve) = fixtures::reserve(&format!("s{n}"), &format!("driver{n}"), "") else {
            panic!()
        };
        let any = Reserve { candidates: all.clone(), any: true, candidates_complete: true, ..reserve };
        writer.execute(Command::Reserve(any))
    });
    let mut picked = Vec::new();
    let mut refused = Vec::new();
    for outcome in join_all(requests).await {
        match outcome.unwrap() {
            Reply::Reserved(session) => picked.push(session.cp_id),
            Reply::Refused { reason, .. } => refused.push(reason),
            other => panic!("{other:?}"),
        }
    }
    picked.sort();
    assert_eq!(picked, all);
    assert_eq!(refused, [RefusalReason::NoCpAvailable; 2]);
}

async fn a_repeated_request_gets_its_first_answer(store: SqlStore, other: SqlStore) {
    let writer = start(store);
    prepare(&writer, 2, 1).await;
    let request = |session_id: &str, cp_id: &str| {
        let Command::Reserve(reserve) = fixtures::reserve(session_id, "driver0", cp_id) else { panic!() };
        Command::Reserve(Reserve { request_id: "r-1".into(), ..reserve })
    };
    let first = writer.execute(request("s1", "MAD-00")).await.unwrap();
    let again = writer.execute(request("s2", "MAD-00")).await.unwrap();
    assert_eq!(first, again);
    // Whoever writes next remembers it too.
    let second_writer = start(other);
    assert_eq!(second_writer.execute(request("s3", "MAD-00")).await.unwrap(), first);
    let conflict = second_writer.execute(request("s4", "MAD-01")).await.unwrap_err();
    assert_eq!((conflict.code, conflict.reason.as_ref()), (ErrorCode::AlreadyExists, "REQUEST_CONFLICT"));

    let again = writer.execute(fixtures::top_up("driver0", "first", 50_000_000)).await.unwrap();
    let Reply::Driver(driver) = again else { panic!("{again:?}") };
    assert_eq!(driver.balance_micros, 50_000_000);
    let conflict = writer.execute(fixtures::top_up("driver0", "first", 1)).await.unwrap_err();
    assert_eq!(conflict.reason, "REQUEST_CONFLICT");
}

async fn a_refused_command_fails_alone(store: SqlStore, _other: SqlStore) {
    let writer = start(store);
    prepare(&writer, 1, 1).await;
    let commands = [
        fixtures::start("driver0", "MAD-00"),
        fixtures::top_up("nobody", "t1", 1),
        fixtures::top_up("driver0", "t2", 1_000_000),
        fixtures::create_driver("driver9"),
    ];
    let outcomes = join_all(commands.map(|command| writer.execute(command))).await;
    let codes: Vec<_> =
        outcomes.iter().map(|outcome| outcome.as_ref().err().map(|error| error.code)).collect();
    assert_eq!(codes, [Some(ErrorCode::FailedPrecondition), Some(ErrorCode::NotFound), None, None]);
}

async fn events_leave_in_the_order_of_decisions_and_once(store: SqlStore, other: SqlStore) {
    let writer = start(store);
    prepare(&writer, 1, 1).await;
    writer.execute(fixtures::reserve("s1", "driver0", "MAD-00")).await.unwrap();
    writer.execute(fixtures::start("driver0", "MAD-00")).await.unwrap();
    writer.execute(reading("s1", "MAD-00", 0, 1_000)).await.unwrap();
    writer.execute(end("s1", "MAD-00", 2_000)).await.unwrap();
    let mut other = other;
    let waiting = other.waiting_events(100).await.unwrap();
    let of_the_driver: Vec<_> = waiting
        .iter()
        .filter(|event| event.record_key == "driver0")
        .map(|event| event.event_type.as_str())
        .collect();
    assert_eq!(of_the_driver, ["SESSION_STARTED", "SUPPLY_ERROR", "TICKET"]);
    let ids: std::collections::HashSet<_> = waiting.iter().map(|event| &event.event_id).collect();
    assert_eq!(ids.len(), waiting.len());

    writer.outbox_sent(waiting.iter().map(|event| event.outbox_id).collect()).await.unwrap();
    assert!(other.waiting_events(100).await.unwrap().is_empty());
}

async fn an_event_that_comes_twice_takes_effect_once(store: SqlStore, _other: SqlStore) {
    let writer = start(store);
    prepare(&writer, 1, 1).await;
    let start_event = || writer.execute_event(fixtures::start("driver0", "MAD-00"), Some("event-1".into()));
    // It made no sense when it happened,
    assert!(start_event().await.is_err());
    writer.execute(fixtures::reserve("s1", "driver0", "MAD-00")).await.unwrap();
    // and must not come to make sense when it is delivered again.
    assert_eq!(start_event().await, Ok(Reply::Done));
    let Reply::Session(session) = writer.execute(fixtures::start("driver0", "MAD-00")).await.unwrap() else {
        panic!()
    };
    assert_eq!(session.state, SessionState::Starting);
}

async fn what_is_due_is_found(store: SqlStore, other: SqlStore) {
    let writer = start(store);
    prepare(&writer, 1, 1).await;
    writer.execute(fixtures::reserve("s1", "driver0", "MAD-00")).await.unwrap();
    let mut other = other;
    let now_ms = evcharging_common::clock::now_ms();
    assert_eq!(other.due(now_ms, 10).await.unwrap(), super::Due::default());
    let later = other.due(now_ms + 120_000, 10).await.unwrap();
    assert_eq!((later.session_ids, later.cp_ids), (vec!["s1".to_owned()], vec!["MAD-00".to_owned()]));
    assert_eq!(other.connected_charge_points(10).await.unwrap(), [("MAD-00".to_owned(), "link".to_owned())]);
}

async fn replicas_see_each_other(store: SqlStore, other: SqlStore) {
    let (mut first, mut second) = (store, other);
    assert!(!first.renew_replica("a", 1_000, 7_000).await.unwrap());
    assert!(first.renew_replica("b", 2_000, 8_000).await.unwrap());
    assert!(!second.renew_replica("a", 9_000, 15_000).await.unwrap(), "b's lease has run out");
    second.release_replica("a").await.unwrap();
    assert!(!first.renew_replica("c", 9_000, 15_000).await.unwrap());
}

async fn a_lease_has_one_holder_until_it_runs_out(store: SqlStore, other: SqlStore) {
    let (mut first, mut second) = (store, other);
    assert!(first.claim_lease("work", "a", 1_000, 5_000).await.unwrap());
    assert!(!second.claim_lease("work", "b", 2_000, 6_000).await.unwrap());
    assert!(first.claim_lease("work", "a", 3_000, 7_000).await.unwrap());
    assert!(!second.claim_lease("work", "b", 6_000, 10_000).await.unwrap(), "it was renewed");
    assert!(second.claim_lease("other work", "b", 6_000, 10_000).await.unwrap());
    assert!(second.claim_lease("work", "b", 8_000, 12_000).await.unwrap(), "it has run out");
    assert!(!first.claim_lease("work", "a", 9_000, 13_000).await.unwrap());
    second.release_replica("b").await.unwrap();
    assert!(first.claim_lease("work", "a", 9_000, 13_000).await.unwrap());
}

async fn old_replies_are_removed(store: SqlStore, other: SqlStore) {
    let writer = start(store);
    prepare(&writer, 1, 3).await;
    let mut other = other;
    let now_ms = evcharging_common::clock::now_ms();
    assert_eq!(other.remove_recorded_before(now_ms - 60_000, 10).await.unwrap(), 0);
    assert_eq!(other.remove_recorded_before(now_ms + 60_000, 2).await.unwrap(), 2);
    assert_eq!(other.remove_recorded_before(now_ms + 60_000, 2).await.unwrap(), 1);
}

async fn two_replicas_race_for_one_charge_point(store: SqlStore, other: SqlStore) {
    let writers = [start(store), start(other)];
    prepare(&writers[0], 1, 20).await;
    let requests = (0..20).map(|n| {
        let request = fixtures::reserve(&format!("s{n}"), &format!("driver{n}"), "MAD-00");
        writers[n % 2].execute(request)
    });
    let refusals: Vec<_> = join_all(requests).await.into_iter().map(refusal).collect();
    assert_eq!(refusals.iter().filter(|refusal| refusal.is_none()).count(), 1, "{refusals:?}");
    assert!(refusals.iter().flatten().all(|reason| *reason == RefusalReason::CpReserved), "{refusals:?}");
}

/// Every command goes to both replicas at once: each takes effect once, and both give the same answer.
async fn two_replicas_bill_each_charge_once(store: SqlStore, mut other: SqlStore) {
    let third = other.another();
    let writers = [start(store), start(third)];
    prepare(&writers[0], 8, 8).await;
    for round in 0..4 {
        let charges = (0..8).map(|n| {
            let writers = &writers;
            async move {
                let (session_id, driver_id) = (format!("s{round}-{n}"), format!("driver{n}"));
                let cp_id = format!("MAD-{n:02}");
                let commands = [
                    fixtures::reserve(&session_id, &driver_id, &cp_id),
                    fixtures::start(&driver_id, &cp_id),
                    reading(&session_id, &cp_id, 0, 1_000),
                    end(&session_id, &cp_id, 1_001_000),
                ];
                for command in commands {
                    let twice = writers.each_ref().map(|writer| writer.execute(command.clone()));
                    for outcome in join_all(twice).await {
                        outcome.unwrap();
                    }
                }
            }
        });
        join_all(charges).await;
    }
    let keys =
        super::BatchKeys { driver_ids: (0..8).map(|n| format!("driver{n}")).collect(), ..Default::default() };
    let loaded = other.begin(&keys).await.unwrap();
    other.roll_back().await;
    // Four charges of 0.40 EUR each.
    assert!(loaded.world.drivers.values().all(|driver| driver.balance_micros == 50_000_000 - 4 * 400_000));
    assert_eq!(loaded.world.drivers.len(), 8);
    let tickets = other.waiting_events(10_000).await.unwrap();
    assert_eq!(tickets.iter().filter(|event| event.event_type == "TICKET").count(), 32);
}

/// Enough at a time for several batches, about the same drivers: some pay in while they charge.
async fn batches_side_by_side_add_up(store: SqlStore, mut other: SqlStore) {
    const DRIVERS: usize = 16;
    const TOP_UPS: usize = 40;
    let writer = start(store);
    prepare(&writer, DRIVERS, DRIVERS).await;
    let charges = (0..DRIVERS).map(|n| {
        let writer = &writer;
        async move {
            let (session_id, driver_id, cp_id) =
                (format!("s{n}"), format!("driver{n}"), format!("MAD-{n:02}"));
            writer.execute(fixtures::reserve(&session_id, &driver_id, &cp_id)).await.unwrap();
            writer.execute(fixtures::start(&driver_id, &cp_id)).await.unwrap();
            for seq in 0..20 {
                writer.execute(reading(&session_id, &cp_id, seq, seq * 50_000)).await.unwrap();
            }
            writer.execute(end(&session_id, &cp_id, 1_000_000)).await.unwrap();
        }
    });
    let top_ups = (0..DRIVERS * TOP_UPS).map(|n| {
        writer.execute(fixtures::top_up(&format!("driver{}", n % DRIVERS), &format!("t{n}"), 1_000_000))
    });
    let (_, topped_up) = tokio::join!(join_all(charges), join_all(top_ups));
    assert!(topped_up.iter().all(Result::is_ok));

    let driver_ids = (0..DRIVERS).map(|n| format!("driver{n}")).collect();
    let loaded = other.begin(&super::BatchKeys { driver_ids, ..Default::default() }).await.unwrap();
    other.roll_back().await;
    let expected = 50_000_000 + TOP_UPS as i64 * 1_000_000 - 400_000;
    let balances: Vec<i64> = loaded.world.drivers.values().map(|driver| driver.balance_micros).collect();
    assert_eq!(balances, [expected; DRIVERS]);
}

async fn a_command_that_names_the_wrong_charge_point_still_meets_its_session(
    store: SqlStore,
    _other: SqlStore,
) {
    let writer = start(store);
    prepare(&writer, 2, 1).await;
    writer.execute(fixtures::reserve("s1", "driver0", "MAD-00")).await.unwrap();
    let elsewhere = writer.execute(fixtures::start("driver0", "MAD-01")).await.unwrap_err();
    assert_eq!(elsewhere.code, ErrorCode::FailedPrecondition, "{elsewhere}");
    writer.execute(fixtures::start("driver0", "MAD-00")).await.unwrap();
    let outcome = writer.execute(reading("s1", "MAD-01", 0, 1_000)).await;
    assert_eq!(outcome, Ok(Reply::Meter(vec![Some("WRONG_CP".to_owned())])));
    let outcome = writer.execute(reading("s1", "MAD-00", 0, 1_000)).await;
    assert_eq!(outcome, Ok(Reply::Meter(vec![None])));
}

async fn what_another_made_known_meanwhile_is_not_written_over(mut store: SqlStore, other: SqlStore) {
    if store.transactions_at_a_time() == 1 {
        // Nobody else writes meanwhile.
        return;
    }
    let keys = super::BatchKeys { driver_ids: vec!["driver0".into()], ..Default::default() };
    assert!(store.begin(&keys).await.unwrap().world.drivers.is_empty());
    prepare(&start(other), 0, 1).await;
    let driver = crate::entities::Driver {
        driver_id: "driver0".into(),
        name: String::new(),
        blocked: false,
        balance_micros: 0,
        session_id: None,
        version: 1,
    };
    let writes = super::BatchWrites { new_drivers: vec![&driver], ..Default::default() };
    let late = store.commit(&writes).await.unwrap_err();
    assert_eq!((late.code, late.reason.as_ref()), (ErrorCode::Aborted, "CONFLICT"));
    store.roll_back().await;
    assert_eq!(store.begin(&keys).await.unwrap().world.drivers["driver0"].balance_micros, 50_000_000);
    store.roll_back().await;
}
