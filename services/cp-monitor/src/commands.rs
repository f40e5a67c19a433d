//! Does what the registry tells, one command after the other, each in the trace of its charge.

use std::time::Duration;

use evcharging_common::{
    backoff::Backoff,
    error::Error,
    events::Event,
    pb::{
        cp_registry::v1::CommandRefused,
        events::v1::{CentralCommand, StartCommand, central_command::Command},
    },
    trace_propagation,
    vocabulary::SimulatedErrorKind,
};
use tokio::{sync::mpsc, time::Instant};
use tracing::Instrument;

use crate::{assignment::Assignment, engine_client::EngineClient};

/// How long a command is tried on an engine that does not answer.
const COMMAND_DEADLINE: Duration = Duration::from_secs(4);

/// What the link asks of the engine.
#[derive(Debug)]
pub enum Instruction {
    /// This session should be supplied and no other; an empty one means none.
    Expect(String),
    /// A command of the network.
    Command(Box<CentralCommand>),
}

/// Carries instructions to the engine.
pub struct CommandRunner {
    cp_id: String,
    engine: EngineClient,
    assignment: Assignment,
    refusals: mpsc::Sender<CommandRefused>,
}

impl CommandRunner {
    /// Says on `refusals` which starts the engine refused.
    pub fn new(
        cp_id: String,
        engine: EngineClient,
        assignment: Assignment,
        refusals: mpsc::Sender<CommandRefused>,
    ) -> Self {
        Self { cp_id, engine, assignment, refusals }
    }

    /// Follows instructions in order until their sender is gone.
    pub async fn run(self, mut instructions: mpsc::Receiver<Instruction>) {
        while let Some(instruction) = instructions.recv().await {
            match instruction {
                // Whatever else the engine supplies is stopped by the next health check.
                Instruction::Expect(session_id) => self.assignment.set(&session_id),
                Instruction::Command(command) => {
                    let name = command.event_type().unwrap_or("UNKNOWN");
                    let span = tracing::info_span!("command", otel.name = format!("command {name}"));
                    trace_propagation::continue_trace(&span, Some(&command.traceparent));
                    self.obey(*command).instrument(span).await;
                }
            }
        }
    }

    async fn obey(&self, command: CentralCommand) {
        let cp_id = self.cp_id.clone();
        match command.command {
            Some(Command::Start(start)) => self.start(&start).await,
            Some(Command::Stop(stop)) => {
                let session_id = stop.session_id;
                let stopped = persist(|| self.engine.stop(&session_id)).await;
                // Only now: a health check in between would find an engine that supplies what it should not.
                self.assignment.remove(&session_id);
                match stopped {
                    Ok(()) => {
                        tracing::info!(cp_id, session_id, reason = stop.reason, "the engine was told to stop")
                    }
                    Err(error) => {
                        tracing::warn!(cp_id, session_id, %error, "the engine could not be told to stop")
                    }
                }
            }
            Some(Command::SetFault(set_fault)) if set_fault.kind == SimulatedErrorKind::Fault.as_str() => {
                let message = "fault simulated by an operator";
                let broken = persist(|| self.engine.set_fault(message)).await;
                if let Err(error) = broken {
                    tracing::warn!(cp_id, %error, "the engine could not be told to be KO");
                }
            }
            // The registry cuts the link by itself.
            Some(Command::SetFault(_)) => {}
            Some(Command::ClearFault(_)) => {
                let mended = persist(|| self.engine.clear_fault()).await;
                if let Err(error) = mended {
                    tracing::warn!(cp_id, %error, "the engine could not be told to be OK");
                }
            }
            None => tracing::warn!(cp_id, "a command that this monitor does not know was ignored; update it"),
        }
    }

    async fn start(&self, start: &StartCommand) {
        let StartCommand { session_id, energy_limit_mwh, .. } = start;
        if self.assignment.is_lost(session_id) {
            // Its fault was reported; this says so once more, should the report have found no link.
            return self.refuse(session_id, "the engine began anew during this session".to_owned());
        }
        self.assignment.begin_start(session_id);
        let started = persist(|| self.try_start(start)).await;
        let cp_id = &self.cp_id;
        match started {
            Ok(()) => {
                self.assignment.set(session_id);
                tracing::info!(cp_id, session_id, energy_limit_mwh, "the engine was told to start");
            }
            // Its end may still be on the way; a refusal would overtake it and take its place. The end is said again instead.
            Err(error) if error.reason == "SESSION_ENDED" => {
                self.assignment.abandon_start();
                if let Err(error) = persist(|| self.engine.stop(session_id)).await {
                    tracing::warn!(cp_id, session_id, %error, "the engine did not say again how the session ended");
                }
            }
            Err(error) => {
                tracing::warn!(cp_id, session_id, %error, "the engine did not start");
                // A start that was received too late to be answered must not go on by itself.
                self.assignment.set("");
                self.refuse(session_id, error.message);
            }
        }
    }

    fn refuse(&self, session_id: &str, message: String) {
        let refusal = CommandRefused { session_id: session_id.to_owned(), message };
        if self.refusals.try_send(refusal).is_err() {
            let cp_id = &self.cp_id;
            tracing::warn!(
                cp_id,
                session_id,
                "too many refusals wait for the registry; this one is left out"
            );
        }
    }

    async fn try_start(&self, start: &StartCommand) -> Result<(), Error> {
        match self.engine.start(start).await {
            // The network gives a charge point one session at a time, so whatever else runs is over.
            Err(error) if error.reason == "ENGINE_BUSY" => {
                self.engine.stop("").await?;
                self.engine.start(start).await
            }
            answer => answer,
        }
    }
}

/// Tries until the engine answers, for at most [`COMMAND_DEADLINE`].
async fn persist<F>(mut call: impl FnMut() -> F) -> Result<(), Error>
where
    F: Future<Output = Result<(), Error>>,
{
    let give_up_at = Instant::now() + COMMAND_DEADLINE;
    let mut backoff = Backoff::reconnect();
    loop {
        let error = match call().await {
            Err(error) if error.is_retryable() => error,
            answer => return answer,
        };
        let wait = backoff.next_wait();
        if Instant::now() + wait >= give_up_at {
            return Err(error);
        }
        tokio::time::sleep(wait).await;
    }
}
