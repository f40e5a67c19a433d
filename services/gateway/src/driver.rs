//! A driver's end of a conversation: its frames as Kafka's records, and what it is told as frames.

use evcharging_common::{
    clock,
    error::Error,
    framed::{FrameWriter, Message},
    ids,
    kafka::{OutgoingRecord, Producer},
    pb::events::v1::{
        AuthorizationRequest, ChargingStarted, ChargingStopped, DriverEvent, DriverRequest,
        driver_notification::Notification,
    },
};
use tokio::sync::mpsc;
use tracing::Instrument;

use crate::{
    drivers::{Drivers, Heard},
    notification,
    work::{Done, WorkQueue, say},
};

/// How old a request may become before it is decided.
const REQUEST_AGE_MS: i64 = 30_000;

/// A driver that has said who it is.
pub struct Driver {
    drivers: Drivers,
    producer: Producer,
    driver_id: String,
    heard: Option<mpsc::Receiver<Heard>>,
    knows_more: bool,
    /// The request that was made here last.
    request_id: String,
    charge: ChargeHere,
}

/// A charge of the driver; its texts are empty as long as they are not known.
#[derive(Default)]
struct ChargeHere {
    /// The request by which it was asked for here.
    request_id: String,
    cp_id: String,
    session_id: String,
    /// Readings that were told.
    seq: i64,
}

impl Driver {
    /// One that says with its first message who it is.
    pub fn new(drivers: Drivers, producer: Producer) -> Self {
        Self {
            drivers,
            producer,
            driver_id: String::new(),
            heard: None,
            knows_more: false,
            request_id: String::new(),
            charge: ChargeHere::default(),
        }
    }

    /// The driver, once it is known.
    pub fn driver_id(&self) -> &str {
        &self.driver_id
    }

