//! An engine that speaks frames: one question after the other over one connection, which is made anew when it is lost.

use evcharging_common::{
    error::Error,
    framed::{self, FrameReader, FrameWriter, Message, Unit, link::sayable},
    ids,
    pb::{
        engine::v1::{EngineMode, EngineState},
        events::v1::StartCommand,
    },
    tls::Tls,
    trace_propagation,
};
use tokio::sync::Mutex;

/// The engine's end of a connection.
pub struct FramedEngine {
    address: String,
    tls: Option<Tls>,
    cp_id: String,
    connection: Mutex<Option<Connection>>,
}

struct Connection {
    /// An engine that is connected to anew may have begun anew: it counts as another.
    id: String,
    reader: FrameReader,
    writer: FrameWriter,
    /// Whether the engine knows no field for the trace.
    is_simple: bool,
}

impl FramedEngine {
    /// Connects when it is first asked something.
    pub fn new(address: &str, tls: Option<Tls>, cp_id: &str) -> Self {
        Self { address: address.to_owned(), tls, cp_id: cp_id.to_owned(), connection: Mutex::new(None) }
    }

    /// The charge point.
    pub fn cp_id(&self) -> &str {
        &self.cp_id
    }

    /// Asks how the engine is.
    pub async fn check_health(&self) -> Result<EngineState, Error> {
        self.with_connection(async |connection| connection.check_health(&self.cp_id).await).await
    }

    /// Tells it something that it takes or refuses.
    pub async fn tell(&self, message: &Message<'_>) -> Result<(), Error> {
        self.with_connection(async |connection| connection.tell(message).await).await
    }

    /// Supplies a session, in the current trace as far as the engine can be told of it.
    pub async fn start(&self, start: &StartCommand) -> Result<(), Error> {
        let traceparent = trace_propagation::current_traceparent();
        let StartCommand { session_id, driver_id, energy_limit_mwh } = start;
        self.with_connection(async |connection| {
            let message = |traceparent| Message::Start {
                session_id,
                driver_id,
                limit_mwh: *energy_limit_mwh,
                traceparent,
            };
            if let (Some(traceparent), false) = (&traceparent, connection.is_simple) {
                match connection.tell(&message(Some(traceparent))).await {
                    Err(error) if error.reason == "WRONG_FIELDS" => connection.is_simple = true,
                    told => return told,
                }
            }
            connection.tell(&message(None)).await
        })
        .await
    }

    /// A connection outlives a question that was given up: its late answers are passed over. One that is lost is made anew.
    async fn with_connection<T>(
        &self,
        ask: impl AsyncFnOnce(&mut Connection) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut kept = self.connection.lock().await;
        let connection = match &mut *kept {
            Some(connection) => connection,
            none => {
                let (reader, writer) = framed::connect(&self.address, self.tls.as_ref()).await?;
                none.insert(Connection { id: ids::new_id(), reader, writer, is_simple: false })
            }
        };
        let answer = ask(connection).await;
        if matches!(&answer, Err(error) if error.reason == "UNAVAILABLE") {
            *kept = None;
        }
        answer
    }
}

impl Connection {
    async fn tell(&mut self, message: &Message<'_>) -> Result<(), Error> {
        self.writer.say(message)?;
        self.writer.flush().await.map_err(lost)?;
        loop {
            match self.reader.next_unit() {
                // The last answer is to what was said last; those before it come late.
                Some(Ok(Unit::Ack)) => {
                    drop(self.writer.answered());
                    if !self.writer.is_unanswered() {
                        return Ok(());
                    }
                }
                Some(Ok(Unit::Nak(reason))) => {
                    let refusal = framed::refused(reason);
                    drop(self.writer.answered());
                    if !self.writer.is_unanswered() {
                        return Err(refusal);
                    }
                }
                Some(Ok(Unit::Eot)) => {
                    return Err(Error::unavailable("the engine ended the connection", "EOT"));
                }
                // Said without being asked.
                Some(Ok(Unit::Enq | Unit::Frame(_))) => self.writer.ack(),
                Some(Err(invalid)) => self.writer.nak_unreadable(invalid.reason()),
                None => self.reader.fill().await.map_err(lost)?,
            }
        }
    }

