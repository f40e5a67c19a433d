//! One link to the registry, from its Hello to its end.

use std::{future::pending, time::Duration};

use evcharging_common::{
    error::{Error, ErrorCode},
    grpc_client::GrpcChannel,
    pb::cp_registry::v1::{
        CommandRefused, Heartbeat, Hello, LinkRequest, LinkResponse, Recovered, Welcome, link_request,
        link_response, registry_service_client::RegistryServiceClient,
    },
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, MissedTickBehavior, interval_at, timeout},
};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::{commands::Instruction, health::EngineHealth};

/// How long the registry may take to answer a Hello.
const WELCOME_DEADLINE: Duration = Duration::from_secs(5);
/// Between two heartbeats, unless the registry wants them more often.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(2);
/// Heartbeats are never sent more often than this.
const SHORTEST_HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);
/// Messages that may wait for a slow registry before the link counts as broken.
const OUTGOING_CAPACITY: usize = 16;

/// A link that the registry welcomed.
pub struct LinkSession {
    outgoing: mpsc::Sender<LinkRequest>,
    incoming: Streaming<LinkResponse>,
    welcome: Welcome,
}

impl LinkSession {
    /// Says Hello and waits to be welcomed.
    ///
    /// # Errors
    /// Why the registry refused, or that it can't be reached.
    pub async fn open(mut client: RegistryServiceClient<GrpcChannel>, hello: Hello) -> Result<Self, Error> {
        let (outgoing, requests) = mpsc::channel(OUTGOING_CAPACITY);
        say(&outgoing, link_request::Message::Hello(hello))?;
        let opening = async {
            let mut incoming = client.link(ReceiverStream::new(requests)).await?.into_inner();
            match incoming.message().await?.and_then(|response| response.message) {
                Some(link_response::Message::Welcome(welcome)) => Ok(Self { outgoing, incoming, welcome }),
                Some(link_response::Message::Command(_)) => {
                    Err(Error::internal("the registry commanded before it welcomed"))
                }
                None => {
                    Err(Error::unavailable("the registry ended the link before it welcomed", "no message"))
                }
            }
        };
        match timeout(WELCOME_DEADLINE, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(Error::new(
                ErrorCode::DeadlineExceeded,
                "REGISTRY_TIMEOUT",
                "the registry did not answer in time",
            )),
        }
    }

    /// Carries messages both ways until the link is lost, and says why it was.
    pub async fn run(
        mut self,
        mut health: watch::Receiver<Option<EngineHealth>>,
        instructions: &mpsc::Sender<Instruction>,
        refusals: &mut mpsc::Receiver<CommandRefused>,
    ) -> Error {
        let heartbeat_ms = u64::try_from(self.welcome.heartbeat_interval_ms).unwrap_or_default();
        let heartbeat_interval = match Duration::from_millis(heartbeat_ms) {
            Duration::ZERO => HEARTBEAT_INTERVAL,
            wanted => wanted.clamp(SHORTEST_HEARTBEAT_INTERVAL, HEARTBEAT_INTERVAL),
        };
        let mut heartbeats = interval_at(Instant::now() + heartbeat_interval, heartbeat_interval);
        heartbeats.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let session_id = std::mem::take(&mut self.welcome.session_id);
        if let Err(error) = instruct(instructions, Instruction::Expect(session_id)) {
            return error;
        }
        // The registry may have missed what changed while there was no link.
        health.mark_changed();
        loop {
            let carried = tokio::select! {
                response = self.incoming.message() => take_in(response, instructions),
                () = changed(&mut health) => {
                    let now = health.borrow_and_update().clone();
                    now.map_or(Ok(()), |now| say(&self.outgoing, health_message(now)))
                }
                Some(refusal) = refusals.recv() => {
                    say(&self.outgoing, link_request::Message::CommandRefused(refusal))
                }
                _ = heartbeats.tick() => say(&self.outgoing, link_request::Message::Heartbeat(Heartbeat {})),
            };
            if let Err(error) = carried {
                return error;
            }
        }
    }
}

/// The health changed. Checks that have ended, at the very end, change nothing any more.
async fn changed(health: &mut watch::Receiver<Option<EngineHealth>>) {
    if health.changed().await.is_err() {
        pending().await
    }
}

fn take_in(
    response: Result<Option<LinkResponse>, tonic::Status>,
    instructions: &mpsc::Sender<Instruction>,
) -> Result<(), Error> {
    let Some(response) = response? else {
        return Err(Error::unavailable("the registry ended the link", "end of stream"));
    };
    match response.message {
        Some(link_response::Message::Command(command)) => {
            instruct(instructions, Instruction::Command(Box::new(command)))
        }
        Some(link_response::Message::Welcome(welcome)) => {
            instruct(instructions, Instruction::Expect(welcome.session_id))
        }
        // Something that a newer registry says.
        None => Ok(()),
    }
}

fn health_message(health: EngineHealth) -> link_request::Message {
    match health {
        EngineHealth::Healthy => link_request::Message::Recovered(Recovered {}),
        EngineHealth::Faulty(report) => link_request::Message::Fault(report),
    }
}

fn say(outgoing: &mpsc::Sender<LinkRequest>, message: link_request::Message) -> Result<(), Error> {
    let sent = outgoing.try_send(LinkRequest { message: Some(message) });
    sent.map_err(|error| Error::unavailable("the registry takes no messages", error))
}

/// A command that finds no room is not lost: the registry says it again after the reconnect.
fn instruct(instructions: &mpsc::Sender<Instruction>, instruction: Instruction) -> Result<(), Error> {
    let sent = instructions.try_send(instruction);
    sent.map_err(|error| Error::unavailable("too many commands wait for the engine", error))
}
