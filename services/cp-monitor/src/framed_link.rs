//! A link by the framed protocol: the gateway carries it on to the registry.

use std::time::Duration;

use evcharging_common::{
    error::Error,
    framed::{self, FrameReader, FrameWriter, Message, Unit, link},
    pb::cp_registry::v1::{Hello, LinkResponse, link_request},
    tls::Tls,
};
use tokio::time::{Instant, timeout, timeout_at};

/// How long the gateway may take to ask the registry.
const WELCOME_DEADLINE: Duration = Duration::from_secs(8);
/// How long it may be silent: it answers each heartbeat.
const SILENCE: Duration = Duration::from_secs(6);

/// A link that was let in.
pub struct FramedLink {
    cp_id: String,
    reader: FrameReader,
    writer: FrameWriter,
    heard_at: Instant,
}

impl FramedLink {
    /// Registers, and proves that the charge point is the one that it says.
    ///
    /// # Errors
    /// Why the registry refused, or that the gateway can't be reached.
    pub async fn open(address: &str, tls: Option<&Tls>, hello: &Hello) -> Result<Self, Error> {
        let (reader, writer) = framed::connect(address, tls).await?;
        let mut link = Self { cp_id: hello.cp_id.clone(), reader, writer, heard_at: Instant::now() };
        let cp_id = &hello.cp_id;
        let register = Message::Register {
            cp_id,
            location: &hello.location,
            price_micros_per_kwh: hello.price_micros_per_kwh,
            max_power_w: Some(hello.max_power_w),
        };
        let authenticate = Message::Authenticate { cp_id, key: &hello.key };
        let letting_in = async {
            link.ask(&register).await?;
            link.ask(&authenticate).await
        };
        timeout(WELCOME_DEADLINE, letting_in)
            .await
            .unwrap_or_else(|_| Err(Error::unavailable("the gateway did not answer in time", address)))?;
        link.heard_at = Instant::now();
        Ok(link)
    }

    async fn ask(&mut self, message: &Message<'_>) -> Result<(), Error> {
        self.writer.say(message)?;
        self.writer.flush().await.map_err(lost)?;
        loop {
            match self.reader.next_unit() {
                Some(Ok(Unit::Ack)) => break,
                Some(Ok(Unit::Nak(reason))) => return Err(framed::refused(reason)),
                Some(Ok(Unit::Eot)) => return Err(ended()),
                Some(_) => {
                    return Err(Error::unavailable("the gateway speaks something else", message.word()));
                }
                None => self.reader.fill().await.map_err(lost)?,
            }
        }
        drop(self.writer.answered());
        Ok(())
    }

    /// Says something once [`FramedLink::next`] goes on.
    ///
    /// # Errors
    /// When the gateway answers nothing any more.
    pub fn say(&mut self, message: &link_request::Message) -> Result<(), Error> {
        let mut scratch = String::new();
        match link::from_request(message, &self.cp_id, &mut scratch) {
            Some(message) => self.writer.say(&message),
            None => {
                self.writer.enq();
                Ok(())
            }
        }
    }

    /// What the gateway says next. Nothing is lost when this is given up in between.
    ///
    /// # Errors
    /// Why the link has ended.
    pub async fn next(&mut self) -> Result<LinkResponse, Error> {
        loop {
            if self.writer.has_unsent() {
                self.writer.flush().await.map_err(lost)?;
            }
            let Some(unit) = self.reader.next_unit() else {
                let filled = timeout_at(self.heard_at + SILENCE, self.reader.fill()).await;
                filled
                    .map_err(|_| Error::unavailable("the gateway was silent for too long", "no word"))?
                    .map_err(lost)?;
                self.heard_at = Instant::now();
                continue;
            };
            match unit {
                Ok(Unit::Frame(payload)) => {
                    let read = Message::parse(payload);
                    let said = read.map(|message| link::to_response(&message, &self.cp_id));
                    match said {
                        Ok(Some(response)) => {
                            self.writer.ack();
                            return Ok(response);
                        }
                        Ok(None) => {
                            self.writer.nak_unreadable("MISPLACED: a monitor has no use for this message")
                        }
                        Err(misread) => self.writer.nak_unreadable(misread),
                    }
                }
                Ok(Unit::Ack) => drop(self.writer.answered()),
                Ok(Unit::Nak(reason)) => {
                    tracing::warn!(
                        cp_id = self.cp_id,
                        reason,
                        "the gateway did not take what the monitor said"
                    );
                    drop(self.writer.answered());
                }
                Ok(Unit::Enq) => self.writer.ack(),
                Ok(Unit::Eot) => return Err(ended()),
                Err(invalid) => self.writer.nak_unreadable(invalid.reason()),
            }
        }
    }
}

fn lost(error: std::io::Error) -> Error {
    Error::unavailable("the connection to the gateway is lost", error)
}

fn ended() -> Error {
    Error::unavailable("the gateway ended the link", "EOT")
}
