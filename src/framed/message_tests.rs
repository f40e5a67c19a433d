#![allow(clippy::unwrap_used)]

use super::*;
use crate::framed::{Unit, decode};

/// Every message in each of its forms, and its payload as the document shows it.
const ALL: [(Message<'static>, &str); 24] = [
    (
        Message::Register {
            cp_id: "MAD-01",
            location: "Gran Vía 28, Madrid",
            price_micros_per_kwh: 400_000,
            max_power_w: None,
        },
        "REG#MAD-01#Gran Vía 28, Madrid#0.40",
    ),
    (
        Message::Register {
            cp_id: "MAD-01",
            location: "Gran Vía 28, Madrid",
            price_micros_per_kwh: 400_000,
            max_power_w: Some(50_000),
        },
        "REG#MAD-01#Gran Vía 28, Madrid#0.40#50000",
    ),
    (Message::Authenticate { cp_id: "MAD-01", key: "a-secret-key" }, "AUTH#MAD-01#a-secret-key"),
    (Message::CheckHealth { cp_id: "MAD-01" }, "HCK#MAD-01"),
    (Message::Health { fault: None }, "HCK_RESP#OK"),
    (Message::Health { fault: Some("smoke") }, "HCK_RESP#KO#smoke"),
    (Message::Broken { cp_id: "MAD-01", reason: "smoke", last: None }, "AVR#MAD-01#smoke"),
    (
        Message::Broken { cp_id: "MAD-01", reason: "smoke", last: Some(("s-1", 73_333)) },
        "AVR#MAD-01#smoke#s-1#73333",
    ),
    (Message::Recovered { cp_id: "MAD-01" }, "RECOVERED#MAD-01"),
    (
        Message::Start { session_id: "s-1", driver_id: "driver1", limit_mwh: 5_000_000, traceparent: None },
        "START#s-1#driver1#5000000",
    ),
    (
        Message::Start {
            session_id: "s-1",
            driver_id: "driver1",
            limit_mwh: 5_000_000,
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
        },
        "START#s-1#driver1#5000000#00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ),
    (Message::Stop { session_id: "s-1", reason: None }, "STOP#s-1"),
    (Message::Stop { session_id: "", reason: None }, "STOP#"),
    (Message::Stop { session_id: "s-1", reason: Some("VEHICLE_FULL") }, "STOP#s-1#VEHICLE_FULL"),
    (Message::Status { cp_id: "MAD-01", status: "CHARGING" }, "STATUS#MAD-01#CHARGING"),
    (
        Message::Reading {
            cp_id: "MAD-01",
            session_id: "s-1",
            seq: 12,
            register_mwh: 73_333,
            power_w: 22_000,
            cost_micros: None,
        },
        "TELEM#MAD-01#s-1#12#73333#22000",
    ),
    (
        Message::Reading {
            cp_id: "MAD-01",
            session_id: "s-1",
            seq: 12,
            register_mwh: 73_333,
            power_w: 22_000,
            cost_micros: Some(29_333),
        },
        "TELEM#MAD-01#s-1#12#73333#22000#29333",
    ),
    (Message::Request { driver_id: "driver1", cp_id: "", limit_mwh: None }, "REQ#driver1#"),
    (
        Message::Request { driver_id: "driver1", cp_id: "MAD-01", limit_mwh: Some(250_000) },
        "REQ#driver1#MAD-01#250000",
    ),
    (Message::Authorized { cp_id: "MAD-01", request_id: "r-1", session_id: None }, "AUTHORIZED#MAD-01#r-1"),
    (
        Message::Authorized { cp_id: "MAD-01", request_id: "r-1", session_id: Some("s-1") },
        "AUTHORIZED#MAD-01#r-1#s-1",
    ),
    (Message::Denied { reason: "CP_OCCUPIED", message: None }, "DENIED#CP_OCCUPIED"),
    (
        Message::Ticket {
            session_id: "s-1",
            energy_mwh: 250_000,
            cost_micros: 100_000,
            seconds: 9,
            more: None,
        },
        "TICKET#s-1#0.25#0.10#9",
    ),
    (
        Message::Ticket {
            session_id: "s-1",
            energy_mwh: 73_333,
            cost_micros: 30_000,
            seconds: 9,
            more: Some(TicketDetails {
                end_reason: "DRIVER_STOPPED",
                balance_micros: 49_970_000,
                trace_id: "0af7651916cd43dd8448eb211c80319c",
            }),
        },
        "TICKET#s-1#0.073333#0.03#9#DRIVER_STOPPED#49.97#0af7651916cd43dd8448eb211c80319c",
    ),
];

#[test]
fn every_message_is_read_as_it_is_written() {
    for (message, payload) in ALL {
        assert_eq!(Message::parse(payload), Ok(message));
        let mut sent = Vec::new();
        message.encode(&mut sent).unwrap();
        assert_eq!(decode(&sent), Some((Ok(Unit::Frame(payload)), sent.len())));
    }
    for word in WORDS {
        assert!(ALL.iter().any(|(message, _)| message.word() == word), "{word}");
    }
}

#[test]
fn what_is_no_message_is_told_apart() {
    for (payload, misread) in [
        ("", Misread::Unknown),
        ("hck#MAD-01", Misread::Unknown),
        ("HCK", Misread::Fields),
        ("HCK#MAD-01#more", Misread::Fields),
        ("HCK_RESP#MAYBE", Misread::Fields),
        ("AVR#MAD-01#smoke#s-1", Misread::Fields),
        ("TICKET#s-1#0.25#0.10#9#DRIVER_STOPPED", Misread::Fields),
        ("TICKET#s-1#0.25#0.10#9#DRIVER_STOPPED#1#2#3", Misread::Fields),
        ("REG#MAD-01#Madrid#0.40#1#2", Misread::Fields),
        ("REQ#driver1", Misread::Fields),
        ("START#s-1#driver1#-1", Misread::Number { field: "limit_mwh" }),
        ("START#s-1#driver1#+1", Misread::Number { field: "limit_mwh" }),
        ("TELEM#MAD-01#s-1#1#99999999999999999999#1", Misread::Number { field: "register_mwh" }),
        ("REG#MAD-01#Madrid#cheap", Misread::Number { field: "price" }),
        ("REG#MAD-01#Madrid#0.40#strong", Misread::Number { field: "max_power_w" }),
    ] {
        assert_eq!(Message::parse(payload), Err(misread), "{payload}");
    }
}

#[test]
fn a_text_that_would_break_the_frame_is_not_sent() {
    let mut sent = Vec::new();
    Message::Broken { cp_id: "MAD-01", reason: "a#b", last: None }.encode(&mut sent).unwrap_err();
    assert!(sent.is_empty());
}
