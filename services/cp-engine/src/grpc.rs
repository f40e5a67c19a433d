//! EngineService: proto to engine and back.

use evcharging_common::{
    error::Error,
    ids,
    pb::engine::v1::{
        CheckHealthRequest, CheckHealthResponse, ClearFaultRequest, ClearFaultResponse, EngineMode,
        GetStateRequest, GetStateResponse, SetFaultRequest, SetFaultResponse, StartRequest, StartResponse,
        StopRequest, StopResponse, engine_service_server::EngineService,
    },
    trace_propagation,
};
use tonic::{Request, Response, Status};

use crate::engine_handle::EngineHandle;

/// The longest message of a fault, in bytes.
const MAX_FAULT_MESSAGE_BYTES: usize = 256;

/// Serves one engine.
pub struct EngineGrpc {
    engine: EngineHandle,
}

impl EngineGrpc {
    /// Serves `engine`.
    pub fn new(engine: EngineHandle) -> Self {
        Self { engine }
    }
}

#[tonic::async_trait]
impl EngineService for EngineGrpc {
    async fn check_health(
        &self,
        request: Request<CheckHealthRequest>,
    ) -> Result<Response<CheckHealthResponse>, Status> {
        let CheckHealthRequest { monitor_id, cp_id } = request.into_inner();
        ids::check("monitor_id", &monitor_id)?;
        if !cp_id.is_empty() && cp_id != self.engine.cp_id() {
            return Err(self.engine.refuse_other(&cp_id).into());
        }
        let state = self.engine.check_health(&monitor_id)?;
        let ok = state.mode() != EngineMode::Faulted;
        Ok(Response::new(CheckHealthResponse { ok, state: Some(state) }))
    }

    async fn start(&self, request: Request<StartRequest>) -> Result<Response<StartResponse>, Status> {
        let StartRequest { session_id, energy_limit_mwh } = request.into_inner();
        let traceparent = trace_propagation::current_traceparent();
        let state = self.engine.start(&session_id, energy_limit_mwh, traceparent)?;
        Ok(Response::new(StartResponse { state: Some(state) }))
    }

    async fn stop(&self, request: Request<StopRequest>) -> Result<Response<StopResponse>, Status> {
        let session_id = request.into_inner().session_id;
        let state = self.engine.stop(&session_id, trace_propagation::current_traceparent())?;
        Ok(Response::new(StopResponse { state: Some(state) }))
    }

    async fn set_fault(
        &self,
        request: Request<SetFaultRequest>,
    ) -> Result<Response<SetFaultResponse>, Status> {
        let message = request.into_inner().message;
        if message.len() > MAX_FAULT_MESSAGE_BYTES {
            let problem = format!("must be at most {MAX_FAULT_MESSAGE_BYTES} bytes");
            return Err(Error::invalid_argument("message", problem).into());
        }
        let message = if message.is_empty() { "told to be KO" } else { &message };
        let state = self.engine.set_fault(message)?;
        Ok(Response::new(SetFaultResponse { state: Some(state) }))
    }

    async fn clear_fault(
        &self,
        _request: Request<ClearFaultRequest>,
    ) -> Result<Response<ClearFaultResponse>, Status> {
        let state = self.engine.clear_fault()?;
        Ok(Response::new(ClearFaultResponse { state: Some(state) }))
    }

    async fn get_state(
        &self,
        _request: Request<GetStateRequest>,
    ) -> Result<Response<GetStateResponse>, Status> {
        let state = self.engine.state()?;
        Ok(Response::new(GetStateResponse { state: Some(state) }))
    }
}
