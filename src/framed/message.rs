//! What payloads say. Pure: a payload in, a message out, and back.

use std::fmt;

use super::codec::{self, Unsayable};

/// One message, with its texts where they stand in what was received. Fields in brackets may be left out: they are said only to those
/// who said such fields themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message<'a> {
    /// `REG#cp_id#location#price[#max_power_w]`: a monitor makes its charge point known; the price of a kWh as in `0.40`.
    Register {
        /// The charge point.
        cp_id: &'a str,
        /// Where it stands.
        location: &'a str,
        /// Price in micro-units for each kWh.
        price_micros_per_kwh: i64,
        /// The most it can supply, in watts.
        max_power_w: Option<i64>,
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
    /// `AVR#cp_id#reason[#session_id#register_mwh]`: the charge point has broken down. Said to an engine or a monitor: break, an
    /// operator wants to see it.
    Broken {
        /// The charge point.
        cp_id: &'a str,
        /// Why.
        reason: &'a str,
        /// The session whose energy counted last, and the register in mWh.
        last: Option<(&'a str, i64)>,
    },
    /// `RECOVERED#cp_id`: it is well again. Said to an engine or a monitor: mend what was broken so.
    Recovered {
        /// The charge point.
        cp_id: &'a str,
    },
    /// `START#session_id#driver_id#limit_mwh[#traceparent]`: supply a session. Said to a driver: it is supplied. By a driver: tell
    /// me of it.
    Start {
        /// The session.
        session_id: &'a str,
        /// Who charges.
        driver_id: &'a str,
        /// The most energy, in mWh.
        limit_mwh: i64,
        /// The trace of the charge, as W3C's trace context writes it.
        traceparent: Option<&'a str>,
    },
    /// `STOP#session_id[#reason]`: cease to supply it; an empty one is whatever is supplied. Said by a charge point: it is not supplied
    /// any more, or can't be.
    Stop {
        /// The session.
        session_id: &'a str,
        /// Why.
        reason: Option<&'a str>,
    },
    /// `STATUS#cp_id#status`: how it stands, in one of the words of docs/framed-protocol.md.
    Status {
        /// The charge point.
        cp_id: &'a str,
        /// The word.
        status: &'a str,
    },
    /// `TELEM#cp_id#session_id#seq#register_mwh#power_w[#cost_micros]`: a reading; `seq` 0 is the start of the supply.
    Reading {
        /// The charge point.
        cp_id: &'a str,
        /// The session.
        session_id: &'a str,
        /// 0 for the start, then counted from 1.
        seq: i64,
        /// The cumulative register, in mWh; to a driver, the energy of its charge.
        register_mwh: i64,
        /// Power, in watts.
        power_w: i64,
        /// To a driver: the cost so far, in micro-units.
        cost_micros: Option<i64>,
    },
    /// `REQ#driver_id#cp_id[#limit_mwh]`: a driver asks for a charge; without a charge point, anywhere.
    Request {
        /// Who asks.
        driver_id: &'a str,
        /// Where; empty for any.
        cp_id: &'a str,
        /// The most energy that it wants, in mWh; 0 for no such limit.
        limit_mwh: Option<i64>,
    },
    /// `AUTHORIZED#cp_id#request_id[#session_id]`: it may charge.
    Authorized {
        /// Where.
        cp_id: &'a str,
        /// The request.
        request_id: &'a str,
        /// The session that the reservation opened.
        session_id: Option<&'a str>,
    },
    /// `DENIED#reason[#message]`: it may not.
    Denied {
        /// Why.
        reason: &'a str,
        /// The reason in words.
        message: Option<&'a str>,
    },
    /// `TICKET#session_id#kwh#euros#seconds[#end_reason#balance#trace_id]`: the bill.
    Ticket {
        /// The session.
        session_id: &'a str,
        /// Energy, in mWh; said in kWh, as in `0.250`.
        energy_mwh: i64,
        /// Cost, in micro-units; said as in `0.10`.
        cost_micros: i64,
        /// How long energy was supplied.
        seconds: i64,
        /// What else those are told who ask for more.
        more: Option<TicketDetails<'a>>,
    },
}

/// What else a ticket tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TicketDetails<'a> {
    /// Why the supply ended.
    pub end_reason: &'a str,
    /// The driver's balance after it, in micro-units.
    pub balance_micros: i64,
    /// The trace of the charge.
    pub trace_id: &'a str,
}

/// Why a payload is no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misread {
    /// No message begins with this word.
    Unknown,
    /// It has more or fewer fields than it may.
    Fields,
    /// A field holds no number that it may hold.
    Number {
        /// What the field tells.
        field: &'static str,
    },
}

