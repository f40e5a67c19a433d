//! One conversation, from its ENQ to its EOT: reads, answers, and says what comes from the other side. What the messages mean is the
//! matter of [`ChargePoint`] and [`Driver`].

use std::time::Duration;

use evcharging_common::{
    error::Error,
    framed::{FrameReader, FrameWriter, Message, Unit},
    metric,
    pb::cp_registry::v1::LinkResponse,
    shutdown::CancellationToken,
};
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use crate::{
    charge_point::{ChargePoint, Network},
    driver::Driver,
    drivers::{Drivers, Heard},
    work::{Done, WorkQueue},
};

/// How long the first word may take.
const OPENING: Duration = Duration::from_secs(5);
/// How long a charge point may be silent.
const CHARGE_POINT_SILENCE: Duration = Duration::from_secs(6);
/// How long a driver may be, who has nothing to say while it waits.
const DRIVER_SILENCE: Duration = Duration::from_secs(300);
/// How often a linked charge point is said to live, and how often it is looked whether it does.
const TICK: Duration = Duration::from_secs(2);
/// Who says this much that can't be read or used, without a good word in between, is cut off.
const MOST_MISTAKES: u32 = 8;

/// What all conversations share.
#[derive(Clone)]
pub struct Gateway {
    /// Where charge points' words go.
    pub network: Network,
    /// What drivers are told.
    pub drivers: Drivers,
    /// Ends every conversation.
    pub shutdown: CancellationToken,
}

enum Party {
    Unknown,
    ChargePoint(Box<ChargePoint>),
    Driver(Box<Driver>),
}

/// What comes from the other side.
enum Told {
    Link(Result<LinkResponse, Error>),
    Driver(Option<Heard>),
}

/// One conversation.
pub struct Conversation {
    gateway: Gateway,
    is_open: bool,
    party: Party,
    work: WorkQueue,
    mistakes: u32,
    heard_at: Instant,
}

/// How a conversation ends: the reason, for the log.
type End = String;

impl Conversation {
    /// With somebody who has just connected.
    pub fn new(gateway: Gateway) -> Self {
        metrics::gauge!(metric::FRAMED_CONNECTIONS, "party" => "unknown").increment(1);
        Self {
            gateway,
            is_open: false,
            party: Party::Unknown,
            work: WorkQueue::default(),
            mistakes: 0,
            heard_at: Instant::now(),
        }
    }

    /// Until one side ends it.
    pub async fn run(mut self, mut reader: FrameReader, mut writer: FrameWriter) {
        let shutdown = self.gateway.shutdown.clone();
        let why = tokio::select! {
            why = self.talk(&mut reader, &mut writer) => why,
            () = shutdown.cancelled() => "the gateway stops".to_owned(),
        };
        let (party, id) = self.party.name();
        tracing::info!(party, id, why, "a framed conversation has ended");
        writer.eot();
        drop(writer.flush().await);
    }

    async fn talk(&mut self, reader: &mut FrameReader, writer: &mut FrameWriter) -> End {
        let mut ticks = interval_at(Instant::now() + TICK, TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // What waits is answered before more is read: answers keep the order of what they answer.
            while self.work.is_empty() {
                let Some(unit) = reader.next_unit() else { break };
                if let Err(end) = self.hear(unit, writer) {
                    return end;
                }
            }
            if writer.has_unsent()
                && let Err(error) = writer.flush().await
            {
                return format!("it can't be reached: {error}");
            }
            let went_on = tokio::select! {
                filled = reader.fill(), if self.work.is_empty() => {
                    self.heard_at = Instant::now();
                    filled.map_err(|_| "it went away".to_owned())
                }
                done = self.work.next() => self.finish(done, writer),
                told = self.party.next() => self.tell(told, writer),
                _ = ticks.tick() => self.tick(),
            };
            if let Err(end) = went_on {
                return end;
            }
        }
    }

    /// Takes a unit.
    fn hear(
        &mut self,
        unit: Result<Unit<'_>, evcharging_common::framed::Invalid>,
        writer: &mut FrameWriter,
    ) -> Result<(), End> {
        match unit {
            Ok(Unit::Enq) => {
                self.is_open = true;
                writer.ack();
            }
            Ok(Unit::Eot) => return Err("it said goodbye".to_owned()),
            Ok(Unit::Ack) => drop(writer.answered()),
            Ok(Unit::Nak(reason)) => {
                let refused = writer.answered();
                if let (Some(Some(session_id)), Party::ChargePoint(charge_point)) = (refused, &mut self.party)
                {
                    charge_point.refuse(&session_id, reason).map_err(|error| error.message)?;
                }
            }
            Ok(Unit::Frame(payload)) => match Message::parse(payload) {
                Ok(message) => {
                    let word = message.word();
                    metrics::counter!(metric::FRAMES, "direction" => "received", "message" => word)
                        .increment(1);
                    if let Err(error) = self.take(&message) {
                        self.refuse(&error, writer)?;
                    }
                }
                Err(misread) => self.not_read(misread.reason(), &misread.to_string(), writer)?,
            },
            Err(invalid) => self.not_read(invalid.reason(), invalid.reason(), writer)?,
        }
        Ok(())
    }

