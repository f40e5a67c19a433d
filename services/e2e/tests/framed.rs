//! The framed protocol, as those speak it who have nothing else: foreign charge points and drivers, and those who speak it badly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{path::Path, time::Duration};

use evcharging_common::vocabulary::ChargePointStatus;
use evcharging_testkit::{FramedPeer, NetworkOptions, Process, TestNetwork};

const KEY: &str = "the-key-of-a-foreign-one";

async fn network() -> TestNetwork {
    TestNetwork::start_with(NetworkOptions { framed: true, ..NetworkOptions::default() }).await
}

/// A charge point of somebody else's, linked and told to supply nothing.
fn foreign_charge_point(network: &TestNetwork, cp_id: &str) -> FramedPeer {
    let mut charge_point = FramedPeer::connect(network.address("gateway"));
    charge_point.say_taken(&format!("REG#{cp_id}#Calle Mayor 1, Madrid#0.40"));
    charge_point.say_taken(&format!("AUTH#{cp_id}#{KEY}"));
    charge_point
}

fn field(payload: &str, number: usize) -> String {
    payload.split('#').nth(number).unwrap_or_else(|| panic!("{payload} has no field {number}")).to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_driver_and_a_charge_point_by_bare_frames() {
    let network = network().await;
    network.create_numbered_driver(1).await;
    let mut charge_point = foreign_charge_point(&network, "FOR-01");
    charge_point.wait_for("STOP#");
    charge_point.say_taken("RECOVERED#FOR-01");
    network.wait_for_status("FOR-01", ChargePointStatus::Available).await;

    let mut driver = FramedPeer::connect(network.address("gateway"));
    driver.say_taken("REQ#driver1#FOR-01");
    let authorized = driver.wait_for("AUTHORIZED#FOR-01#");
    assert_eq!(authorized.split('#').count(), 3, "{authorized}");
    let start = charge_point.wait_for("START#");
    assert_eq!(
        (field(&start, 2).as_str(), start.split('#').count()),
        ("driver1", 4),
        "no trace is told: {start}"
    );
    let session_id = field(&start, 1);
    charge_point.say_taken(&format!("TELEM#FOR-01#{session_id}#0#1000#0"));
    assert_eq!(field(&driver.wait_for("START#"), 1), session_id);
    charge_point.say_taken(&format!("TELEM#FOR-01#{session_id}#1#101000#22000"));
    assert_eq!(driver.wait_for("TELEM#"), format!("TELEM#FOR-01#{session_id}#1#100000#22000"));
    // Another request is denied, and the charge is still the one that a stop ends.
    driver.say_taken("REQ#driver1#FOR-01");
    assert_eq!(driver.wait_for("DENIED"), "DENIED#DRIVER_BUSY");
    driver.say_taken(&format!("STOP#{session_id}"));
    assert_eq!(charge_point.wait_for("STOP#"), format!("STOP#{session_id}"));
    charge_point.say_taken(&format!("TELEM#FOR-01#{session_id}#2#251000#0"));
    charge_point.say_taken(&format!("STOP#{session_id}#STOPPED"));
    let ticket = driver.wait_for("TICKET#");
    assert!(ticket.starts_with(&format!("TICKET#{session_id}#0.25#0.10#")), "{ticket}");
    assert_eq!(ticket.split('#').count(), 5, "{ticket}");
    network.wait_for_status("FOR-01", ChargePointStatus::Available).await;
    network.ledger().await.check("by frames").await;

    // What is refused says why, and the conversation goes on.
    driver.say("STOP#");
    assert!(driver.wait_for("NAK").starts_with("NAK NO_CHARGE"), "its ticket was told");
    driver.say_taken("REQ#driver1#NO-SUCH");
    assert_eq!(driver.wait_for("DENIED"), "DENIED#CP_UNKNOWN");
    driver.say_taken("REQ#nobody#FOR-01#0");
    assert!(
        driver.wait_for("DENIED").starts_with("DENIED#DRIVER_UNKNOWN#"),
        "who names a limit is told the words"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_point_that_comes_back_is_told_what_it_should_be_doing() {
    let network = network().await;
    let mut charge_point = foreign_charge_point(&network, "FOR-01");
    charge_point.say_taken("RECOVERED#FOR-01");
    network.wait_for_status("FOR-01", ChargePointStatus::Available).await;
    let mut driver = network.add_numbered_driver(1).await;
    driver.reserve("FOR-01").await;
    driver.start("FOR-01").await;
    let session_id = field(&charge_point.wait_for("START#"), 1);
    charge_point.say_taken(&format!("TELEM#FOR-01#{session_id}#0#5000#0"));
    driver.wait_for("SESSION_STARTED").await;
    drop(charge_point);

    let mut charge_point = foreign_charge_point(&network, "FOR-01");
    assert_eq!(field(&charge_point.wait_for("START#"), 1), session_id);
    // It ended while nobody listened: its last reading and its end are said, and billed once.
    charge_point.say_taken(&format!("TELEM#FOR-01#{session_id}#9#105000#0"));
    for _ in 0..2 {
        charge_point.say_taken(&format!("STOP#{session_id}#VEHICLE_FULL"));
    }
    let ticket = driver.ticket().await;
    assert_eq!((ticket.energy_mwh, ticket.end_reason.as_str()), (100_000, "TARGET_REACHED"));
    network.ledger().await.check("came back").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_charge_point_that_can_not_supply_says_so_at_once_or_later() {
    let network = network().await;
    let mut charge_point = foreign_charge_point(&network, "FOR-01");
    charge_point.say_taken("RECOVERED#FOR-01");
    network.wait_for_status("FOR-01", ChargePointStatus::Available).await;
    let mut driver = network.add_numbered_driver(1).await;
    driver.reserve("FOR-01").await;
    driver.start("FOR-01").await;
    let session_id = field(&charge_point.wait_for("START#"), 1);
    charge_point.say_taken(&format!("STOP#{session_id}#no vehicle is plugged in"));
    let error = driver.supply_error().await;
    assert_eq!((error.reason.as_str(), error.ticket_follows), ("START_REFUSED", false));
    // Whoever knows no key does not push it out, and is cut off in the end.
    let mut intruder = FramedPeer::connect(network.address("gateway"));
    intruder.say_taken("REG#FOR-01#Madrid#0.40");
    for _ in 0..8 {
        intruder.say("AUTH#FOR-01#another-key-entirely");
        assert!(intruder.wait_for("NAK").starts_with("NAK CP_KEY_WRONG"), "no such key");
    }
    assert_eq!((intruder.hear().as_str(), intruder.hear().as_str()), ("EOT", "CLOSED"));
    // Broken, and well again.
    charge_point.say_taken("AVR#FOR-01#smoke");
    let broken = network.wait_for_status("FOR-01", ChargePointStatus::Faulted).await;
    assert_eq!(broken.fault_message, "smoke");
    charge_point.say_taken("RECOVERED#FOR-01");
    network.wait_for_status("FOR-01", ChargePointStatus::Available).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_speaks_badly_is_told_why_and_only_who_goes_on_is_cut_off() {
    let network = network().await;
    let gateway = network.address("gateway");
    let mut peer = FramedPeer::connect_silently(gateway);
    peer.say("REQ#driver1#");
    assert_eq!(peer.hear(), "NAK MISPLACED: ENQ comes first");
    let mut peer = FramedPeer::connect(gateway);
    for (said, refusal) in [
        (&b"\x02HELLO\x03\x42"[..], "NAK UNKNOWN_MESSAGE"),
        (b"\x02REQ\x03\x46", "NAK WRONG_FIELDS: it has more or fewer fields than this message may have"),
        (b"\x02REQ#driver1#\x03\x00", "NAK CHECKSUM"),
        (b"hello", "NAK RUBBISH"),
    ] {
        peer.send(said);
        assert_eq!(peer.hear(), refusal);
    }
    peer.say("AUTH#FOR-01#a-secret-key");
    assert_eq!(peer.hear(), "NAK MISPLACED: REG or REQ comes first");
    let mut peer = FramedPeer::connect(gateway);
    peer.say_taken("REG#FOR-01#Madrid#0.40");
    peer.say("TELEM#FOR-01#s-1#1#1#1");
    assert_eq!(peer.hear(), "NAK MISPLACED: AUTH comes first");
    peer.say("AUTH#FOR-02#a-secret-key");
    assert!(peer.hear().starts_with("NAK WRONG_CP: FOR-01 has registered here"), "another one");
    peer.say("AUTH#FOR-01#short");
    assert!(peer.hear().starts_with("NAK REQUEST_INVALID: hello.key"), "the registry's own words");
    // A word that is let in begins the count anew.
    peer.say_taken("AUTH#FOR-01#a-secret-key");
    for _ in 0..8 {
        peer.send(b"rubbish");
        peer.wait_for("NAK RUBBISH");
    }
    assert_eq!((peer.hear().as_str(), peer.hear().as_str()), ("EOT", "CLOSED"));
    // A frame without an end is cut where it becomes too long.
    let mut endless = FramedPeer::connect(gateway);
    endless.send(&[b"\x02".to_vec(), vec![b'x'; 5_000]].concat());
    assert_eq!(endless.hear(), "NAK TOO_LONG");
    // And who says nothing is not waited for.
    let mut silent = FramedPeer::connect_silently(gateway);
    assert_eq!((silent.hear().as_str(), silent.hear().as_str()), ("EOT", "CLOSED"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_dies_or_drains_ends_no_charge() {
    let mut network = network().await;
    network.add_charge_point("MAD-01").await;
    let mut driver = network.add_numbered_driver(1).await;
    let session_id = driver.charge("MAD-01").await;
    let gateway = network.gateway.as_mut().unwrap();
    gateway.restart();
    driver.wait_for("CONSUMPTION_UPDATE").await;
    // Asked to end, it says goodbye to everyone and leaves.
    let gateway = network.gateway.as_mut().unwrap();
    gateway.address();
    let mut peer = FramedPeer::connect(network.address("gateway"));
    let gateway = network.gateway.as_mut().unwrap();
    gateway.terminate();
    assert_eq!((peer.hear().as_str(), peer.hear().as_str()), ("EOT", "CLOSED"));
    assert_eq!(gateway.wait(Duration::from_secs(10)), 0);
    gateway.restart();
    driver.wait_for("CONSUMPTION_UPDATE").await;
    driver.stop("MAD-01").await;
    let ticket = driver.ticket().await;
    assert_eq!((ticket.session_id, ticket.end_reason.as_str()), (session_id, "DRIVER_STOPPED"));
    network.ledger().await.check("gateway").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_driver_charges_by_frames() {
    let mut network = network().await;
    network.add_charge_point("MAD-01").await;
    network.create_numbered_driver(1).await;
    let folder = tempfile::tempdir().unwrap();
    let requests = folder.path().join("requests.txt");
    std::fs::write(&requests, "MAD-01 300Wh\nMAD-02\nany 2s\n").unwrap();
    let gateway = network.address("gateway").to_owned();
    let requests = requests.display().to_string();
    let arguments = [
        "driver",
        "--driver-id",
        "driver1",
        "--requests-file",
        &requests,
        "--framed",
        &gateway,
        "--pause",
        "100ms",
    ];
    let mut driver = Process::start("driver", &arguments.map(str::to_owned));
    driver.wait_for_line("supplies energy");
    // It goes on over the next connection.
    let gateway = network.gateway.as_mut().unwrap();
    gateway.restart();
    assert_eq!(driver.wait(Duration::from_secs(60)), 1, "one of three was refused");
    let output = driver.output();
    for part in
        ["0.300 kWh", "target reached", "CP_UNKNOWN", "driver stopped", "2 of 3 charges completed", "trace "]
    {
        assert!(output.contains(part), "no {part:?} in:\n{output}");
    }
    network.ledger().await.check("driver by frames").await;
}

/// The example in examples/, which is no code of ours: what it takes for the protocol is what the document says.
#[tokio::test(flavor = "multi_thread")]
async fn the_foreign_client_is_a_charge_point_and_a_driver() {
    let network = network().await;
    network.create_numbered_driver(1).await;
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/framed_client.py");
    let gateway = network.address("gateway");
    let python = |name: &str, arguments: &[&str]| {
        let arguments: Vec<String> = ["python3", "-u", example]
            .iter()
            .chain(arguments)
            .map(|argument| (*argument).to_owned())
            .collect();
        Process::start_program(name, Path::new("/usr/bin/env"), &arguments)
    };
    let mut charge_point = python("foreign charge point", &["charge-point", gateway, "PY-01", KEY]);
    network.wait_for_status("PY-01", ChargePointStatus::Available).await;
    let mut driver = python("foreign driver", &["driver", gateway, "driver1", "PY-01", "2"]);
    assert_eq!(driver.wait(Duration::from_secs(60)), 0, "{}", driver.output());
    network.wait_for_status("PY-01", ChargePointStatus::Available).await;
    let mut ledger = network.ledger().await;
    ledger.check("python").await;
    assert_eq!(ledger.number("SELECT COUNT(*) FROM ledger_entries WHERE session_id IS NOT NULL").await, 1);
    charge_point.terminate();
    assert_eq!(charge_point.wait(Duration::from_secs(10)), 0, "{}", charge_point.output());
    network.wait_for_status("PY-01", ChargePointStatus::Offline).await;
}
