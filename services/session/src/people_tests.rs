//! Users, token keys, wishes for money and hours, on every database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use evcharging_common::{
    clock,
    error::{Error, ErrorCode},
    ids, password,
    pb::types::v1::TopUpState,
    read_model::{Filter, PageRequest, ReadModel},
    shutdown::CancellationToken,
    vocabulary::Role,
};

use super::People;
use crate::{
    command::{Command, EndSupply, MeterReading, SupplyEndCause},
    decide::Rules,
    fixtures,
    store::{PeopleStore, TopUpDecision, test_database::TestDatabase},
    writer::Writer,
};

macro_rules! on_every_database {
    ($($test:ident),+ $(,)?) => {
        on_every_database!(@each sqlite [$($test)+] postgres [$($test)+] postgres18 [$($test)+] mysql [$($test)+] mariadb [$($test)+]);
    };
    (@each $($database:ident [$($test:ident)+])+) => {
        $(mod $database {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                let database = super::TestDatabase::$database().await;
                super::$test(super::people(&database).await).await;
            })+
        })+
    };
}

on_every_database!(
    a_user_is_made_changed_and_left_alone,
    a_driver_needs_to_be_known_before_it_may_log_in,
    a_key_is_known_until_it_has_run_out,
    a_wish_is_credited_once,
    a_credit_that_was_cut_off_is_completed_and_not_doubled,
    a_wish_that_can_not_be_credited_waits_on,
    a_user_is_forgotten,
    a_wish_is_decided_one_way,
    wishes_are_bounded_and_their_ids_are_their_own,
    hours_add_up_to_their_tickets,
);

async fn people(database: &TestDatabase) -> People {
    let rules = Rules { reservation_ms: 60_000, ..Rules::default() };
    let writer = Writer::start(database.open().await, rules, CancellationToken::new()).0;
    for command in [
        fixtures::register("MAD-01", "link"),
        fixtures::create_driver("ana"),
        fixtures::create_driver("bea"),
        fixtures::top_up("ana", "first", 50_000_000),
    ] {
        writer.execute(command).await.unwrap();
    }
    People {
        store: PeopleStore::open_lazily(&database.url).unwrap(),
        read_model: ReadModel::open_lazily(&database.url).unwrap(),
        writer,
    }
}

impl People {
    async fn balance(&self, driver_id: &str) -> i64 {
        self.read_model.driver(driver_id).await.unwrap().unwrap().balance_micros
    }
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Error>) -> ErrorCode {
    outcome.unwrap_err().code
}

async fn a_user_is_made_changed_and_left_alone(people: People) {
    let password = || "a long one".to_owned();
    assert!(people.set_user("olga", Role::Operator, password(), false).await.unwrap());
    let first = people.read_model.user("olga").await.unwrap().unwrap();
    assert_eq!(first.role, Role::Operator);
    assert!(password::is_right(password(), Some(first.password_hash.clone())).await.unwrap());
    assert!(!people.set_user("olga", Role::Admin, "another".to_owned(), true).await.unwrap());
    let left = people.read_model.user("olga").await.unwrap().unwrap();
    assert_eq!((left.role, &left.password_hash), (Role::Operator, &first.password_hash));
    assert!(people.set_user("olga", Role::Admin, "another".to_owned(), false).await.unwrap());
    let changed = people.read_model.user("olga").await.unwrap().unwrap();
    assert_eq!(changed.role, Role::Admin);
    assert!(changed.changed_at_ms >= first.changed_at_ms);
    assert!(!password::is_right(password(), Some(changed.password_hash)).await.unwrap());
}

async fn a_driver_needs_to_be_known_before_it_may_log_in(people: People) {
    let password = || "a long one".to_owned();
    assert_eq!(code(people.set_user("nobody", Role::Driver, password(), false).await), ErrorCode::NotFound);
    assert!(people.set_user("ana", Role::Driver, password(), false).await.unwrap());
}

