//! The framed TCP protocol: what stands on the wire, and what it means. docs/framed-protocol.md describes it for those who speak it from elsewhere.

mod codec;
pub mod link;
mod message;
mod refusal;
mod socket;

pub use codec::{
    ACK, ENQ, EOT, Invalid, MAX_FRAME_BYTES, NAK, Unit, Unsayable, decode, encode, encode_refusal,
};
pub use message::{Message, Misread, TicketDetails};
pub use refusal::refused;
pub use socket::{AnySocket, FrameReader, FrameWriter, OPEN_DEADLINE, accept, connect, split};
