//! Calls to the engine, each with its deadline.

use std::{future::Future, sync::Arc, time::Duration};

use evcharging_common::{
    error::{Error, ErrorCode},
    framed::Message,
    grpc_client::GrpcChannel,
    ids,
    pb::{
        engine::v1::{
            CheckHealthRequest, ClearFaultRequest, EngineMode, EngineState, SetFaultRequest, StartRequest,
            StopRequest, engine_service_client::EngineServiceClient,
        },
        events::v1::StartCommand,
    },
    tls::Tls,
};
use tonic::{Request, Response, Status};

use crate::{framed_engine::FramedEngine, health::CheckOutcome};

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(1);

/// The engine, as its monitor sees it. Cheap to clone.
#[derive(Clone)]
pub enum EngineClient {
    /// By gRPC.
    Grpc(Box<GrpcEngine>),
    /// By frames.
    Framed(Arc<FramedEngine>),
}

/// An engine that speaks gRPC.
#[derive(Clone)]
pub struct GrpcEngine {
    client: EngineServiceClient<GrpcChannel>,
    monitor_id: String,
    cp_id: Arc<str>,
}

impl EngineClient {
    /// A monitor of its own on this channel, which leads to the engine of this charge point.
    pub fn grpc(channel: GrpcChannel, cp_id: &str) -> Self {
        let client = EngineServiceClient::new(channel);
        Self::Grpc(Box::new(GrpcEngine { client, monitor_id: ids::new_id(), cp_id: Arc::from(cp_id) }))
    }

    /// The same to an engine that speaks frames at `HOST:PORT`.
    pub fn framed(address: &str, tls: Option<Tls>, cp_id: &str) -> Self {
        Self::Framed(Arc::new(FramedEngine::new(address, tls, cp_id)))
    }

    /// Checks the engine's health; the state comes with every answer that the engine could give.
    pub async fn check_health(&self) -> (CheckOutcome, Option<EngineState>) {
        let answer = match self {
            Self::Grpc(engine) => engine.check_health().await,
            Self::Framed(engine) => in_time(engine.check_health()).await,
        };
        let state = match answer {
            Ok(state) => state,
            Err(error) => return (outcome_of(&error), None),
        };
        let outcome = if state.mode() == EngineMode::Faulted {
            CheckOutcome::Ko {
                message: state.fault_message.clone(),
                register_mwh: state.register_mwh,
                session_id: state.session_id.clone(),
            }
        } else {
            CheckOutcome::Ok
        };
        (outcome, Some(state))
    }

    /// Supplies a session.
    pub async fn start(&self, start: &StartCommand) -> Result<(), Error> {
        match self {
            Self::Grpc(engine) => {
                let StartCommand { session_id, energy_limit_mwh, .. } = start.clone();
                let request = with_deadline(StartRequest { session_id, energy_limit_mwh });
                answer(engine.client.clone().start(request)).await.map(drop)
            }
            Self::Framed(engine) => in_time(engine.start(start)).await,
        }
    }

    /// Ceases to supply a session; an empty one is whatever is supplied.
    pub async fn stop(&self, session_id: &str) -> Result<(), Error> {
        match self {
            Self::Grpc(engine) => {
                let request = with_deadline(StopRequest { session_id: session_id.to_owned() });
                answer(engine.client.clone().stop(request)).await.map(drop)
            }
            Self::Framed(engine) => in_time(engine.tell(&Message::Stop { session_id, reason: None })).await,
        }
    }

    /// Makes the engine KO.
    pub async fn set_fault(&self, message: &str) -> Result<(), Error> {
        match self {
            Self::Grpc(engine) => {
                let request = with_deadline(SetFaultRequest { message: message.to_owned() });
                answer(engine.client.clone().set_fault(request)).await.map(drop)
            }
            Self::Framed(engine) => {
                let broken = Message::Broken { cp_id: engine.cp_id(), reason: message, last: None };
                in_time(engine.tell(&broken)).await
            }
        }
    }

    /// Makes the engine OK.
    pub async fn clear_fault(&self) -> Result<(), Error> {
        match self {
            Self::Grpc(engine) => {
                answer(engine.client.clone().clear_fault(with_deadline(ClearFaultRequest {}))).await.map(drop)
            }
            Self::Framed(engine) => in_time(engine.tell(&Message::Recovered { cp_id: engine.cp_id() })).await,
        }
    }
}

impl GrpcEngine {
    async fn check_health(&self) -> Result<EngineState, Error> {
        let request =
            CheckHealthRequest { monitor_id: self.monitor_id.clone(), cp_id: self.cp_id.to_string() };
        let checked = answer(self.client.clone().check_health(with_deadline(request))).await?;
        let mut state = checked.state.unwrap_or_default();
        if !checked.ok {
            state.set_mode(EngineMode::Faulted);
        }
        Ok(state)
    }
}

fn with_deadline<Q>(message: Q) -> Request<Q> {
    let mut request = Request::new(message);
    // A little more for the engine: when both run out at once, the transport's answer would read like a lost connection.
    request.set_timeout(DEADLINE + DEADLINE / 2);
    request
}

async fn answer<A>(call: impl Future<Output = Result<Response<A>, Status>>) -> Result<A, Error> {
    in_time(async { Ok(call.await?.into_inner()) }).await
}

/// Keeps the deadline on this side too: a frozen engine keeps none.
async fn in_time<A>(call: impl Future<Output = Result<A, Error>>) -> Result<A, Error> {
    match tokio::time::timeout(DEADLINE, call).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::new(
            ErrorCode::DeadlineExceeded,
            "ENGINE_TIMEOUT",
            "the engine did not answer in time; see whether its process hangs",
        )),
    }
}

fn outcome_of(error: &Error) -> CheckOutcome {
    match (error.code, &*error.reason) {
        (ErrorCode::DeadlineExceeded, _) => CheckOutcome::NoAnswer,
        (ErrorCode::ResourceExhausted, "MONITOR_PRESENT") | (ErrorCode::FailedPrecondition, "WRONG_CP") => {
            CheckOutcome::Refused(error.message.clone())
        }
        _ => CheckOutcome::ConnectionLost(error.message.clone()),
    }
}