    fn take(&mut self, message: &Message<'_>) -> Result<(), Error> {
        if !self.is_open {
            return Err(Error::failed_precondition("MISPLACED", "ENQ comes first"));
        }
        if matches!(self.party, Party::Unknown) {
            let Gateway { network, drivers, .. } = &self.gateway;
            let party = match message {
                Message::Register { .. } => Party::ChargePoint(Box::new(ChargePoint::new(network.clone()))),
                Message::Request { .. } | Message::Start { .. } => {
                    Party::Driver(Box::new(Driver::new(drivers.clone(), network.producer.clone())))
                }
                _ => return Err(Error::failed_precondition("MISPLACED", "REG or REQ comes first")),
            };
            self.become_party(party);
        }
        match &mut self.party {
            Party::Unknown => Ok(()),
            Party::ChargePoint(charge_point) => charge_point.take(message, &mut self.work),
            Party::Driver(driver) => driver.take(message, &mut self.work),
        }
    }

    fn become_party(&mut self, party: Party) {
        metrics::gauge!(metric::FRAMED_CONNECTIONS, "party" => self.party.name().0).decrement(1);
        self.party = party;
        metrics::gauge!(metric::FRAMED_CONNECTIONS, "party" => self.party.name().0).increment(1);
    }

    /// Something has ended that was waited for.
    fn finish(&mut self, done: Done, writer: &mut FrameWriter) -> Result<(), End> {
        match done {
            Done::Answered(Ok(())) => self.accept(writer),
            Done::Noted => writer.ack(),
            Done::Answered(Err(error)) => self.refuse(&error, writer)?,
            Done::Unanswered(Ok(())) => {}
            // The session's own deadline ends it, and its driver is told.
            Done::Unanswered(Err(error)) => {
                tracing::warn!(%error, "what follows from a frame could not be passed on")
            }
            Done::Linked(linked) => match *linked {
                Ok(registry_link) => {
                    if let Party::ChargePoint(charge_point) = &mut self.party {
                        tracing::info!(cp_id = charge_point.cp_id(), "a charge point is linked by frames");
                        charge_point.linked(registry_link);
                    }
                    self.accept(writer);
                }
                Err(error) => {
                    tracing::info!(%error, "a charge point was not let in");
                    self.refuse(&error, writer)?;
                }
            },
        }
        // The time that this took was ours.
        self.heard_at = Instant::now();
        Ok(())
    }

    /// Says what comes from the other side.
    fn tell(&mut self, told: Told, writer: &mut FrameWriter) -> Result<(), End> {
        let said = match (told, &mut self.party) {
            (Told::Link(Ok(response)), Party::ChargePoint(charge_point)) => {
                charge_point.tell(&response, writer)
            }
            (Told::Link(Err(error)), _) => Err(error),
            (Told::Driver(Some(heard)), Party::Driver(driver)) => driver.tell(&heard, &mut self.work, writer),
            (Told::Driver(None), _) => return Err("it was too slow".to_owned()),
            _ => Ok(()),
        };
        said.map_err(|error| error.message)
    }

    fn tick(&mut self) -> Result<(), End> {
        let silence = match &self.party {
            Party::ChargePoint(charge_point) => {
                charge_point.heartbeat().map_err(|error| error.message)?;
                CHARGE_POINT_SILENCE
            }
            Party::Driver(driver) if !driver.driver_id().is_empty() => DRIVER_SILENCE,
            Party::Driver(_) | Party::Unknown => OPENING,
        };
        if self.work.is_empty() && self.heard_at.elapsed() > silence {
            return Err("it was silent for too long".to_owned());
        }
        Ok(())
    }

    fn accept(&mut self, writer: &mut FrameWriter) {
        self.mistakes = 0;
        writer.ack();
    }

    fn refuse(&mut self, error: &Error, writer: &mut FrameWriter) -> Result<(), End> {
        tracing::debug!(%error, "a frame was refused");
        writer.nak(error);
        // Who is told to say the same again later makes no mistake when it does.
        let is_mistake = !error.is_retryable() && error.reason != "NO_CHARGE";
        self.count_refusal(error.reason.clone().into_owned(), is_mistake)
    }

    fn not_read(&mut self, reason: &'static str, text: &str, writer: &mut FrameWriter) -> Result<(), End> {
        writer.nak_unreadable(text);
        self.count_refusal(reason.to_owned(), true)
    }

    fn count_refusal(&mut self, reason: String, is_mistake: bool) -> Result<(), End> {
        metrics::counter!(metric::FRAMES_REFUSED, "reason" => reason).increment(1);
        self.mistakes += u32::from(is_mistake);
        if self.mistakes >= MOST_MISTAKES {
            return Err(format!("it said {MOST_MISTAKES} things in a row that make no sense"));
        }
        Ok(())
    }
}

impl Drop for Conversation {
    fn drop(&mut self) {
        metrics::gauge!(metric::FRAMED_CONNECTIONS, "party" => self.party.name().0).decrement(1);
    }
}

impl Party {
    fn name(&self) -> (&'static str, &str) {
        match self {
            Self::Unknown => ("unknown", ""),
            Self::ChargePoint(charge_point) => ("charge_point", charge_point.cp_id()),
            Self::Driver(driver) => ("driver", driver.driver_id()),
        }
    }

    /// Never, as long as nothing can come.
    async fn next(&mut self) -> Told {
        match self {
            Self::Unknown => std::future::pending().await,
            Self::ChargePoint(charge_point) => Told::Link(charge_point.next().await),
            Self::Driver(driver) => Told::Driver(driver.next().await),
        }
    }
}
