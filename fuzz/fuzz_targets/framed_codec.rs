//! Whatever a peer sends, in whatever pieces: reading goes on, keeps no more than a frame, finds the same, and what is read can be said again.
#![no_main]

// The parsers alone: to instrument all that the library brings along would take minutes.
#[allow(dead_code)]
#[path = "../../src/money.rs"]
mod money;
#[allow(dead_code)]
#[path = "../../src/framed"]
mod framed {
    pub mod codec;
    pub mod message;
}

use framed::{
    codec::{Invalid, MAX_FRAME_BYTES, Unit, decode},
    message::Message,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    // The first two bytes say where what is received is cut in two.
    let Some((cut, received)) = input.split_first_chunk() else { return };
    let cut = usize::from(u16::from_le_bytes(*cut)).min(received.len());
    assert_eq!(read(&[received]), read(&[&received[..cut], &received[cut..]]));
});

fn read(pieces: &[&[u8]]) -> Vec<Result<String, Invalid>> {
    let (mut kept, mut found) = (Vec::new(), Vec::new());
    for piece in pieces {
        kept.extend_from_slice(piece);
        while let Some((unit, taken)) = decode(&kept) {
            assert!(taken > 0 && taken <= kept.len());
            if let Ok(Unit::Frame(payload)) = unit {
                say_again(payload);
            }
            found.push(unit.map(|unit| format!("{unit:?}")));
            kept.drain(..taken);
        }
        assert!(kept.len() <= MAX_FRAME_BYTES);
    }
    // Rubbish that comes in two pieces is one as much as two.
    found.dedup_by(|one, other| *one == Err(Invalid::Rubbish) && *other == Err(Invalid::Rubbish));
    found
}

/// A message that was read is the same once it was said and read again.
fn say_again(payload: &str) {
    let Ok(message) = Message::parse(payload) else { return };
    let mut said = Vec::new();
    if message.encode(&mut said).is_err() {
        return;
    }
    let Some((Ok(Unit::Frame(again)), taken)) = decode(&said) else { panic!("{said:?} is no frame") };
    assert_eq!(taken, said.len());
    assert_eq!(Message::parse(again), Ok(message));
}