async fn a_key_is_known_until_it_has_run_out(people: People) {
    let now_ms = clock::now_ms();
    people.store.add_token_key("old", &[1; 32], now_ms - 1_000, now_ms - 2_000).await.unwrap();
    people.store.add_token_key("new", &[2; 32], now_ms + 60_000, now_ms).await.unwrap();
    people.store.add_token_key("new", &[3; 32], now_ms + 60_000, now_ms).await.unwrap();
    let keys = people.read_model.token_keys().await.unwrap();
    let [key] = keys.as_slice() else { panic!("{keys:?}") };
    assert_eq!((key.key_id.as_str(), key.public_key.as_slice()), ("new", &[2; 32][..]), "the first stays");
    assert_eq!(key.until_ms, now_ms + 60_000);
}

async fn a_wish_is_credited_once(people: People) {
    let wished = people.request_top_up("t1", "ana", 20_000_000).await.unwrap();
    assert_eq!((wished.state(), wished.decided_at_ms), (TopUpState::Requested, None));
    assert_eq!(people.balance("ana").await, 50_000_000, "a wish is no money yet");
    for _ in 0..2 {
        let decided = people.decide_top_up("t1", true, "olga").await.unwrap();
        assert_eq!((decided.state(), decided.decided_by.as_str()), (TopUpState::Approved, "olga"));
        assert!(decided.decided_at_ms.is_some());
        let told = people.read_model.events(&Filter::default(), &PageRequest::first(1)).await.unwrap();
        assert_eq!((told.items[0].kind.as_str(), told.items[0].actor.as_str()), ("TOPPED_UP", "olga"));
        assert_eq!(people.balance("ana").await, 70_000_000);
    }
}

async fn a_credit_that_was_cut_off_is_completed_and_not_doubled(people: People) {
    for (top_up_id, was_credited) in [("before", false), ("after", true)] {
        let before = people.balance("ana").await;
        people.request_top_up(top_up_id, "ana", 5_000_000).await.unwrap();
        people.store.decide_top_up(top_up_id, TopUpDecision::Crediting, "olga", 1).await.unwrap();
        if was_credited {
            let top_up_id = format!("wish:{top_up_id}");
            people.writer.execute(fixtures::top_up("ana", &top_up_id, 5_000_000)).await.unwrap();
        }
        // Here the process ended.
        let waiting = people.read_model.top_up(top_up_id).await.unwrap().unwrap();
        assert_eq!(waiting.state(), TopUpState::Requested, "it still waits for an operator");
        assert_eq!(code(people.decide_top_up(top_up_id, false, "olga").await), ErrorCode::FailedPrecondition);
        let decided = people.decide_top_up(top_up_id, true, "oleg").await.unwrap();
        assert_eq!(decided.state(), TopUpState::Approved);
        assert_eq!(people.balance("ana").await, before + 5_000_000);
    }
}

async fn a_wish_that_can_not_be_credited_waits_on(people: People) {
    // A balance has a limit, and somebody who tops up by hand may use the id of a wish.
    people.writer.execute(fixtures::top_up("ana", "t1", 1_000_000)).await.unwrap();
    people.request_top_up("t1", "ana", 90_000 * 1_000_000).await.unwrap();
    for number in 0..10 {
        let top_up_id = format!("fill-{number}");
        people.writer.execute(fixtures::top_up("ana", &top_up_id, 95_000 * 1_000_000)).await.unwrap();
    }
    let before = people.balance("ana").await;
    for _ in 0..2 {
        let refused = people.decide_top_up("t1", true, "olga").await.unwrap_err();
        assert_eq!(refused.reason, "BALANCE_TOO_HIGH");
    }
    assert_eq!(people.balance("ana").await, before);
    assert_eq!(people.decide_top_up("t1", false, "olga").await.unwrap().state(), TopUpState::Declined);
}

async fn a_user_is_forgotten(people: People) {
    people.set_user("olga", Role::Operator, "a long one".to_owned(), false).await.unwrap();
    people.remove_user("olga").await.unwrap();
    assert!(people.read_model.user("olga").await.unwrap().is_none());
    assert_eq!(code(people.remove_user("olga").await), ErrorCode::NotFound);
}

