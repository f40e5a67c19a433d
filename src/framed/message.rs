//! What payloads say. Pure: a payload in, a message out, and back.

use super::codec::{self, Unsayable};

/// One message, with its texts where they stand in what was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// `REG#cp_id#location#price`: a monitor makes its charge point known; the price of a kWh as in `0.40`.
    Register {
        /// The charge point.
        cp_id: &'a str,
        /// Where it stands.
        location: &'a str,
        /// Price in micro-units for each kWh.
        price_micros_per_kwh: i64,
    },
    /// `AUTH#cp_id#key`: and proves that it is the one.
    Authenticate {
        /// The charge point.
        cp_id: &'a str,
        /// Its key.
        key: &'a str,
    },
    /// `HCK#cp_id`: a monitor asks its engine whether it is well.
    CheckHealth {
        /// The charge point.
        cp_id: &'a str,
    },
    /// `HCK_RESP#OK` or `HCK_RESP#KO#reason`: the engine answers.
    Health {
        /// Why it is not well; none when it is.
        fault: Option<&'a str>,
    },
    /// `AVR#cp_id#reason`: the charge point has broken down.
    Broken {
        /// The charge point.
        cp_id: &'a str,
        /// Why.
        reason: &'a str,
    },
    /// `RECOVERED#cp_id`: it is well again.
    Recovered {
        /// The charge point.
        cp_id: &'a str,
    },
    /// `START#session_id#driver_id#limit_mwh`: supply a session.
    Start {
        /// The session.
        session_id: &'a str,
        /// Who charges.
        driver_id: &'a str,
        /// The most energy, in mWh.
        limit_mwh: i64,
    },
    /// `STOP#session_id`: cease to supply it; an empty one is whatever is supplied.
    Stop {
        /// The session.
        session_id: &'a str,
    },
    /// `STATUS#cp_id#status`: what a charge point does now.
    Status {
        /// The charge point.
        cp_id: &'a str,
        /// One of the words of docs/framed-protocol.md.
        status: &'a str,
    },
    /// `TELEM#cp_id#session_id#seq#register_mwh#power_w`: a reading; `seq` 0 is the start of the supply.
    Reading {
        /// The charge point.
        cp_id: &'a str,
        /// The session.
        session_id: &'a str,
        /// 0 for the start, then counted from 1.
        seq: i64,
        /// The cumulative register, in mWh.
        register_mwh: i64,
        /// Power, in watts.
        power_w: i64,
    },
    /// `REQ#driver_id#cp_id`: a driver asks for a charge; without a charge point, anywhere.
    Request {
        /// Who asks.
        driver_id: &'a str,
        /// Where; empty for any.
        cp_id: &'a str,
    },
    /// `AUTHORIZED#cp_id#request_id`: it may charge.
    Authorized {
        /// Where.
        cp_id: &'a str,
        /// The request.
        request_id: &'a str,
    },
    /// `DENIED#reason`: it may not.
    Denied {
        /// Why.
        reason: &'a str,
    },
    /// `TICKET#session_id#kwh#euros#seconds`: the bill.
    Ticket {
        /// The session.
        session_id: &'a str,
        /// Energy, as in `0.250`.
        kwh: &'a str,
        /// Cost, as in `0.10`.
        euros: &'a str,
        /// How long energy was supplied.
        seconds: i64,
    },
}

/// Why a payload is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misread {
    /// No message begins with this word.
    Unknown,
    /// It has more or fewer fields than that.
    Fields {
        /// How many there must be, the word included.
        expected: usize,
    },
    /// A field holds no whole number that is 0 or more, or no price.
    Number {
        /// What the field tells.
        field: &'static str,
    },
}

impl std::fmt::Display for Misread {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown => formatter.write_str("UNKNOWN_MESSAGE"),
            Self::Fields { expected } => write!(formatter, "FIELDS: there must be {expected}"),
            Self::Number { field } => write!(formatter, "NUMBER: {field} is none that can be"),
        }
    }
}

impl std::error::Error for Misread {}

