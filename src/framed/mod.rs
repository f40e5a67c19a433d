//! The framed TCP protocol: what stands on the wire, and what it means. docs/framed-protocol.md describes it for those who speak it from elsewhere.

mod codec;
mod message;

pub use codec::{ACK, ENQ, EOT, Invalid, MAX_FRAME_BYTES, NAK, Unit, decode, encode, encode_refusal};
pub use message::{Message, Misread};
