//! The engine's second door: the framed protocol, to one monitor.

use std::{sync::Arc, time::Duration};

use evcharging_common::{
    error::Error,
    framed::{FrameReader, FrameWriter, Message, Unit, accept, link::sayable},
    grpc_server::plain_connections,
    ids,
    pb::engine::v1::{EngineMode, EngineState},
    shutdown::CancellationToken,
    tls::Tls,
    trace_propagation,
};
use futures::StreamExt;
use tokio::{net::TcpListener, sync::Semaphore, time::timeout};

use crate::engine_handle::EngineHandle;

/// One is the monitor's; the others are told that it is there.
const CONNECTIONS: usize = 8;
/// A monitor checks each second.
const SILENCE: Duration = Duration::from_secs(10);
/// Who says nothing that can be read this often, without a good word in between, is cut off.
const MOST_MISTAKES: u32 = 8;

/// Serves frames until the token is cancelled.
pub async fn serve(
    listener: TcpListener,
    tls: Option<Tls>,
    engine: EngineHandle,
    shutdown: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let mut connections = Box::pin(plain_connections(listener));
    while let Some(Some(Ok(stream))) = shutdown.run_until_cancelled(connections.next()).await {
        // One too many is closed at once.
        let Ok(place) = places.clone().try_acquire_owned() else { continue };
        let (tls, engine, shutdown) = (tls.clone(), engine.clone(), shutdown.clone());
        tokio::spawn(async move {
            let talk = async {
                if let Some((reader, writer)) = accept(stream, tls).await {
                    Talk { engine, connection_id: ids::new_id(), mistakes: 0 }.run(reader, writer).await;
                }
            };
            let _ = shutdown.run_until_cancelled(talk).await;
            drop(place);
        });
    }
}

/// One conversation.
struct Talk {
    engine: EngineHandle,
    connection_id: String,
    mistakes: u32,
}

impl Talk {
    async fn run(mut self, mut reader: FrameReader, mut writer: FrameWriter) {
        while self.mistakes < MOST_MISTAKES {
            let Some(unit) = reader.next_unit() else {
                let filled = timeout(SILENCE, reader.fill()).await;
                if !matches!(filled, Ok(Ok(()))) {
                    return;
                }
                continue;
            };
            match unit {
                Ok(Unit::Frame(payload)) => self.take(payload, &mut writer),
                Ok(Unit::Enq) => writer.ack(),
                Ok(Unit::Eot) => return,
                Ok(Unit::Ack | Unit::Nak(_)) => drop(writer.answered()),
                Err(invalid) => {
                    self.mistakes += 1;
                    writer.nak_unreadable(invalid.reason());
                }
            }
            if writer.has_unsent() && writer.flush().await.is_err() {
                return;
            }
        }
        writer.eot();
        drop(writer.flush().await);
    }

    fn take(&mut self, payload: &str, writer: &mut FrameWriter) {
        match Message::parse(payload) {
            Ok(message) => {
                self.mistakes = 0;
                match self.obey(&message) {
                    Ok(state) => {
                        writer.ack();
                        if matches!(message, Message::CheckHealth { .. }) {
                            tell_health(self.engine.cp_id(), &state, writer);
                        }
                    }
                    Err(error) => writer.nak(&error),
                }
            }
            Err(misread) => {
                self.mistakes += 1;
                writer.nak_unreadable(misread);
            }
        }
    }

    fn obey(&self, message: &Message<'_>) -> Result<EngineState, Error> {
        match *message {
            Message::CheckHealth { cp_id } | Message::Recovered { cp_id } | Message::Broken { cp_id, .. }
                if cp_id != self.engine.cp_id() =>
            {
                return Err(self.engine.refuse_other(cp_id));
            }
            _ => {}
        }
        // Whoever has not the place of the monitor commands nothing.
        let state = self.engine.check_health(&self.connection_id)?;
        match *message {
            Message::CheckHealth { .. } => Ok(state),
            Message::Start { session_id, limit_mwh, traceparent, .. } => {
                let span = tracing::info_span!(parent: None, "framed START", session_id);
                trace_propagation::continue_trace(&span, traceparent);
                span.in_scope(|| {
                    self.engine.start(session_id, limit_mwh, trace_propagation::current_traceparent())
                })
            }
            Message::Stop { session_id, .. } => self.engine.stop(session_id, None),
            Message::Broken { reason, .. } => self.engine.set_fault(&sayable(reason)),
            Message::Recovered { .. } => self.engine.clear_fault(),
            _ => Err(Error::failed_precondition("MISPLACED", "an engine has no use for this message")),
        }
    }
}

impl Drop for Talk {
    fn drop(&mut self) {
        self.engine.release(&self.connection_id);
    }
}

/// The last reading, when there is one, and then the answer. A KO engine tells whose energy it counted last.
fn tell_health(cp_id: &str, state: &EngineState, writer: &mut FrameWriter) {
    let fault = (state.mode() == EngineMode::Faulted).then(|| sayable(&state.fault_message));
    let reading = Message::Reading {
        cp_id,
        session_id: &state.session_id,
        seq: 0,
        register_mwh: state.register_mwh,
        power_w: state.power_w,
        cost_micros: None,
    };
    let health = Message::Health { fault: fault.as_deref() };
    let said = if state.session_id.is_empty() { Ok(()) } else { writer.say(&reading) };
    if let Err(error) = said.and_then(|()| writer.say(&health)) {
        writer.nak(&error);
    }
}