async fn a_wish_is_decided_one_way(people: People) {
    people.request_top_up("t1", "ana", 20_000_000).await.unwrap();
    assert_eq!(people.decide_top_up("t1", false, "olga").await.unwrap().state(), TopUpState::Declined);
    assert_eq!(people.decide_top_up("t1", false, "oleg").await.unwrap().decided_by, "olga");
    let refused = people.decide_top_up("t1", true, "oleg").await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::FailedPrecondition);
    assert!(refused.message.contains("olga"), "{refused}");
    assert_eq!(people.balance("ana").await, 50_000_000);
    assert_eq!(code(people.decide_top_up("none", true, "olga").await), ErrorCode::NotFound);
}

async fn wishes_are_bounded_and_their_ids_are_their_own(people: People) {
    for number in 0..10 {
        people.request_top_up(&format!("t{number}"), "ana", 1_000_000).await.unwrap();
    }
    assert_eq!(code(people.request_top_up("t10", "ana", 1_000_000).await), ErrorCode::ResourceExhausted);
    people.request_top_up("t9", "ana", 1_000_000).await.unwrap();
    assert_eq!(code(people.request_top_up("t9", "ana", 2_000_000).await), ErrorCode::AlreadyExists);
    assert_eq!(code(people.request_top_up("t9", "bea", 1_000_000).await), ErrorCode::AlreadyExists);
    assert_eq!(code(people.request_top_up("x", "nobody", 1_000_000).await), ErrorCode::NotFound);
    people.request_top_up("beas", "bea", 1_000_000).await.unwrap();
    people.decide_top_up("t0", true, "olga").await.unwrap();
    let anas = people.read_model.top_ups("ana").await.unwrap();
    assert_eq!(anas.len(), 10);
    assert_eq!(anas.last().unwrap().top_up_id, "t0", "what waits comes first");
    assert_eq!(people.read_model.top_ups("").await.unwrap().len(), 11);
}

async fn hours_add_up_to_their_tickets(people: People) {
    let from_ms = clock::now_ms() - 3_600_000;
    assert!(people.read_model.hours(from_ms).await.unwrap().is_empty());
    for energy_mwh in [1_000_000, 2_500_000] {
        // Real ids, as hours are looked up by them.
        let session_id = ids::new_id();
        let reading = MeterReading {
            session_id: session_id.clone(),
            cp_id: "MAD-01".into(),
            seq: 0,
            register_mwh: 7_000,
            power_w: 7,
            measured_at_ms: 0,
        };
        let end = EndSupply {
            session_id: session_id.clone(),
            cp_id: "MAD-01".into(),
            register_mwh: 7_000 + energy_mwh,
            cause: SupplyEndCause::Stopped,
            ended_at_ms: clock::now_ms(),
        };
        for command in [
            fixtures::reserve(&session_id, "ana", "MAD-01"),
            fixtures::start("ana", "MAD-01"),
            Command::RecordMeter(vec![reading]),
            Command::EndSupply(end),
        ] {
            people.writer.execute(command).await.unwrap();
        }
    }
    // Nothing was supplied, so it is no ticket.
    people.writer.execute(fixtures::reserve(&ids::new_id(), "ana", "MAD-01")).await.unwrap();
    let hours = people.read_model.hours(from_ms).await.unwrap();
    let sum = |of: fn(&evcharging_common::pb::types::v1::Hour) -> i64| hours.iter().map(of).sum::<i64>();
    assert_eq!(sum(|hour| hour.tickets), 2);
    assert_eq!(sum(|hour| hour.energy_mwh), 3_500_000);
    assert_eq!(sum(|hour| hour.cost_micros), 1_400_000);
    assert!(hours.iter().all(|hour| hour.from_ms % 3_600_000 == 0 && hour.from_ms <= clock::now_ms()));
}