    /// An engine tells its last reading before it answers, when it has one.
    async fn check_health(&mut self, cp_id: &str) -> Result<EngineState, Error> {
        self.tell(&Message::CheckHealth { cp_id }).await?;
        let mut state = EngineState { engine_id: self.id.clone(), ..EngineState::default() };
        state.set_mode(EngineMode::Idle);
        loop {
            let Some(unit) = self.reader.next_unit() else {
                self.reader.fill().await.map_err(lost)?;
                continue;
            };
            let Ok(Unit::Frame(payload)) = unit else { continue };
            match Message::parse(payload) {
                Ok(Message::Reading { session_id, register_mwh, power_w, .. }) => {
                    state.set_mode(EngineMode::Charging);
                    session_id.clone_into(&mut state.session_id);
                    (state.register_mwh, state.power_w) = (register_mwh, power_w);
                    self.writer.ack();
                }
                Ok(Message::Health { fault }) => {
                    if let Some(reason) = fault {
                        state.set_mode(EngineMode::Faulted);
                        state.fault_message = sayable(reason);
                    }
                    self.writer.ack();
                    self.writer.flush().await.map_err(lost)?;
                    return Ok(state);
                }
                Ok(message) => {
                    let word = sayable(message.word());
                    self.writer
                        .nak_unreadable(format_args!("MISPLACED: {word} is no answer to a health check"));
                }
                Err(misread) => self.writer.nak_unreadable(misread),
            }
        }
    }
}

fn lost(error: std::io::Error) -> Error {
    Error::unavailable("the connection to the engine is lost", error)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]

    use std::time::Duration;

    use evcharging_common::framed::accept;
    use tokio::{net::TcpListener, time::sleep};

    use crate::{engine_client::EngineClient, health::CheckOutcome};

    use super::*;

    /// An engine that takes so long for its first answer, and then supplies s-1.
    async fn slow_engine(listener: TcpListener, first_wait: Duration) {
        let (stream, _) = listener.accept().await.unwrap();
        let (mut reader, mut writer) = accept(stream, None).await.unwrap();
        let mut wait = first_wait;
        while reader.fill().await.is_ok() {
            while let Some(unit) = reader.next_unit() {
                match unit.unwrap() {
                    Unit::Enq => writer.ack(),
                    Unit::Frame(payload) => {
                        assert_eq!(payload, "HCK#MAD-01");
                        sleep(std::mem::take(&mut wait)).await;
                        writer.ack();
                        let reading = Message::Reading {
                            cp_id: "MAD-01",
                            session_id: "s-1",
                            seq: 0,
                            register_mwh: 7,
                            power_w: 9,
                            cost_micros: None,
                        };
                        writer.say(&reading).unwrap();
                        writer.say(&Message::Health { fault: None }).unwrap();
                    }
                    _ => drop(writer.answered()),
                }
            }
            writer.flush().await.unwrap();
        }
    }

    #[tokio::test]
    async fn an_answer_that_comes_late_is_passed_over_and_the_engine_is_the_same() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(slow_engine(listener, Duration::from_millis(1_500)));
        let engine = EngineClient::framed(&address, None, "MAD-01");
        let (outcome, state) = engine.check_health().await;
        assert_eq!((outcome, state), (CheckOutcome::NoAnswer, None));
        let mut ids = Vec::new();
        for _ in 0..2 {
            let (outcome, state) = engine.check_health().await;
            let state = state.unwrap();
            assert_eq!((outcome, state.session_id.as_str()), (CheckOutcome::Ok, "s-1"));
            assert_eq!((state.mode(), state.register_mwh), (EngineMode::Charging, 7));
            ids.push(state.engine_id);
        }
        assert_eq!(ids[0], ids[1]);
    }
}
