//! Bytes to units and back. Pure: whoever reads from a socket hands over what has come so far.

use std::fmt;

use memchr::{memchr, memchr2, memchr3};

/// Begins a frame.
const STX: u8 = 0x02;
/// Ends a frame's payload; its checksum follows.
const ETX: u8 = 0x03;
/// Ends a conversation.
pub const EOT: u8 = 0x04;
/// Begins a conversation.
pub const ENQ: u8 = 0x05;
/// The last frame was taken.
pub const ACK: u8 = 0x06;
/// The last frame, or what was taken for one, was not taken. A frame with the reason follows, which is not answered.
pub const NAK: u8 = 0x15;
/// Between the fields of a payload.
const SEPARATOR: u8 = b'#';
/// The largest frame: STX, payload, ETX and checksum together.
pub const MAX_FRAME_BYTES: usize = 4096;

/// What one side says at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit<'a> {
    /// Let us begin.
    Enq,
    /// The end.
    Eot,
    /// Taken.
    Ack,
    /// Not taken, and why; empty when no reason follows.
    Nak(&'a str),
    /// A payload, as it stands in what was received.
    Frame(&'a str),
}

/// Bytes that are no unit. They are skipped, and what follows them is read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Invalid {
    /// Bytes between units that belong to none.
    Rubbish,
    /// A frame whose checksum is another.
    Checksum,
    /// A frame that begins anew before it has ended.
    Truncated,
    /// A frame of more than [`MAX_FRAME_BYTES`].
    TooLong,
    /// A payload that is no text (UTF-8).
    NoText,
}

impl Invalid {
    /// For the peer.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Rubbish => "RUBBISH",
            Self::Checksum => "CHECKSUM",
            Self::Truncated => "TRUNCATED",
            Self::TooLong => "TOO_LONG",
            Self::NoText => "NO_TEXT",
        }
    }
}

/// The next unit of what was received, or what is wrong there, and how many bytes that took. `None` when it has not wholly come: then
/// it never asks for more than a NAK and [`MAX_FRAME_BYTES`] to be kept.
pub fn decode(received: &[u8]) -> Option<(Result<Unit<'_>, Invalid>, usize)> {
    let unit = match *received.first()? {
        ENQ => Unit::Enq,
        EOT => Unit::Eot,
        ACK => Unit::Ack,
        NAK => return refusal(received),
        STX => return frame(received),
        _ => {
            let skipped = received.iter().position(|byte| matches!(*byte, STX | ENQ | EOT | ACK | NAK));
            return Some((Err(Invalid::Rubbish), skipped.unwrap_or(received.len())));
        }
    };
    Some((Ok(unit), 1))
}

fn refusal(received: &[u8]) -> Option<(Result<Unit<'_>, Invalid>, usize)> {
    if *received.get(1)? == STX
        && let (Ok(Unit::Frame(reason)), taken) = frame(&received[1..])?
    {
        return Some((Ok(Unit::Nak(reason)), 1 + taken));
    }
    // What follows is read by itself.
    Some((Ok(Unit::Nak("")), 1))
}

fn frame(received: &[u8]) -> Option<(Result<Unit<'_>, Invalid>, usize)> {
    // Where ETX must stand, so that the checksum after it is still in the frame.
    let up_to_etx = &received[1..received.len().min(MAX_FRAME_BYTES - 1)];
    match memchr2(ETX, STX, up_to_etx) {
        Some(end) if up_to_etx[end] == STX => Some((Err(Invalid::Truncated), 1 + end)),
        Some(end) => {
            let checksum = *received.get(end + 2)?;
            let payload = &up_to_etx[..end];
            let unit = if lrc(payload) != checksum {
                Err(Invalid::Checksum)
            } else {
                std::str::from_utf8(payload).map(Unit::Frame).map_err(|_| Invalid::NoText)
            };
            Some((unit, end + 3))
        }
        None if received.len() >= MAX_FRAME_BYTES - 1 => Some((Err(Invalid::TooLong), MAX_FRAME_BYTES - 1)),
        None => None,
    }
}

