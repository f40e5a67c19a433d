//! DriverService: always for the driver whom the cookie names.

use std::pin::Pin;

use evcharging_common::{
    pb::{
        authorization::v1::AuthorizeRequest,
        portal::v1::{self as pb, driver_service_server::DriverService},
        session::v1 as session,
    },
    shutdown::CancellationToken,
};
use futures::Stream;
use tonic::{Request, Response, Status};

use crate::{
    cookie::Page,
    driver_watch::{self, Sources},
    open_pages::OpenPages,
    peers::answer,
    visitors::Visitor,
};

/// DriverService over the services.
pub struct DriverGrpc {
    /// Where everything comes from.
    pub sources: Sources,
    /// The pages that are open.
    pub open_pages: OpenPages,
    /// Ends the watches.
    pub shutdown: CancellationToken,
}

impl DriverGrpc {
    async fn visitor<T>(&self, request: &Request<T>) -> Result<Visitor, Status> {
        Ok(self.sources.visitors.visitor(request.metadata()).await?)
    }
}

#[tonic::async_trait]
impl DriverService for DriverGrpc {
    type WatchStream = Pin<Box<dyn Stream<Item = Result<pb::WatchResponse, Status>> + Send>>;

    async fn watch(&self, request: Request<pb::WatchRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let visitor = self.visitor(&request).await?;
        let open = self.open_pages.open(Page::Driver, &visitor.user_id)?;
        let (sources, metadata) = (self.sources.clone(), request.metadata().clone());
        let told = driver_watch::watch_driver(sources, visitor, metadata, open, self.shutdown.clone());
        Ok(Response::new(Box::pin(told)))
    }

    async fn reserve(
        &self,
        request: Request<pb::ReserveRequest>,
    ) -> Result<Response<pb::ReserveResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let driver_id = visitor.user_id.clone();
        let pb::ReserveRequest { request_id, cp_id, energy_limit_mwh, expires_at_ms } = request.into_inner();
        let asked = AuthorizeRequest {
            request_id,
            driver_id: driver_id.clone(),
            cp_id,
            energy_limit_mwh,
            expires_at_ms,
        };
        let authorize = self.sources.peers.authorization().authorize(visitor.request(asked)).await;
        let decided = answer("authorization", authorize)?;
        self.sources.drivers.touch(&driver_id);
        Ok(Response::new(pb::ReserveResponse {
            authorized: decided.authorized,
            cp_id: decided.cp_id,
            reserved_until_ms: decided.reserved_until_ms,
            reason: decided.reason,
            message: decided.message,
            session_id: decided.session_id,
        }))
    }

    async fn start_charging(
        &self,
        request: Request<pb::StartChargingRequest>,
    ) -> Result<Response<pb::StartChargingResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let driver_id = visitor.user_id.clone();
        let pb::StartChargingRequest { cp_id, request_id } = request.into_inner();
        let start = session::StartChargingRequest { driver_id: driver_id.clone(), cp_id, request_id };
        let started = self.sources.peers.session().start_charging(visitor.request(start)).await;
        let session = answer("session", started)?.session;
        self.sources.drivers.touch(&driver_id);
        Ok(Response::new(pb::StartChargingResponse { session }))
    }

    async fn stop_charging(
        &self,
        request: Request<pb::StopChargingRequest>,
    ) -> Result<Response<pb::StopChargingResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let driver_id = visitor.user_id.clone();
        let pb::StopChargingRequest { cp_id, request_id } = request.into_inner();
        let stop = session::StopChargingRequest {
            driver_id: driver_id.clone(),
            cp_id,
            request_id,
            ..session::StopChargingRequest::default()
        };
        let stopped = self.sources.peers.session().stop_charging(visitor.request(stop)).await;
        let session = answer("session", stopped)?.session;
        self.sources.drivers.touch(&driver_id);
        Ok(Response::new(pb::StopChargingResponse { session }))
    }

    async fn list_tickets(
        &self,
        request: Request<pb::ListTicketsRequest>,
    ) -> Result<Response<pb::ListTicketsResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let pb::ListTicketsRequest { page_size, page_token } = request.into_inner();
        let list = session::ListTicketsRequest {
            page_size,
            page_token,
            driver_id: visitor.user_id.clone(),
            cp_id: String::new(),
        };
        let listed = self.sources.peers.session().list_tickets(visitor.request(list)).await;
        let session::ListTicketsResponse { tickets, next_page_token } = answer("session", listed)?;
        Ok(Response::new(pb::ListTicketsResponse { tickets, next_page_token }))
    }

    async fn request_top_up(
        &self,
        request: Request<pb::RequestTopUpRequest>,
    ) -> Result<Response<pb::RequestTopUpResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let pb::RequestTopUpRequest { top_up_id, amount_micros } = request.into_inner();
        let driver_id = visitor.user_id.clone();
        let wish = session::RequestTopUpRequest { top_up_id, driver_id, amount_micros };
        let wished = self.sources.peers.network_write().request_top_up(visitor.request(wish)).await;
        let top_up = answer("session", wished)?.top_up;
        Ok(Response::new(pb::RequestTopUpResponse { top_up }))
    }

    async fn list_top_ups(
        &self,
        request: Request<pb::ListTopUpsRequest>,
    ) -> Result<Response<pb::ListTopUpsResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let list = session::ListTopUpsRequest { driver_id: visitor.user_id.clone() };
        let listed = self.sources.peers.session().list_top_ups(visitor.request(list)).await;
        let top_ups = answer("session", listed)?.top_ups;
        Ok(Response::new(pb::ListTopUpsResponse { top_ups }))
    }
}