    /// Takes a message, or has it wait in `work`.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn take(&mut self, message: &Message<'_>, work: &mut WorkQueue) -> Result<(), Error> {
        match *message {
            Message::Request { driver_id, cp_id, limit_mwh } => {
                self.be(driver_id)?;
                if !cp_id.is_empty() {
                    ids::check("cp_id", cp_id)?;
                }
                self.knows_more = limit_mwh.is_some();
                self.request_id = ids::new_id();
                let request = AuthorizationRequest {
                    request_id: self.request_id.clone(),
                    driver_id: driver_id.to_owned(),
                    cp_id: cp_id.to_owned(),
                    energy_limit_mwh: limit_mwh.filter(|limit_mwh| *limit_mwh > 0),
                    expires_at: Some(clock::to_timestamp(clock::now_ms() + REQUEST_AGE_MS)),
                };
                // Nobody asked it to be part of a trace, so one begins here.
                let span =
                    tracing::info_span!(parent: None, "framed REQ", driver_id, request_id = self.request_id);
                let record = span.in_scope(|| OutgoingRecord::new(driver_id, &DriverRequest::from(request)));
                let (drivers, producer) = (self.drivers.clone(), self.producer.clone());
                let sending = async move {
                    let sent = match drivers.heard().await {
                        Ok(()) => producer.send_record(&record).await,
                        unheard => unheard,
                    };
                    Done::Answered(sent)
                };
                work.push(sending.instrument(span));
                Ok(())
            }
            // Of a charge that it began elsewhere, or before its connection was lost.
            Message::Start { session_id, driver_id, .. } => {
                ids::check("session_id", session_id)?;
                self.be(driver_id)?;
                self.knows_more = true;
                if self.charge.session_id != session_id {
                    self.charge = ChargeHere { session_id: session_id.to_owned(), ..ChargeHere::default() };
                }
                work.take();
                Ok(())
            }
            Message::Stop { session_id, .. } => self.stop(session_id, work),
            // A sign of life.
            Message::Status { .. } => {
                work.take();
                Ok(())
            }
            _ => Err(Error::failed_precondition("MISPLACED", "a driver does not say this")),
        }
    }

    /// Listens for this driver from now on.
    fn be(&mut self, driver_id: &str) -> Result<(), Error> {
        ids::check("driver_id", driver_id)?;
        if self.driver_id != driver_id {
            let heard = self.drivers.listen(driver_id);
            self.leave();
            driver_id.clone_into(&mut self.driver_id);
            self.heard = Some(heard);
            (self.request_id, self.charge) = Default::default();
        }
        Ok(())
    }

    fn stop(&mut self, session_id: &str, work: &mut WorkQueue) -> Result<(), Error> {
        let ChargeHere { request_id, cp_id, session_id: known, .. } = &self.charge;
        let is_other = !session_id.is_empty() && !known.is_empty() && session_id != known;
        if cp_id.is_empty() || is_other {
            let message =
                "nothing is known here of such a charge of this driver; ask again once it was told of";
            return Err(Error::failed_precondition("NO_CHARGE", message));
        }
        let stopped = ChargingStopped {
            driver_id: self.driver_id.clone(),
            cp_id: cp_id.clone(),
            request_id: request_id.clone(),
        };
        let (driver_id, producer) = (self.driver_id.clone(), self.producer.clone());
        work.push(
            async move { Done::Answered(producer.send(&driver_id, &DriverEvent::from(stopped)).await) },
        );
        Ok(())
    }

    /// What it is told next; never, as long as nobody is listened for. `None` when it was too slow.
    pub async fn next(&mut self) -> Option<Heard> {
        match &mut self.heard {
            Some(heard) => heard.recv().await,
            None => std::future::pending().await,
        }
    }

    /// Says it in frames. A driver of this protocol stands at the charge point: what is authorized begins at once.
    ///
    /// # Errors
    /// When the driver answers nothing any more.
    pub fn tell(
        &mut self,
        heard: &Heard,
        work: &mut WorkQueue,
        writer: &mut FrameWriter,
    ) -> Result<(), Error> {
        match &*heard.notification {
            // Somebody else asked in its name.
            Notification::AuthorizationResponse(answer) if answer.request_id != self.request_id => {
                return Ok(());
            }
            Notification::AuthorizationResponse(answer) if answer.authorized => {
                self.charge = ChargeHere {
                    request_id: answer.request_id.clone(),
                    cp_id: answer.cp_id.clone(),
                    session_id: answer.session_id.clone(),
                    seq: 0,
                };
                let started = ChargingStarted {
                    driver_id: self.driver_id.clone(),
                    cp_id: answer.cp_id.clone(),
                    request_id: answer.request_id.clone(),
                };
                let (driver_id, producer) = (self.driver_id.clone(), self.producer.clone());
                let starting = async move {
                    Done::Unanswered(producer.send(&driver_id, &DriverEvent::from(started)).await)
                };
                work.push(starting.instrument(heard.span.clone()));
            }
            Notification::SessionStarted(started) => self.charge.is_at(&started.cp_id, &started.session_id),
            Notification::ConsumptionUpdate(update) => {
                self.charge.is_at(&update.cp_id, &update.session_id);
                self.charge.seq += 1;
            }
            _ => {}
        }
        let seq = self.charge.seq;
        notification::tell(&heard.notification, self.knows_more, seq, |message| say(message, writer))?;
        match &*heard.notification {
            Notification::Ticket(ticket) => self.charge.has_ended(&ticket.session_id),
            Notification::SupplyError(error) if !error.ticket_follows => {
                self.charge.has_ended(&error.session_id)
            }
            Notification::ReservationExpired(expired) => self.charge.has_ended(&expired.session_id),
            _ => {}
        }
        Ok(())
    }

    fn leave(&mut self) {
        if self.heard.take().is_some() {
            self.drivers.forget_closed(&self.driver_id);
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.leave();
    }
}

impl ChargeHere {
    /// A charge that was begun elsewhere becomes this one. What is heard late of one before it does not.
    fn is_at(&mut self, cp_id: &str, session_id: &str) {
        if self.session_id.is_empty() {
            *self = Self { session_id: session_id.to_owned(), ..Self::default() };
        }
        if self.session_id == session_id {
            cp_id.clone_into(&mut self.cp_id);
        }
    }

    fn has_ended(&mut self, session_id: &str) {
        if self.session_id == session_id {
            *self = Self::default();
        }
    }
}