/// The longitudinal redundancy check: all bytes XOR each other.
fn lrc(payload: &[u8]) -> u8 {
    payload.iter().fold(0, |checksum, byte| checksum ^ byte)
}

/// Why fields make no frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unsayable {
    /// A field holds a byte that means something else on the wire.
    Byte {
        /// Counted from 0.
        field: usize,
        /// The byte.
        byte: u8,
    },
    /// It would be larger than [`MAX_FRAME_BYTES`].
    TooLong,
}

impl fmt::Display for Unsayable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Byte { field, byte } => {
                let name = match *byte {
                    SEPARATOR => "#",
                    STX => "STX (0x02)",
                    _ => "ETX (0x03)",
                };
                write!(formatter, "field {field} holds {name}, which no field may")
            }
            Self::TooLong => write!(formatter, "a frame holds at most {MAX_FRAME_BYTES} bytes"),
        }
    }
}

impl std::error::Error for Unsayable {}

/// Adds a frame of these fields to what is to be sent, or nothing.
///
/// # Errors
/// When a field holds `#`, STX or ETX, or the frame is too long.
pub fn encode(fields: &[&str], sent: &mut Vec<u8>) -> Result<(), Unsayable> {
    let begin = sent.len();
    sent.push(STX);
    for (number, field) in fields.iter().enumerate() {
        if let Some(at) = memchr3(SEPARATOR, STX, ETX, field.as_bytes()) {
            sent.truncate(begin);
            return Err(Unsayable::Byte { field: number, byte: field.as_bytes()[at] });
        }
        if number > 0 {
            sent.push(SEPARATOR);
        }
        sent.extend_from_slice(field.as_bytes());
    }
    let checksum = lrc(&sent[begin + 1..]);
    sent.extend([ETX, checksum]);
    if sent.len() - begin > MAX_FRAME_BYTES {
        sent.truncate(begin);
        return Err(Unsayable::TooLong);
    }
    Ok(())
}

/// Adds a NAK and the frame with its reason. What the reason may not hold is left out.
pub fn encode_refusal(reason: &str, sent: &mut Vec<u8>) {
    sent.push(NAK);
    let sayable: String =
        reason.chars().filter(|letter| !matches!(letter, '#' | '\u{2}' | '\u{3}')).take(512).collect();
    // Nothing is left in it that could not be said.
    let _ = encode(&[&sayable], sent);
}

