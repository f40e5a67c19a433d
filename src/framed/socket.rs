//! Units over a socket, with bounds on what is kept and on how long one waits.

use std::{collections::VecDeque, future::poll_fn, io, mem::MaybeUninit, pin::Pin, time::Duration};

use rand::seq::SliceRandom;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf, ReadHalf, WriteHalf},
    net::TcpStream,
    time::timeout,
};

use super::{
    ACK, ENQ, EOT, Invalid, Message, Unit, Unsayable, decode, encode_refusal,
    refusal::{self, refused},
};
use crate::{
    error::{Error, ErrorCode},
    tls::Tls,
};

/// How long a connection, with its first ENQ and ACK, may take.
pub const OPEN_DEADLINE: Duration = Duration::from_secs(3);
/// How long a peer may leave what is said to it in the network's buffers.
const WRITE_DEADLINE: Duration = Duration::from_secs(5);
/// Frames that may wait for their ACK; a peer that answers none is gone.
const MAX_UNANSWERED: usize = 64;
/// What is read at a time.
const CHUNK_BYTES: usize = 4096;
/// Buffers that are larger than this are given back once they are empty: thousands of connections are idle most of the time.
const KEPT_BYTES: usize = 256;

/// Something to read from and write to.
pub trait Socket: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Socket for S {}

/// A socket of either kind, with or without TLS.
pub type AnySocket = Box<dyn Socket>;

/// What a peer says.
pub struct FrameReader {
    half: ReadHalf<AnySocket>,
    received: Vec<u8>,
    /// How much of it was looked at.
    read: usize,
}

/// What is said to a peer, and what it has not answered yet.
pub struct FrameWriter {
    half: WriteHalf<AnySocket>,
    unsent: Vec<u8>,
    /// For each frame that waits for its answer: the session, when it is a START.
    unanswered: VecDeque<Option<String>>,
}

/// Both directions of a socket.
pub fn split(socket: AnySocket) -> (FrameReader, FrameWriter) {
    let (read_half, write_half) = tokio::io::split(socket);
    let reader = FrameReader { half: read_half, received: Vec::new(), read: 0 };
    (reader, FrameWriter { half: write_half, unsent: Vec::new(), unanswered: VecDeque::new() })
}

/// Takes somebody in who has connected, by TLS if there are certificates. `None` when that did not come about, which is logged here.
pub async fn accept(stream: TcpStream, tls: Option<Tls>) -> Option<(FrameReader, FrameWriter)> {
    match tls {
        None => Some(split(Box::new(stream))),
        Some(tls) => match tls.accept_anyone(stream).await {
            Ok(stream) => Some(split(Box::new(stream))),
            Err(error) => {
                tracing::info!(%error, "a caller did not come in by TLS");
                None
            }
        },
    }
}

/// Connects to `HOST:PORT`, or by TLS to `tls://HOST:PORT`, and begins a conversation. Of several addresses, separated by commas, any that
/// answers will do.
///
/// # Errors
/// UNAVAILABLE when nobody is there who speaks the protocol; what the peer refused with.
pub async fn connect(addresses: &str, tls: Option<&Tls>) -> Result<(FrameReader, FrameWriter), Error> {
    let mut addresses: Vec<&str> = addresses.split(',').collect();
    addresses.shuffle(&mut rand::rng());
    let mut failure = Error::unavailable("there is no address to connect to", "no address");
    for address in addresses {
        match connect_to(address, tls).await {
            Err(error) if error.is_retryable() => failure = error,
            done => return done,
        }
    }
    Err(failure)
}

async fn connect_to(address: &str, tls: Option<&Tls>) -> Result<(FrameReader, FrameWriter), Error> {
    let opening = async {
        let secure = address.strip_prefix("tls://");
        let at = secure.unwrap_or(address);
        let stream = TcpStream::connect(at).await?;
        stream.set_nodelay(true)?;
        let socket: AnySocket = if secure.is_none() {
            Box::new(stream)
        } else {
            let tls = tls.ok_or_else(|| io::Error::other("TLS needs certificates; give --tls-folder"))?;
            let host = at.rsplit_once(':').map_or(at, |(host, _)| host).trim_matches(['[', ']']);
            Box::new(tls.connect(host, stream).await?)
        };
        let (mut reader, mut writer) = split(socket);
        writer.enq();
        writer.flush().await?;
        let refusal = loop {
            match reader.next_unit() {
                Some(Ok(Unit::Ack)) => break None,
                Some(Ok(Unit::Nak(reason))) => break Some(refused(reason)),
                Some(_) => return Err(io::Error::other("it speaks something else")),
                None => reader.fill().await?,
            }
        };
        writer.unanswered.clear();
        Ok(refusal.map_or(Ok((reader, writer)), Err))
    };
    let cannot = |why: String| Error::unavailable(format!("cannot reach {address}: {why}"), &why);
    match timeout(OPEN_DEADLINE, opening).await {
        Ok(Ok(opened)) => opened,
        Ok(Err(error)) => Err(cannot(error.to_string())),
        Err(_) => Err(cannot(format!("no answer in {} s", OPEN_DEADLINE.as_secs()))),
    }
}

