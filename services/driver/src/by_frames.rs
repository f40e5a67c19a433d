//! The driver's side of the framed protocol: its messages as frames, and frames as what a driver is told.

mod translation;

use std::{convert::Infallible, time::Duration};

use evcharging_common::{
    backoff::Backoff,
    error::Error,
    framed::{self, FrameReader, FrameWriter, Message, Unit},
    pb::events::v1::driver_notification::Notification,
    tls::Tls,
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, interval},
};
use translation::Translation;

use crate::{charge::Outgoing, said::Said};

/// How long something waits before it is said again to a gateway that could not take it.
const SAY_AGAIN: Duration = Duration::from_millis(500);
/// How often a gateway is asked whether it is there.
const ASK: Duration = Duration::from_secs(5);
/// Readings come each second: a charge of which nothing is heard for this long over a new connection has ended.
const UNHEARD: Duration = Duration::from_secs(20);
/// One that answers nothing for this long is not.
const SILENCE: Duration = Duration::from_secs(15);

/// Something to be delivered.
pub(crate) struct Letter {
    pub said: Said,
    pub confirm: mpsc::Sender<Outgoing>,
}

/// Delivers letters in order and hands on what the driver is told, for ever; connects anew as often as it must.
pub(crate) async fn talk(
    address: String,
    tls: Option<Tls>,
    driver_id: String,
    letters: mpsc::Receiver<Letter>,
    told: mpsc::Sender<Notification>,
    connected: watch::Sender<bool>,
) {
    let translation = Translation::of(&driver_id);
    let mut driver = Driver { letters, told, translation, waiting: None, charge: None };
    let mut backoff = Backoff::reconnect();
    loop {
        let lost = match framed::connect(&address, tls.as_ref()).await {
            Ok((reader, writer)) => {
                connected.send_replace(true);
                backoff.reset();
                match driver.converse(reader, writer).await {
                    Ok(never) => match never {},
                    Err(error) => error,
                }
            }
            Err(error) => error,
        };
        connected.send_replace(false);
        driver.forget_what_was_given_up();
        tracing::debug!(%lost, "the gateway is tried again");
        backoff.wait().await;
    }
}

struct Driver {
    letters: mpsc::Receiver<Letter>,
    told: mpsc::Sender<Notification>,
    translation: Translation,
    /// Not taken by the gateway yet: it is said again over the next connection.
    waiting: Option<Letter>,
    /// Closed once the charge that was asked for last is over, or was given up.
    charge: Option<mpsc::Sender<Outgoing>>,
}

/// What the next answer of the gateway is about: answers come in the order of what was said.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Asked {
    Letter,
    /// Whether it is there, or to hear of a charge that goes on.
    Other,
}

impl Driver {
    async fn converse(
        &mut self,
        mut reader: FrameReader,
        mut writer: FrameWriter,
    ) -> Result<Infallible, Error> {
        let mut asked = std::collections::VecDeque::new();
        if let Some(resume) = self.translation.resume() {
            writer.say(&resume)?;
            asked.push_back(Asked::Other);
        }
        let mut unheard_until = (!asked.is_empty()).then(|| Instant::now() + UNHEARD);
        let mut say_again_at = None;
        let mut asks = interval(ASK);
        let mut heard_at = Instant::now();
        loop {
            while let Some(unit) = reader.next_unit() {
                match unit {
                    Ok(Unit::Ack) => {
                        drop(writer.answered());
                        if asked.pop_front() == Some(Asked::Letter) {
                            self.confirm().await;
                        }
                    }
                    Ok(Unit::Nak(reason)) => {
                        drop(writer.answered());
                        if asked.pop_front() == Some(Asked::Letter)
                            && !self.refused(&framed::refused(reason)).await
                        {
                            say_again_at = Some(Instant::now() + SAY_AGAIN);
                        }
                    }
                    Ok(Unit::Frame(payload)) => match Message::parse(payload) {
                        Ok(message) => {
                            writer.ack();
                            unheard_until = None;
                            if let Message::Authorized { session_id, .. } = message
                                && self.charge.as_ref().is_some_and(mpsc::Sender::is_closed)
                            {
                                // Nobody waits for it any more, and it would go on by itself.
                                let session_id = session_id.unwrap_or_default();
                                writer.say(&Message::Stop { session_id, reason: None })?;
                                asked.push_back(Asked::Other);
                            }
                            if let Some(notification) = self.translation.hear(&message) {
                                self.tell(notification).await;
                            }
                        }
                        Err(misread) => writer.nak_unreadable(misread),
                    },
                    Ok(Unit::Enq) => writer.ack(),
                    Ok(Unit::Eot) => {
                        return Err(Error::unavailable("the gateway ended the conversation", "EOT"));
                    }
                    Err(invalid) => writer.nak_unreadable(invalid.reason()),
                }
            }
            if self.waiting.as_ref().is_some_and(|letter| letter.confirm.is_closed()) {
                // Its charge is over or was given up. Should it have been said, its answer is nobody's any more.
                self.waiting = None;
                asked.iter_mut().for_each(|asked| *asked = Asked::Other);
            }
            if say_again_at.is_none()
                && !asked.contains(&Asked::Letter)
                && let Some(letter) = &self.waiting
            {
                if matches!(letter.said, Said::Request(_)) {
                    self.charge = Some(letter.confirm.clone());
                }
                match self.translation.say(&letter.said) {
                    Some(message) => {
                        writer.say(&message)?;
                        asked.push_back(Asked::Letter);
                    }
                    // The gateway does it by itself.
                    None => self.confirm().await,
                }
            }
            writer.flush().await.map_err(lost)?;
            tokio::select! {
                filled = reader.fill() => {
                    filled.map_err(lost)?;
                    heard_at = Instant::now();
                }
                Some(letter) = self.letters.recv(), if self.waiting.is_none() => self.waiting = Some(letter),
                () = sleep_until(say_again_at) => say_again_at = None,
                _ = asks.tick() => {
                    if unheard_until.is_some_and(|until| Instant::now() > until) {
                        unheard_until = None;
                        self.tell(self.translation.unheard()).await;
                    }
                    if heard_at.elapsed() > SILENCE {
                        return Err(Error::unavailable("the gateway answers nothing any more", "silence"));
                    }
                    writer.enq();
                    asked.push_back(Asked::Other);
                }
            }
        }
    }

    /// Letters of charges that nobody waits for any more would keep those of the next from being taken.
    fn forget_what_was_given_up(&mut self) {
        while self.waiting.as_ref().is_none_or(|letter| letter.confirm.is_closed()) {
            self.waiting = self.letters.try_recv().ok();
            if self.waiting.is_none() {
                return;
            }
        }
    }

    async fn confirm(&mut self) {
        if let Some(Letter { said, confirm }) = self.waiting.take() {
            // Its charge may have been given up.
            let _ = confirm.send(said.outgoing()).await;
        }
    }

    /// Whether that is the last word about what waits.
    async fn refused(&mut self, error: &Error) -> bool {
        // A gateway that has begun anew hears of the charge within a second.
        if error.is_retryable() || error.reason == "NO_CHARGE" {
            return false;
        }
        let refusal = self.translation.refuse(error);
        self.confirm().await;
        if let Some(refusal) = refusal {
            self.tell(refusal).await;
        }
        true
    }

    async fn tell(&self, notification: Notification) {
        // Whoever listened is gone, and this task with it.
        let _ = self.told.send(notification).await;
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

fn lost(error: std::io::Error) -> Error {
    Error::unavailable("the connection to the gateway is lost", error)
}
