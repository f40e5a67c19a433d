//! The session service is killed again and again in a busy network. Nothing is lost, nothing is billed twice, nothing stays stuck.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use evcharging_common::{
    pb::session::v1::{ListSessionsRequest, ListTicketsRequest},
    vocabulary::ChargePointStatus,
};
use evcharging_testkit::{Driver, NetworkOptions, Outcome, TestNetwork, eventually};
use rand::{RngExt, SeedableRng, rngs::StdRng};

const CHARGE_POINTS: usize = 4;
const DRIVERS: usize = 6;
const KILLS: usize = 6;

#[tokio::test(flavor = "multi_thread")]
async fn session_is_killed_at_random_moments() {
    let seed =
        std::env::var("EVCHARGING_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or_else(rand::random);
    println!("EVCHARGING_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);

    let mut network = TestNetwork::start().await;
    for n in 0..CHARGE_POINTS {
        network.add_charge_point(&format!("MAD-0{n}")).await;
    }
    let busy = Arc::new(AtomicBool::new(true));
    let charges = Arc::new(AtomicUsize::new(0));
    let tickets = Arc::new(Mutex::new(Vec::new()));
    let mut drivers = Vec::new();
    for n in 0..DRIVERS {
        let driver = network.add_numbered_driver(n).await;
        drivers.push(tokio::spawn(drive(driver, busy.clone(), charges.clone(), tickets.clone())));
    }

    for _ in 0..KILLS {
        let before = charges.load(Ordering::Relaxed);
        eventually("charges go on", async || (charges.load(Ordering::Relaxed) > before).then_some(())).await;
        tokio::time::sleep(Duration::from_millis(random.random_range(0..2_000))).await;
        network.session.restart();
        network.session.address();
    }
    busy.store(false, Ordering::Relaxed);
    for driver in drivers {
        driver.await.unwrap();
    }

    // All comes to rest by itself.
    let mut sessions = network.sessions();
    eventually("no session is open", async || {
        let request = ListSessionsRequest { open_only: true, ..Default::default() };
        sessions.list_sessions(request).await.ok()?.into_inner().sessions.is_empty().then_some(())
    })
    .await;
    for n in 0..CHARGE_POINTS {
        network.wait_for_status(&format!("MAD-0{n}"), ChargePointStatus::Available).await;
    }
    let mut ledger = network.ledger().await;
    ledger.check(&format!("EVCHARGING_SEED={seed}")).await;
    eventually("every event has left", async || {
        (ledger.number("SELECT COUNT(*) FROM outbox").await == 0).then_some(())
    })
    .await;

    // Each ticket that a driver got stands in the ledger, once, with the same cost.
    let kept =
        sessions.list_tickets(ListTicketsRequest { page_size: 1000, ..Default::default() }).await.unwrap();
    let kept: Vec<_> = kept.into_inner().tickets;
    let told = tickets.lock().unwrap();
    assert!(!told.is_empty());
    for (session_id, cost_micros) in told.iter() {
        let found: Vec<_> = kept.iter().filter(|ticket| ticket.session_id == *session_id).collect();
        assert_eq!(found.len(), 1, "EVCHARGING_SEED={seed}: ticket of {session_id}");
        assert_eq!(found[0].cost_micros, *cost_micros, "EVCHARGING_SEED={seed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_replica_leaves_is_done_by_the_other_and_no_session_ends() {
    let options = NetworkOptions { reservation_ms: Some(3_000), ..NetworkOptions::default() };
    let mut network = TestNetwork::start_with(options).await;
    for cp_id in ["MAD-00", "MAD-01"] {
        network.add_charge_point(cp_id).await;
    }
    let mut charging = network.add_numbered_driver(0).await;
    let session_id = charging.charge("MAD-00").await;
    let mut second = network.add_session_replica();
    second.wait_for_line("another replica was alive");

    let mut waiting = network.add_numbered_driver(1).await;
    waiting.reserve("MAD-01").await;
    network.session.kill();
    // The deadline passes while only the second lives: it moves the reservation on, and tells so.
    waiting.wait_for("RESERVATION_EXPIRED").await;
    let mut ledger = network.ledger().await;
    let open = "SELECT COUNT(*) FROM session_rows WHERE ended_at_ms IS NULL AND state = 'CHARGING'";
    assert_eq!(ledger.number(open).await, 1, "a replica that dies ends no session");

    // Back again, it finds the other alive and ends nothing either. The charge goes on to its ticket.
    network.session.restart();
    network.session.wait_for_line("another replica was alive");
    charging.stop("MAD-00").await;
    assert_eq!(charging.ticket().await.session_id, session_id);
    ledger.check("a replica died").await;
    eventually("every event has left", async || {
        (ledger.number("SELECT COUNT(*) FROM outbox").await == 0).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_come_and_go_in_the_middle_of_charges_lose_and_double_nothing() {
    const DRIVERS: usize = 6;
    let mut network = TestNetwork::start().await;
    let mut drivers = Vec::new();
    for number in 0..DRIVERS {
        network.add_charge_point(&format!("MAD-{number:02}")).await;
        drivers.push(network.add_numbered_driver(number).await);
    }
    for (number, driver) in drivers.iter_mut().enumerate() {
        driver.charge(&format!("MAD-{number:02}")).await;
    }
    // The partitions are divided anew while readings and requests come in: as replicas come, and as the first ones die.
    let mut authorization = network.add_authorization_replica();
    let mut telemetry = network.add_telemetry_replica();
    for driver in &mut drivers {
        driver.wait_for("CONSUMPTION_UPDATE").await;
    }
    network.authorization.kill();
    network.telemetry.kill();
    for (number, driver) in drivers.iter_mut().enumerate() {
        driver.stop(&format!("MAD-{number:02}")).await;
        driver.ticket().await;
        // Decided by the replica that is left, once the dead one's partitions are its own.
        driver.reserve(&format!("MAD-{number:02}")).await;
    }
    let mut ledger = network.ledger().await;
    ledger.check("replicas came and went").await;
    assert_eq!(ledger.number("SELECT COUNT(*) FROM session_rows WHERE cost_micros IS NOT NULL").await, 6);
    assert!(!authorization.has_ended() && !telemetry.has_ended());
}

/// Charges again and again until told to cease; whatever fails is tried anew.
async fn drive(
    mut driver: Driver,
    busy: Arc<AtomicBool>,
    charges: Arc<AtomicUsize>,
    tickets: Arc<Mutex<Vec<(String, i64)>>>,
) {
    while busy.load(Ordering::Relaxed) {
        let request_id = driver.request_limited("", Some(60_000)).await;
        let answer = driver.answer_to(&request_id).await;
        if !answer.authorized {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        }
        driver.start(&answer.cp_id).await;
        charges.fetch_add(1, Ordering::Relaxed);
        loop {
            match driver.outcome().await {
                Outcome::Ticket(ticket) => {
                    let is_mine = ticket.session_id == answer.session_id;
                    tickets.lock().unwrap().push((ticket.session_id, ticket.cost_micros));
                    if is_mine {
                        break;
                    }
                }
                Outcome::Failed { session_id, ticket_follows } => {
                    // A start that was refused names no session: its reservation had ended meanwhile.
                    if (session_id == answer.session_id || session_id.is_empty()) && !ticket_follows {
                        break;
                    }
                }
            }
        }
    }
}