impl FrameReader {
    /// The next unit of what has come; `None` when more must come first.
    pub fn next_unit(&mut self) -> Option<Result<Unit<'_>, Invalid>> {
        // The borrow of what is returned would last for both ways, so the way is chosen first.
        if self.read == self.received.len() {
            self.received.clear();
            self.read = 0;
            if self.received.capacity() > KEPT_BYTES {
                self.received = Vec::new();
            }
            return None;
        }
        let (unit, taken) = decode(&self.received[self.read..])?;
        self.read += taken;
        Some(unit)
    }

    /// Waits for more. Nothing is lost when it is given up in between.
    ///
    /// # Errors
    /// UnexpectedEof when the peer has closed; what the socket fails with.
    pub async fn fill(&mut self) -> io::Result<()> {
        // On the stack and only while something is read: who waits holds no buffer.
        poll_fn(|context| {
            let mut chunk = [MaybeUninit::uninit(); CHUNK_BYTES];
            let mut chunk = ReadBuf::uninit(&mut chunk);
            let polled = Pin::new(&mut self.half).poll_read(context, &mut chunk);
            polled.map(|done| {
                done?;
                if chunk.filled().is_empty() {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                self.received.drain(..self.read);
                self.read = 0;
                self.received.extend_from_slice(chunk.filled());
                Ok(())
            })
        })
        .await
    }
}

impl FrameWriter {
    /// Says a message once it is flushed. Its answer is awaited.
    ///
    /// # Errors
    /// A text that no field may hold, or a peer that answers nothing any more.
    pub fn say(&mut self, message: &Message<'_>) -> Result<(), Error> {
        if self.unanswered.len() >= MAX_UNANSWERED {
            return Err(Error::unavailable("the peer answers nothing any more", message.word()));
        }
        message.encode(&mut self.unsent).map_err(unsayable)?;
        let session_id = match message {
            Message::Start { session_id, .. } => Some((*session_id).to_owned()),
            _ => None,
        };
        self.unanswered.push_back(session_id);
        Ok(())
    }

    /// Takes the answer to the oldest frame that waits for one: the session, when that was a START. `None` when nothing waits.
    pub fn answered(&mut self) -> Option<Option<String>> {
        self.unanswered.pop_front()
    }

    /// Whether something waits for its answer.
    pub fn is_unanswered(&self) -> bool {
        !self.unanswered.is_empty()
    }

    /// Asks whether the peer is there; answered as a frame is.
    pub fn enq(&mut self) {
        // Who never answers is told apart by what waits, and an ENQ more or less changes nothing.
        if self.unanswered.len() < MAX_UNANSWERED {
            self.unanswered.push_back(None);
            self.unsent.push(ENQ);
        }
    }

    /// What came was taken.
    pub fn ack(&mut self) {
        self.unsent.push(ACK);
    }

    /// What came was not taken.
    pub fn nak(&mut self, error: &Error) {
        encode_refusal(&refusal::text(error), &mut self.unsent);
    }

    /// What came could not be read.
    pub fn nak_unreadable(&mut self, reason: impl std::fmt::Display) {
        encode_refusal(&reason.to_string(), &mut self.unsent);
    }

    /// The end.
    pub fn eot(&mut self) {
        self.unsent.push(EOT);
    }

    /// Whether something waits to be sent.
    pub fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Sends what was said. What was not sent when this is given up is sent by the next.
    ///
    /// # Errors
    /// What the socket fails with, TimedOut when the peer takes nothing.
    pub async fn flush(&mut self) -> io::Result<()> {
        let all = async {
            while !self.unsent.is_empty() {
                let sent = self.half.write(&self.unsent).await?;
                if sent == 0 {
                    return Err(io::ErrorKind::WriteZero.into());
                }
                self.unsent.drain(..sent);
            }
            // TLS keeps some of it until now.
            self.half.flush().await
        };
        timeout(WRITE_DEADLINE, all).await.map_err(|_| io::ErrorKind::TimedOut)??;
        if self.unsent.capacity() > KEPT_BYTES {
            self.unsent = Vec::new();
        }
        Ok(())
    }
}

fn unsayable(problem: Unsayable) -> Error {
    Error::new(ErrorCode::InvalidArgument, "UNSAYABLE", format!("this can't be said in frames: {problem}"))
}
