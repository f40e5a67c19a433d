//! A bare peer that speaks the framed protocol, as somebody else would write it.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use evcharging_common::framed::{ACK, ENQ, Unit, decode, encode};

const PATIENCE: Duration = Duration::from_secs(20);

/// One connection. It takes every frame that it hears.
pub struct FramedPeer {
    stream: TcpStream,
    received: Vec<u8>,
}

impl FramedPeer {
    /// Connects and begins a conversation.
    pub fn connect(address: &str) -> Self {
        let mut peer = Self::connect_silently(address);
        peer.send(&[ENQ]);
        assert_eq!(peer.hear(), "ACK");
        peer
    }

    /// Connects and says nothing.
    pub fn connect_silently(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a timeout");
        Self { stream, received: Vec::new() }
    }

    /// Sends bytes as they are.
    pub fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the peer takes bytes");
    }

    /// Says a payload.
    pub fn say(&mut self, payload: &str) {
        let fields: Vec<&str> = payload.split('#').collect();
        let mut frame = Vec::new();
        encode(&fields, &mut frame).expect("a frame");
        self.send(&frame);
    }

    /// Says a payload and expects it to be taken, whatever else is heard before.
    pub fn say_taken(&mut self, payload: &str) {
        self.say(payload);
        self.wait_for("ACK");
    }

    /// What is heard next: ACK, NAK REASON, ENQ, EOT, CLOSED, or a payload.
    pub fn hear(&mut self) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some((unit, taken)) = decode(&self.received) {
                let (text, is_frame) = match unit.expect("what the gateway says can be read") {
                    Unit::Ack => ("ACK".to_owned(), false),
                    Unit::Nak(reason) => (format!("NAK {reason}"), false),
                    Unit::Enq => ("ENQ".to_owned(), false),
                    Unit::Eot => ("EOT".to_owned(), false),
                    Unit::Frame(payload) => (payload.to_owned(), true),
                };
                self.received.drain(..taken);
                if is_frame {
                    self.send(&[ACK]);
                }
                return text;
            }
            assert!(Instant::now() < deadline, "nothing is heard");
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk) {
                Ok(0) => return "CLOSED".to_owned(),
                Ok(read) => self.received.extend_from_slice(&chunk[..read]),
                Err(error)
                    if matches!(
                        error.kind(),
                        std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                    ) => {}
                Err(_) => return "CLOSED".to_owned(),
            }
        }
    }

    /// Waits for something that begins so, past whatever else is heard.
    pub fn wait_for(&mut self, beginning: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        let mut heard = Vec::new();
        while Instant::now() < deadline {
            let next = self.hear();
            if next.starts_with(beginning) {
                return next;
            }
            assert_ne!(next, "CLOSED", "waiting for {beginning}, after {heard:?}");
            heard.push(next);
        }
        panic!("no {beginning} among {heard:?}");
    }
}