/// The fields of a payload.
pub(super) fn fields(payload: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(payload);
    std::iter::from_fn(move || {
        let text = rest?;
        let (field, after) = match memchr(SEPARATOR, text.as_bytes()) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        rest = after;
        Some(field)
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn encoded(fields: &[&str]) -> Vec<u8> {
        let mut sent = Vec::new();
        encode(fields, &mut sent).unwrap();
        sent
    }

    #[test]
    fn a_frame_is_what_the_document_says() {
        let bytes = encoded(&["HCK", "MAD-01"]);
        assert_eq!(bytes, b"\x02HCK#MAD-01\x03\x07");
        assert_eq!(decode(&bytes), Some((Ok(Unit::Frame("HCK#MAD-01")), bytes.len())));
    }

    #[test]
    fn each_wrong_thing_is_named_and_costs_itself_alone() {
        let good = encoded(&["STOP", "s-1"]);
        for (wrong, invalid) in [
            (&b"hello"[..], Invalid::Rubbish),
            (b"\x02HCK#MAD-01\x03\x00", Invalid::Checksum),
            (b"\x02HCK#MAD", Invalid::Truncated),
            (b"\x02\xff\x03\xff", Invalid::NoText),
        ] {
            let received = [wrong, &good].concat();
            let (found, taken) = decode(&received).unwrap();
            assert_eq!((found, taken), (Err(invalid), wrong.len()));
            assert_eq!(decode(&received[taken..]), Some((Ok(Unit::Frame("STOP#s-1")), good.len())));
        }
    }

    #[test]
    fn what_has_not_wholly_come_is_waited_for_and_never_for_ever() {
        let good = encoded(&["AVR", "MAD-01", "smoke"]);
        for cut in 0..good.len() {
            assert_eq!(decode(&good[..cut]), None, "{cut}");
        }
        let mut endless = vec![b'x'; MAX_FRAME_BYTES];
        endless[0] = STX;
        assert_eq!(decode(&endless[..MAX_FRAME_BYTES - 2]), None);
        assert_eq!(decode(&endless), Some((Err(Invalid::TooLong), MAX_FRAME_BYTES - 1)));
    }

    #[test]
    fn the_longest_frame_fits_and_a_longer_one_is_not_made() {
        let longest = "x".repeat(MAX_FRAME_BYTES - 3);
        let bytes = encoded(&[&longest]);
        assert_eq!(bytes.len(), MAX_FRAME_BYTES);
        assert_eq!(decode(&bytes), Some((Ok(Unit::Frame(&longest)), MAX_FRAME_BYTES)));
        let mut sent = b"before".to_vec();
        assert_eq!(encode(&[&longest, ""], &mut sent), Err(Unsayable::TooLong));
        assert_eq!(sent, b"before");
    }

    #[test]
    fn a_field_can_not_say_what_means_something_else() {
        for (field, byte) in [("a#b", b'#'), ("a\u{2}", STX), ("\u{3}", ETX)] {
            let mut sent = Vec::new();
            assert_eq!(encode(&["AVR", field], &mut sent), Err(Unsayable::Byte { field: 1, byte }));
            assert!(sent.is_empty());
        }
        assert_eq!(
            Unsayable::Byte { field: 1, byte: b'#' }.to_string(),
            "field 1 holds #, which no field may"
        );
    }

    #[test]
    fn a_refusal_can_always_be_said() {
        let mut sent = Vec::new();
        encode_refusal("no#way \u{2}", &mut sent);
        assert_eq!(decode(&sent), Some((Ok(Unit::Nak("noway ")), sent.len())));
        assert_eq!(decode(&sent[..1]), None);
        assert_eq!(decode(&[NAK, ACK]), Some((Ok(Unit::Nak("")), 1)));
    }

    proptest! {
        #[test]
        fn what_is_said_is_heard(said in vec("[^#\u{2}\u{3}]{0,40}", 1..8)) {
            let said: Vec<&str> = said.iter().map(String::as_str).collect();
            let bytes = encoded(&said);
            let (unit, taken) = decode(&bytes).unwrap();
            prop_assert_eq!(taken, bytes.len());
            let Ok(Unit::Frame(payload)) = unit else { return Err(TestCaseError::fail(format!("{unit:?}"))) };
            prop_assert_eq!(fields(payload).collect::<Vec<_>>(), said);
        }

        /// Whatever comes, in whatever pieces, reading goes on, ends, and finds the same.
        #[test]
        fn rubbish_is_read_to_its_end(received in vec(any::<u8>(), 0..6_000), cut in 0_usize..6_000) {
            let whole = units(&[&received]);
            let cut = cut.min(received.len());
            let pieces = units(&[&received[..cut], &received[cut..]]);
            prop_assert_eq!(joined(whole), joined(pieces));
        }
    }

    /// What is read when the pieces come one after the other.
    fn units(pieces: &[&[u8]]) -> Vec<Result<String, Invalid>> {
        let (mut kept, mut found) = (Vec::new(), Vec::new());
        for piece in pieces {
            kept.extend_from_slice(piece);
            while let Some((unit, taken)) = decode(&kept) {
                assert!(taken > 0 && taken <= kept.len());
                found.push(unit.map(|unit| format!("{unit:?}")));
                kept.drain(..taken);
            }
            assert!(kept.len() <= MAX_FRAME_BYTES, "no more is kept than a NAK and a frame");
        }
        found
    }

    /// Rubbish that comes in two pieces is one as much as two.
    fn joined(mut units: Vec<Result<String, Invalid>>) -> Vec<Result<String, Invalid>> {
        units.dedup_by(|one, other| *one == Err(Invalid::Rubbish) && *other == Err(Invalid::Rubbish));
        units
    }
}