impl Misread {
    /// Stable, for programs.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unknown => "UNKNOWN_MESSAGE",
            Self::Fields => "WRONG_FIELDS",
            Self::Number { .. } => "WRONG_NUMBER",
        }
    }
}

impl fmt::Display for Misread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.reason())?;
        match self {
            Self::Unknown => Ok(()),
            Self::Fields => formatter.write_str(": it has more or fewer fields than this message may have"),
            Self::Number { field } => write!(formatter, ": {field} is no number that it may be"),
        }
    }
}

impl std::error::Error for Misread {}

/// The most fields that any message has, its word included; one more is enough to see that there are too many.
const MOST_FIELDS: usize = 8;

const WORDS: [&str; 14] = [
    "REG",
    "AUTH",
    "HCK",
    "HCK_RESP",
    "AVR",
    "RECOVERED",
    "START",
    "STOP",
    "STATUS",
    "TELEM",
    "REQ",
    "AUTHORIZED",
    "DENIED",
    "TICKET",
];

impl<'a> Message<'a> {
    /// Reads a payload.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(payload: &'a str) -> Result<Self, Misread> {
        let mut fields = [""; MOST_FIELDS + 1];
        let mut count = 0;
        for (slot, field) in fields.iter_mut().zip(codec::fields(payload)) {
            *slot = field;
            count += 1;
        }
        match fields[..count] {
            ["REG", cp_id, location, price, ref more @ ..] if more.len() <= 1 => {
                let price_micros_per_kwh = money(price, "price")?;
                let max_power_w = more.first().map(|text| number(text, "max_power_w")).transpose()?;
                Ok(Self::Register { cp_id, location, price_micros_per_kwh, max_power_w })
            }
            ["AUTH", cp_id, key] => Ok(Self::Authenticate { cp_id, key }),
            ["HCK", cp_id] => Ok(Self::CheckHealth { cp_id }),
            ["HCK_RESP", "OK"] => Ok(Self::Health { fault: None }),
            ["HCK_RESP", "KO", reason] => Ok(Self::Health { fault: Some(reason) }),
            ["AVR", cp_id, reason] => Ok(Self::Broken { cp_id, reason, last: None }),
            ["AVR", cp_id, reason, session_id, register] => {
                let last = Some((session_id, number(register, "register_mwh")?));
                Ok(Self::Broken { cp_id, reason, last })
            }
            ["RECOVERED", cp_id] => Ok(Self::Recovered { cp_id }),
            ["START", session_id, driver_id, limit, ref more @ ..] if more.len() <= 1 => {
                let limit_mwh = number(limit, "limit_mwh")?;
                Ok(Self::Start { session_id, driver_id, limit_mwh, traceparent: more.first().copied() })
            }
            ["STOP", session_id, ref more @ ..] if more.len() <= 1 => {
                Ok(Self::Stop { session_id, reason: more.first().copied() })
            }
            ["STATUS", cp_id, status] => Ok(Self::Status { cp_id, status }),
            ["TELEM", cp_id, session_id, seq, register, power, ref more @ ..] if more.len() <= 1 => {
                Ok(Self::Reading {
                    cp_id,
                    session_id,
                    seq: number(seq, "seq")?,
                    register_mwh: number(register, "register_mwh")?,
                    power_w: number(power, "power_w")?,
                    cost_micros: more.first().map(|text| number(text, "cost_micros")).transpose()?,
                })
            }
            ["REQ", driver_id, cp_id, ref more @ ..] if more.len() <= 1 => {
                let limit_mwh = more.first().map(|text| number(text, "limit_mwh")).transpose()?;
                Ok(Self::Request { driver_id, cp_id, limit_mwh })
            }
            ["AUTHORIZED", cp_id, request_id, ref more @ ..] if more.len() <= 1 => {
                Ok(Self::Authorized { cp_id, request_id, session_id: more.first().copied() })
            }
            ["DENIED", reason, ref more @ ..] if more.len() <= 1 => {
                Ok(Self::Denied { reason, message: more.first().copied() })
            }
            ["TICKET", session_id, kwh, euros, seconds, ref more @ ..] if matches!(more.len(), 0 | 3) => {
                let more = match *more {
                    [end_reason, balance, trace_id] => Some(TicketDetails {
                        end_reason,
                        balance_micros: money(balance, "balance")?,
                        trace_id,
                    }),
                    _ => None,
                };
                Ok(Self::Ticket {
                    session_id,
                    energy_mwh: money(kwh, "kwh")?,
                    cost_micros: money(euros, "euros")?,
                    seconds: number(seconds, "seconds")?,
                    more,
                })
            }
            [word, ..] if WORDS.contains(&word) => Err(Misread::Fields),
            _ => Err(Misread::Unknown),
        }
    }

    /// The word with which it begins.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Register { .. } => "REG",
            Self::Authenticate { .. } => "AUTH",
            Self::CheckHealth { .. } => "HCK",
            Self::Health { .. } => "HCK_RESP",
            Self::Broken { .. } => "AVR",
            Self::Recovered { .. } => "RECOVERED",
            Self::Start { .. } => "START",
            Self::Stop { .. } => "STOP",
            Self::Status { .. } => "STATUS",
            Self::Reading { .. } => "TELEM",
            Self::Request { .. } => "REQ",
            Self::Authorized { .. } => "AUTHORIZED",
            Self::Denied { .. } => "DENIED",
            Self::Ticket { .. } => "TICKET",
        }
    }

    /// Adds the frame that says this to what is to be sent, or nothing.
    ///
    /// # Errors
    /// When a text holds what no field may, or all is too long for a frame.
    pub fn encode(&self, sent: &mut Vec<u8>) -> Result<(), Unsayable> {
        let word = self.word();
        // Each list of fields, and how many of them are said.
        let mut say = |fields: &[&str], count: usize| codec::encode(&fields[..count], sent);
        match *self {
            Self::Register { cp_id, location, price_micros_per_kwh, max_power_w } => {
                let (price, watts) = (decimal(price_micros_per_kwh), text(max_power_w));
                say(&[word, cp_id, location, &price, &watts], 4 + usize::from(max_power_w.is_some()))
            }
            Self::Authenticate { cp_id, key } => say(&[word, cp_id, key], 3),
            Self::CheckHealth { cp_id } | Self::Recovered { cp_id } => say(&[word, cp_id], 2),
            Self::Health { fault: None } => say(&[word, "OK"], 2),
            Self::Health { fault: Some(reason) } => say(&[word, "KO", reason], 3),
            Self::Broken { cp_id, reason, last: None } => say(&[word, cp_id, reason], 3),
            Self::Broken { cp_id, reason, last: Some((session_id, register_mwh)) } => {
                say(&[word, cp_id, reason, session_id, &register_mwh.to_string()], 5)
            }
            Self::Start { session_id, driver_id, limit_mwh, traceparent } => {
                let (limit, more) = (limit_mwh.to_string(), traceparent.unwrap_or_default());
                say(&[word, session_id, driver_id, &limit, more], 4 + usize::from(traceparent.is_some()))
            }
            Self::Stop { session_id, reason } => {
                say(&[word, session_id, reason.unwrap_or_default()], 2 + usize::from(reason.is_some()))
            }
            Self::Status { cp_id, status } => say(&[word, cp_id, status], 3),
            Self::Reading { cp_id, session_id, seq, register_mwh, power_w, cost_micros } => {
                let (seq, register, power) = (seq.to_string(), register_mwh.to_string(), power_w.to_string());
                let fields = [word, cp_id, session_id, &seq, &register, &power, &text(cost_micros)];
                say(&fields, 6 + usize::from(cost_micros.is_some()))
            }
            Self::Request { driver_id, cp_id, limit_mwh } => {
                say(&[word, driver_id, cp_id, &text(limit_mwh)], 3 + usize::from(limit_mwh.is_some()))
            }
            Self::Authorized { cp_id, request_id, session_id } => {
                let fields = [word, cp_id, request_id, session_id.unwrap_or_default()];
                say(&fields, 3 + usize::from(session_id.is_some()))
            }
            Self::Denied { reason, message } => {
                say(&[word, reason, message.unwrap_or_default()], 2 + usize::from(message.is_some()))
            }
            Self::Ticket { session_id, energy_mwh, cost_micros, seconds, more } => {
                let (kwh, euros) = (decimal(energy_mwh), decimal(cost_micros));
                let TicketDetails { end_reason, balance_micros, trace_id } = more.unwrap_or_default();
                let balance = decimal(balance_micros);
                let seconds = seconds.to_string();
                let fields = [word, session_id, &kwh, &euros, &seconds, end_reason, &balance, trace_id];
                say(&fields, if more.is_some() { 8 } else { 5 })
            }
        }
    }
}

fn number(text: &str, field: &'static str) -> Result<i64, Misread> {
    let is_plain = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain).ok_or(Misread::Number { field })
}

/// A decimal with at most six decimals, in millionths: money, and energy, since a kWh has a million mWh.
fn money(text: &str, field: &'static str) -> Result<i64, Misread> {
    crate::money::parse_decimal(text, 6).ok_or(Misread::Number { field })
}

fn decimal(millionths: i64) -> String {
    let text = crate::money::format_money(millionths);
    text.trim_end_matches(crate::money::CURRENCY).trim_end().to_owned()
}

fn text(number: Option<i64>) -> String {
    number.map(|number| number.to_string()).unwrap_or_default()
}

#[cfg(test)]
#[path = "message_tests.rs"]
mod tests;
