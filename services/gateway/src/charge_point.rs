//! A charge point's end of a conversation: its frames as the link's messages, and its readings as Kafka's records.

use evcharging_common::{
    error::Error,
    framed::{FrameWriter, Message, link},
    grpc_client::GrpcChannel,
    kafka::{OutgoingRecord, Producer},
    pb::{
        cp_registry::v1::{CommandRefused, Heartbeat, Hello, LinkResponse, link_request},
        events::v1::CpTelemetry,
    },
    registry_link::RegistryLink,
};
use tracing::Instrument;

use crate::{
    telemetry,
    work::{Done, WorkQueue, say},
};

/// What a charge point can supply that does not say it, in watts.
const USUAL_POWER_W: i64 = 22_000;

/// Where its words go.
#[derive(Clone)]
pub struct Network {
    /// cp-registry.
    pub registry: GrpcChannel,
    /// Kafka.
    pub producer: Producer,
}

/// A charge point that has begun to register.
pub struct ChargePoint {
    network: Network,
    hello: Hello,
    knows_more: bool,
    link: Option<RegistryLink>,
    /// The session that it was heard to supply last, and the register.
    last: Option<(String, i64)>,
    /// The trace of the session that it was told to supply last.
    trace: Option<(String, String)>,
}

impl ChargePoint {
    /// One that registers with its first message.
    pub fn new(network: Network) -> Self {
        Self { network, hello: Hello::default(), knows_more: false, link: None, last: None, trace: None }
    }

    /// The charge point, once it has registered.
    pub fn cp_id(&self) -> &str {
        &self.hello.cp_id
    }

    /// Takes a message, or has it wait in `work`.
    ///
    /// # Errors
    /// Why it is not taken.
    pub fn take(&mut self, message: &Message<'_>, work: &mut WorkQueue) -> Result<(), Error> {
        if let Message::Register { cp_id, location, price_micros_per_kwh, max_power_w } = *message {
            self.hello = Hello {
                cp_id: cp_id.to_owned(),
                location: location.to_owned(),
                price_micros_per_kwh,
                max_power_w: max_power_w.unwrap_or(USUAL_POWER_W),
                key: String::new(),
            };
            self.knows_more = max_power_w.is_some();
            // It may be another one, or another price: it has to prove itself anew.
            (self.link, self.last) = (None, None);
            work.push(std::future::ready(Done::Noted));
            return Ok(());
        }
        self.check_id(message)?;
        if let Message::Authenticate { key, .. } = *message {
            // The link that it has would be pushed out by the one that it asks for.
            self.link = None;
            let hello = Hello { key: key.to_owned(), ..self.hello.clone() };
            let registry = self.network.registry.clone();
            let span = tracing::info_span!(parent: None, "link", cp_id = hello.cp_id);
            let linking = async move { Done::Linked(Box::new(RegistryLink::open(registry, hello).await)) };
            work.push(linking.instrument(span));
            return Ok(());
        }
        let Some(registry_link) = &self.link else {
            return Err(Error::failed_precondition("MISPLACED", "AUTH comes first"));
        };
        match *message {
            Message::Reading { session_id, seq, register_mwh, power_w, .. } => {
                let reading = telemetry::reading(self.cp_id(), session_id, seq, register_mwh, power_w);
                self.last = Some((session_id.to_owned(), register_mwh));
                self.send(session_id, &reading, work);
                return Ok(());
            }
            Message::Stop { session_id, reason } => {
                match &self.last {
                    Some((last_session_id, register_mwh)) if last_session_id == session_id => {
                        let end = telemetry::end(self.cp_id(), session_id, *register_mwh, reason);
                        self.send(session_id, &end, work);
                        return Ok(());
                    }
                    // It was never heard to supply it.
                    _ => self.refuse(session_id, reason.unwrap_or("it is not supplied"))?,
                }
            }
            Message::Broken { cp_id, reason, last } => {
                let known =
                    self.last.as_ref().map(|(session_id, register_mwh)| (session_id.as_str(), *register_mwh));
                let broken = Message::Broken { cp_id, reason, last: last.or(known) };
                if let Some(said) = link::to_request(&broken) {
                    registry_link.say(said)?;
                }
            }
            Message::Recovered { .. } => {
                if let Some(said) = link::to_request(message) {
                    registry_link.say(said)?;
                }
            }
            // A sign of life, as any other.
            Message::Status { .. } => {}
            _ => return Err(Error::failed_precondition("MISPLACED", "a charge point does not say this")),
        }
        work.take();
        Ok(())
    }

