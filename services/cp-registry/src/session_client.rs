//! What the registry asks of session.

use std::time::Duration;

use evcharging_common::{
    error::Error,
    grpc_client::{self, GrpcChannel},
    pb::session::v1::{
        self as pb, network_write_service_client::NetworkWriteServiceClient,
        session_service_client::SessionServiceClient,
    },
};
use tonic::{Request, Status};

/// How long a presence lasts when it isn't renewed, in milliseconds.
const LEASE_MS: i64 = 8_000;
/// A renewal that takes longer is overtaken by the next.
const RENEWAL_DEADLINE: Duration = Duration::from_secs(2);

/// The session service. Cheap to clone.
#[derive(Clone)]
pub struct SessionClient {
    sessions: SessionServiceClient<GrpcChannel>,
    network: NetworkWriteServiceClient<GrpcChannel>,
}

impl SessionClient {
    /// Calls over `channel`.
    pub fn new(channel: GrpcChannel) -> Self {
        Self {
            sessions: SessionServiceClient::new(channel.clone()),
            network: NetworkWriteServiceClient::new(channel),
        }
    }

    /// Takes the presence of a charge point.
    pub async fn register(
        &self,
        mut request: pb::RegisterChargePointRequest,
    ) -> Result<pb::RegisterChargePointResponse, Error> {
        request.lease_ms = LEASE_MS;
        answer(self.network.clone().register_charge_point(request).await)
    }

    /// Renews presences; the charge points whose link is unknown come back.
    pub async fn renew(&self, presences: Vec<pb::Presence>) -> Result<Vec<String>, Error> {
        let mut request = Request::new(pb::RenewPresenceRequest { presences, lease_ms: LEASE_MS });
        request.set_timeout(RENEWAL_DEADLINE);
        Ok(answer(self.network.clone().renew_presence(request).await)?.lost_cp_ids)
    }

    /// Ends a presence.
    pub async fn disconnect(&self, request: pb::DisconnectRequest) -> Result<(), Error> {
        answer(self.network.clone().disconnect(request).await).map(drop)
    }

    /// Tells of a fault.
    pub async fn report_fault(&self, request: pb::ReportFaultRequest) -> Result<(), Error> {
        answer(self.network.clone().report_fault(request).await).map(drop)
    }

    /// Tells of a recovery.
    pub async fn clear_fault(&self, request: pb::ClearFaultRequest) -> Result<(), Error> {
        answer(self.network.clone().clear_fault(request).await).map(drop)
    }

    /// Ends a session.
    pub async fn end_supply(&self, request: pb::EndSupplyRequest) -> Result<(), Error> {
        answer(self.sessions.clone().end_supply(request).await).map(drop)
    }

    /// Simulates an error.
    pub async fn simulate_error(
        &self,
        request: pb::SimulateErrorRequest,
    ) -> Result<pb::SimulateErrorResponse, Error> {
        answer(self.network.clone().simulate_error(request).await)
    }

    /// Ends what is simulated.
    pub async fn fix_error(&self, request: pb::FixErrorRequest) -> Result<pb::FixErrorResponse, Error> {
        answer(self.network.clone().fix_error(request).await)
    }

    /// Takes a charge point out of service or back.
    pub async fn set_in_service(
        &self,
        request: pb::SetInServiceRequest,
    ) -> Result<pb::SetInServiceResponse, Error> {
        answer(self.network.clone().set_in_service(request).await)
    }
}

fn answer<T>(answered: Result<tonic::Response<T>, Status>) -> Result<T, Error> {
    match answered {
        Ok(response) => Ok(response.into_inner()),
        Err(status) => Err(grpc_client::peer_error("the session service", status)),
    }
}
