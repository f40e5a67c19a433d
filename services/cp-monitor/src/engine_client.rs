//! Calls to the engine, each with its deadline.

use std::{future::Future, sync::Arc, time::Duration};

use evcharging_common::{
    error::{Error, ErrorCode},
    grpc_client::GrpcChannel,
    ids,
    pb::engine::v1::{
        CheckHealthRequest, ClearFaultRequest, EngineState, SetFaultRequest, StartRequest, StopRequest,
        engine_service_client::EngineServiceClient,
    },
};
use tonic::{Request, Response, Status};

use crate::health::CheckOutcome;

/// How long an answer may take.
const DEADLINE: Duration = Duration::from_secs(1);

/// The engine, as its monitor sees it. Cheap to clone.
#[derive(Clone)]
pub struct EngineClient {
    client: EngineServiceClient<GrpcChannel>,
    monitor_id: String,
    cp_id: Arc<str>,
}

impl EngineClient {
    /// A monitor of its own on this channel, which leads to the engine of this charge point.
    pub fn new(channel: GrpcChannel, cp_id: &str) -> Self {
        Self { client: EngineServiceClient::new(channel), monitor_id: ids::new_id(), cp_id: Arc::from(cp_id) }
    }

    /// Checks the engine's health; the state comes with every answer that the engine could give.
    pub async fn check_health(&self) -> (CheckOutcome, Option<EngineState>) {
        let request =
            CheckHealthRequest { monitor_id: self.monitor_id.clone(), cp_id: self.cp_id.to_string() };
        let mut client = self.client.clone();
        let answer = match in_time(client.check_health(with_deadline(request))).await {
            Ok(answer) => answer,
            Err(error) => return (outcome_of(&error), None),
        };
        let state = answer.state.unwrap_or_default();
        let outcome = if answer.ok {
            CheckOutcome::Ok
        } else {
            CheckOutcome::Ko {
                message: state.fault_message.clone(),
                register_mwh: state.register_mwh,
                session_id: state.session_id.clone(),
            }
        };
        (outcome, Some(state))
    }

    /// Supplies a session.
    pub async fn start(&self, session_id: &str, energy_limit_mwh: i64) -> Result<(), Error> {
        let request = StartRequest { session_id: session_id.to_owned(), energy_limit_mwh };
        let mut client = self.client.clone();
        in_time(client.start(with_deadline(request))).await.map(drop)
    }

    /// Ceases to supply a session; an empty one is whatever is supplied.
    pub async fn stop(&self, session_id: &str) -> Result<(), Error> {
        let request = StopRequest { session_id: session_id.to_owned() };
        let mut client = self.client.clone();
        in_time(client.stop(with_deadline(request))).await.map(drop)
    }

    /// Makes the engine KO.
    pub async fn set_fault(&self, message: &str) -> Result<(), Error> {
        let request = SetFaultRequest { message: message.to_owned() };
        let mut client = self.client.clone();
        in_time(client.set_fault(with_deadline(request))).await.map(drop)
    }

    /// Makes the engine OK.
    pub async fn clear_fault(&self) -> Result<(), Error> {
        let mut client = self.client.clone();
        in_time(client.clear_fault(with_deadline(ClearFaultRequest {}))).await.map(drop)
    }
}

fn with_deadline<Q>(message: Q) -> Request<Q> {
    let mut request = Request::new(message);
    // A little more for the engine: when both run out at once, the transport's answer would read like a lost connection.
    request.set_timeout(DEADLINE + DEADLINE / 2);
    request
}

/// Keeps the deadline on this side too: a frozen engine keeps none.
async fn in_time<A>(call: impl Future<Output = Result<Response<A>, Status>>) -> Result<A, Error> {
    match tokio::time::timeout(DEADLINE, call).await {
        Ok(answer) => Ok(answer?.into_inner()),
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