impl<'a> Message<'a> {
    /// Reads a payload.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(payload: &'a str) -> Result<Self, Misread> {
        let mut all = codec::fields(payload);
        let word = all.next().unwrap_or_default();
        match word {
            "REG" => {
                let [cp_id, location, price] = exactly(all)?;
                let price = crate::money::parse_money(price).ok();
                let price_micros_per_kwh = price.ok_or(Misread::Number { field: "price" })?;
                Ok(Self::Register { cp_id, location, price_micros_per_kwh })
            }
            "AUTH" => exactly(all).map(|[cp_id, key]| Self::Authenticate { cp_id, key }),
            "HCK" => exactly(all).map(|[cp_id]| Self::CheckHealth { cp_id }),
            "HCK_RESP" => match all.next() {
                Some("OK") => exactly(all).map(|[]| Self::Health { fault: None }),
                Some("KO") => exactly(all).map(|[reason]| Self::Health { fault: Some(reason) }),
                _ => Err(Misread::Fields { expected: 2 }),
            },
            "AVR" => exactly(all).map(|[cp_id, reason]| Self::Broken { cp_id, reason }),
            "RECOVERED" => exactly(all).map(|[cp_id]| Self::Recovered { cp_id }),
            "START" => {
                let [session_id, driver_id, limit] = exactly(all)?;
                Ok(Self::Start { session_id, driver_id, limit_mwh: number(limit, "limit_mwh")? })
            }
            "STOP" => exactly(all).map(|[session_id]| Self::Stop { session_id }),
            "STATUS" => exactly(all).map(|[cp_id, status]| Self::Status { cp_id, status }),
            "TELEM" => {
                let [cp_id, session_id, seq, register, power] = exactly(all)?;
                Ok(Self::Reading {
                    cp_id,
                    session_id,
                    seq: number(seq, "seq")?,
                    register_mwh: number(register, "register_mwh")?,
                    power_w: number(power, "power_w")?,
                })
            }
            "REQ" => exactly(all).map(|[driver_id, cp_id]| Self::Request { driver_id, cp_id }),
            "AUTHORIZED" => exactly(all).map(|[cp_id, request_id]| Self::Authorized { cp_id, request_id }),
            "DENIED" => exactly(all).map(|[reason]| Self::Denied { reason }),
            "TICKET" => {
                let [session_id, kwh, euros, seconds] = exactly(all)?;
                Ok(Self::Ticket { session_id, kwh, euros, seconds: number(seconds, "seconds")? })
            }
            _ => Err(Misread::Unknown),
        }
    }

    /// Adds the frame that says this to what is to be sent, or nothing.
    ///
    /// # Errors
    /// When a text holds what no field may, or all is too long for a frame.
    pub fn encode(&self, sent: &mut Vec<u8>) -> Result<(), Unsayable> {
        let mut say = |fields: &[&str]| codec::encode(fields, sent);
        match *self {
            Self::Register { cp_id, location, price_micros_per_kwh } => {
                say(&["REG", cp_id, location, &decimal(price_micros_per_kwh)])
            }
            Self::Authenticate { cp_id, key } => say(&["AUTH", cp_id, key]),
            Self::CheckHealth { cp_id } => say(&["HCK", cp_id]),
            Self::Health { fault: None } => say(&["HCK_RESP", "OK"]),
            Self::Health { fault: Some(reason) } => say(&["HCK_RESP", "KO", reason]),
            Self::Broken { cp_id, reason } => say(&["AVR", cp_id, reason]),
            Self::Recovered { cp_id } => say(&["RECOVERED", cp_id]),
            Self::Start { session_id, driver_id, limit_mwh } => {
                say(&["START", session_id, driver_id, &limit_mwh.to_string()])
            }
            Self::Stop { session_id } => say(&["STOP", session_id]),
            Self::Status { cp_id, status } => say(&["STATUS", cp_id, status]),
            Self::Reading { cp_id, session_id, seq, register_mwh, power_w } => say(&[
                "TELEM",
                cp_id,
                session_id,
                &seq.to_string(),
                &register_mwh.to_string(),
                &power_w.to_string(),
            ]),
            Self::Request { driver_id, cp_id } => say(&["REQ", driver_id, cp_id]),
            Self::Authorized { cp_id, request_id } => say(&["AUTHORIZED", cp_id, request_id]),
            Self::Denied { reason } => say(&["DENIED", reason]),
            Self::Ticket { session_id, kwh, euros, seconds } => {
                say(&["TICKET", session_id, kwh, euros, &seconds.to_string()])
            }
        }
    }
}

