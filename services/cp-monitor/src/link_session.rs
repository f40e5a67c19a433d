//! One link to the network, from its Hello to its end, whichever way it goes.

use std::{future::pending, time::Duration};

use evcharging_common::{
    error::Error,
    grpc_client::GrpcChannel,
    pb::cp_registry::v1::{
        CommandRefused, Heartbeat, Hello, LinkResponse, Recovered, Welcome, link_request, link_response,
    },
    registry_link::RegistryLink,
    tls::Tls,
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};

use crate::{commands::Instruction, framed_link::FramedLink, health::EngineHealth};

/// Between two heartbeats, unless the registry wants them more often.
const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(2);
/// Heartbeats are never sent more often than this.
const SHORTEST_HEARTBEAT_INTERVAL: Duration = Duration::from_millis(100);

/// The way to the network.
#[derive(Clone)]
pub enum Central {
    /// To cp-registry.
    Grpc(GrpcChannel),
    /// To a gateway: its HOST:PORT, and the certificates if there are any.
    Framed(String, Option<Tls>),
}

/// A link that was welcomed.
pub enum LinkSession {
    /// By gRPC.
    Grpc(Box<RegistryLink>),
    /// By frames.
    Framed(FramedLink),
}

impl LinkSession {
    /// Says Hello and waits to be welcomed.
    ///
    /// # Errors
    /// Why the network refused, or that it can't be reached.
    pub async fn open(central: &Central, hello: &Hello) -> Result<Self, Error> {
        match central {
            Central::Grpc(registry) => RegistryLink::open(registry.clone(), hello.clone())
                .await
                .map(|link| Self::Grpc(Box::new(link))),
            Central::Framed(address, tls) => {
                FramedLink::open(address, tls.as_ref(), hello).await.map(Self::Framed)
            }
        }
    }

    fn say(&mut self, message: link_request::Message) -> Result<(), Error> {
        match self {
            Self::Grpc(link) => link.say(message),
            Self::Framed(link) => link.say(&message),
        }
    }

    async fn next(&mut self) -> Result<LinkResponse, Error> {
        match self {
            Self::Grpc(link) => link.next().await,
            Self::Framed(link) => link.next().await,
        }
    }

    /// Carries messages both ways until the link is lost, and says why it was.
    pub async fn run(
        mut self,
        mut health: watch::Receiver<Option<EngineHealth>>,
        instructions: &mpsc::Sender<Instruction>,
        refusals: &mut mpsc::Receiver<CommandRefused>,
    ) -> Error {
        let mut heartbeats = every(HEARTBEAT_INTERVAL);
        // The registry may have missed what changed while there was no link.
        health.mark_changed();
        loop {
            let carried = tokio::select! {
                response = self.next() => response.and_then(|response| {
                    if let Some(link_response::Message::Welcome(welcome)) = &response.message {
                        heartbeats = every(heartbeat_interval(welcome));
                    }
                    take_in(response, instructions)
                }),
                () = changed(&mut health) => {
                    let now = health.borrow_and_update().clone();
                    now.map_or(Ok(()), |now| self.say(health_message(now)))
                }
                Some(refusal) = refusals.recv() => {
                    self.say(link_request::Message::CommandRefused(refusal))
                }
                _ = heartbeats.tick() => self.say(link_request::Message::Heartbeat(Heartbeat {})),
            };
            if let Err(error) = carried {
                return error;
            }
        }
    }
}

fn heartbeat_interval(welcome: &Welcome) -> Duration {
    match Duration::from_millis(u64::try_from(welcome.heartbeat_interval_ms).unwrap_or_default()) {
        Duration::ZERO => HEARTBEAT_INTERVAL,
        wanted => wanted.clamp(SHORTEST_HEARTBEAT_INTERVAL, HEARTBEAT_INTERVAL),
    }
}

fn every(interval: Duration) -> Interval {
    let mut ticks = interval_at(Instant::now() + interval, interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    ticks
}

/// The health changed. Checks that have ended, at the very end, change nothing any more.
async fn changed(health: &mut watch::Receiver<Option<EngineHealth>>) {
    if health.changed().await.is_err() {
        pending().await
    }
}

fn take_in(response: LinkResponse, instructions: &mpsc::Sender<Instruction>) -> Result<(), Error> {
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

/// A command that finds no room is not lost: the registry says it again after the reconnect.
fn instruct(instructions: &mpsc::Sender<Instruction>, instruction: Instruction) -> Result<(), Error> {
    let sent = instructions.try_send(instruction);
    sent.map_err(|error| Error::unavailable("too many commands wait for the engine", error))
}