    fn check_id(&self, message: &Message<'_>) -> Result<(), Error> {
        let (Message::Authenticate { cp_id, .. }
        | Message::Broken { cp_id, .. }
        | Message::Recovered { cp_id }
        | Message::Status { cp_id, .. }
        | Message::Reading { cp_id, .. }) = *message
        else {
            return Ok(());
        };
        if self.hello.cp_id.is_empty() {
            return Err(Error::failed_precondition("MISPLACED", "REG comes first"));
        }
        if cp_id != self.hello.cp_id {
            let message = format!("{} has registered here, not {cp_id}", self.hello.cp_id);
            return Err(Error::failed_precondition("WRONG_CP", message));
        }
        Ok(())
    }

    /// Taken once Kafka has it.
    fn send(&self, session_id: &str, telemetry: &CpTelemetry, work: &mut WorkQueue) {
        let (producer, record) = (self.network.producer.clone(), self.record(session_id, telemetry));
        work.push(async move { Done::Answered(producer.send_record(&record).await) });
    }

    fn record(&self, session_id: &str, telemetry: &CpTelemetry) -> OutgoingRecord {
        let traceparent = self.trace.as_ref().filter(|(of_session_id, _)| of_session_id == session_id);
        OutgoingRecord {
            traceparent: traceparent.map(|(_, traceparent)| traceparent.clone()),
            ..OutgoingRecord::new(self.cp_id(), telemetry)
        }
    }

    /// It does not supply this session. Session takes the refusal of a start; for a supply that had begun, its end goes by Kafka, and
    /// nobody waits for that: the session has a deadline of its own.
    ///
    /// # Errors
    /// When the registry takes nothing any more.
    pub fn refuse(&self, session_id: &str, why: &str) -> Result<(), Error> {
        let Some(registry_link) = &self.link else { return Ok(()) };
        let refusal = CommandRefused { session_id: session_id.to_owned(), message: link::sayable(why) };
        registry_link.say(link_request::Message::CommandRefused(refusal))?;
        let end = telemetry::end(self.cp_id(), session_id, 0, Some("NOT_SUPPLYING"));
        let (producer, record) = (self.network.producer.clone(), self.record(session_id, &end));
        tokio::spawn(async move {
            if let Err(error) = producer.send_record(&record).await {
                tracing::warn!(%error, cp_id = record.key, "that a session is not supplied could not be passed on");
            }
        });
        Ok(())
    }

    /// It was let in.
    pub fn linked(&mut self, registry_link: RegistryLink) {
        self.link = Some(registry_link);
    }

    /// Says that it lives.
    ///
    /// # Errors
    /// When the registry takes nothing any more.
    pub fn heartbeat(&self) -> Result<(), Error> {
        match &self.link {
            Some(registry_link) => registry_link.say(link_request::Message::Heartbeat(Heartbeat {})),
            None => Ok(()),
        }
    }

    /// What the registry says next; never, as long as it was not let in.
    ///
    /// # Errors
    /// Why the link has ended.
    pub async fn next(&mut self) -> Result<LinkResponse, Error> {
        match &mut self.link {
            Some(registry_link) => registry_link.next().await,
            None => std::future::pending().await,
        }
    }

    /// Says it in frames.
    ///
    /// # Errors
    /// When the charge point answers nothing any more.
    pub fn tell(&mut self, response: &LinkResponse, writer: &mut FrameWriter) -> Result<(), Error> {
        let Some(message) = link::from_response(response, &self.hello.cp_id, self.knows_more) else {
            return Ok(());
        };
        // Its readings belong to the trace, whether it knows of it or not.
        if let (Message::Start { session_id, .. }, Some(traceparent)) = (&message, link::trace_of(response)) {
            self.trace = Some(((*session_id).to_owned(), traceparent.to_owned()));
        }
        say(&message, writer)
    }
}