fn exactly<'a, const N: usize>(mut fields: impl Iterator<Item = &'a str>) -> Result<[&'a str; N], Misread> {
    let mut found = [""; N];
    for slot in &mut found {
        *slot = fields.next().ok_or(Misread::Fields { expected: N + 1 })?;
    }
    if fields.next().is_some() { Err(Misread::Fields { expected: N + 1 }) } else { Ok(found) }
}

fn number(text: &str, field: &'static str) -> Result<i64, Misread> {
    let is_plain = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain).ok_or(Misread::Number { field })
}

/// Money without its currency: `0.40`.
fn decimal(micros: i64) -> String {
    let text = crate::money::format_money(micros);
    text.trim_end_matches(crate::money::CURRENCY).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::framed::{Unit, decode};

    /// Every message, and its payload as the document shows it.
    const ALL: [(Message<'static>, &str); 15] = [
        (
            Message::Register {
                cp_id: "MAD-01",
                location: "Gran Vía 28, Madrid",
                price_micros_per_kwh: 400_000,
            },
            "REG#MAD-01#Gran Vía 28, Madrid#0.40",
        ),
        (Message::Authenticate { cp_id: "MAD-01", key: "a-secret-key" }, "AUTH#MAD-01#a-secret-key"),
        (Message::CheckHealth { cp_id: "MAD-01" }, "HCK#MAD-01"),
        (Message::Health { fault: None }, "HCK_RESP#OK"),
        (Message::Health { fault: Some("smoke") }, "HCK_RESP#KO#smoke"),
        (Message::Broken { cp_id: "MAD-01", reason: "smoke" }, "AVR#MAD-01#smoke"),
        (Message::Recovered { cp_id: "MAD-01" }, "RECOVERED#MAD-01"),
        (
            Message::Start { session_id: "s-1", driver_id: "driver1", limit_mwh: 5_000_000 },
            "START#s-1#driver1#5000000",
        ),
        (Message::Stop { session_id: "s-1" }, "STOP#s-1"),
        (Message::Status { cp_id: "MAD-01", status: "CHARGING" }, "STATUS#MAD-01#CHARGING"),
        (
            Message::Reading {
                cp_id: "MAD-01",
                session_id: "s-1",
                seq: 12,
                register_mwh: 73_333,
                power_w: 22_000,
            },
            "TELEM#MAD-01#s-1#12#73333#22000",
        ),
        (Message::Request { driver_id: "driver1", cp_id: "" }, "REQ#driver1#"),
        (Message::Authorized { cp_id: "MAD-01", request_id: "r-1" }, "AUTHORIZED#MAD-01#r-1"),
        (Message::Denied { reason: "CP_OCCUPIED" }, "DENIED#CP_OCCUPIED"),
        (
            Message::Ticket { session_id: "s-1", kwh: "0.250", euros: "0.10", seconds: 9 },
            "TICKET#s-1#0.250#0.10#9",
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
    }

    #[test]
    fn what_is_no_message_is_told_apart() {
        for (payload, misread) in [
            ("", Misread::Unknown),
            ("hck#MAD-01", Misread::Unknown),
            ("HCK", Misread::Fields { expected: 2 }),
            ("HCK#MAD-01#more", Misread::Fields { expected: 2 }),
            ("HCK_RESP#MAYBE", Misread::Fields { expected: 2 }),
            ("START#s-1#driver1#-1", Misread::Number { field: "limit_mwh" }),
            ("START#s-1#driver1#+1", Misread::Number { field: "limit_mwh" }),
            ("TELEM#MAD-01#s-1#1#99999999999999999999#1", Misread::Number { field: "register_mwh" }),
            ("REG#MAD-01#Madrid#cheap", Misread::Number { field: "price" }),
        ] {
            assert_eq!(Message::parse(payload), Err(misread), "{payload}");
        }
    }

    #[test]
    fn a_text_that_would_break_the_frame_is_not_sent() {
        let mut sent = Vec::new();
        Message::Broken { cp_id: "MAD-01", reason: "a#b" }.encode(&mut sent).unwrap_err();
        assert!(sent.is_empty());
    }
}
