//! OperatorService: each call in the operator's own name, which the services check again.

use std::pin::Pin;

use evcharging_common::{
    clock,
    error::Error,
    ids,
    pb::{
        authorization::v1 as authorization,
        cp_registry::v1 as registry,
        portal::v1::{self as pb, operator_service_server::OperatorService},
        session::v1 as session,
    },
    shutdown::CancellationToken,
};
use futures::Stream;
use tonic::{Request, Response, Status};

use crate::{
    cookie::Page,
    dead_letters::DeadLetters,
    hub::Hub,
    open_pages::OpenPages,
    operator_watch,
    peers::{Peers, answer},
    visitors::{Visitor, Visitors},
};

/// What is told of one charge point at a time.
const EVENTS_OF_ONE: i32 = 100;
const SESSIONS_OF_ONE: i32 = 20;
/// The most dead letters in one answer; 0 means fewer.
const MOST_DEAD_LETTERS: usize = 1_000;
const USUAL_DEAD_LETTERS: usize = 100;

/// OperatorService over the services.
pub struct OperatorGrpc {
    /// The network.
    pub hub: Hub,
    /// The services.
    pub peers: Peers,
    /// Who is in.
    pub visitors: Visitors,
    /// What could not be used.
    pub dead_letters: DeadLetters,
    /// The pages that are open.
    pub open_pages: OpenPages,
    /// Ends the watches.
    pub shutdown: CancellationToken,
}

impl OperatorGrpc {
    async fn visitor<T>(&self, request: &Request<T>) -> Result<Visitor, Status> {
        Ok(self.visitors.visitor(request.metadata()).await?)
    }
}

#[tonic::async_trait]
impl OperatorService for OperatorGrpc {
    type WatchNetworkStream = Pin<Box<dyn Stream<Item = Result<pb::WatchNetworkResponse, Status>> + Send>>;

    async fn watch_network(
        &self,
        request: Request<pb::WatchNetworkRequest>,
    ) -> Result<Response<Self::WatchNetworkStream>, Status> {
        let visitor = self.visitor(&request).await?;
        let open = self.open_pages.open(Page::Operator, &visitor.user_id)?;
        let metadata = request.metadata().clone();
        let (hub, visitors) = (self.hub.clone(), self.visitors.clone());
        let told = operator_watch::watch_network(hub, visitors, metadata, open, self.shutdown.clone());
        Ok(Response::new(Box::pin(told)))
    }

    async fn get_charge_point(
        &self,
        request: Request<pb::GetChargePointRequest>,
    ) -> Result<Response<pb::GetChargePointResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let cp_id = request.into_inner().cp_id;
        let get = registry::GetChargePointRequest { cp_id: cp_id.clone() };
        let found =
            answer("cp-registry", self.peers.registry().get_charge_point(visitor.request(get)).await)?;
        let events = session::ListEventsRequest {
            cp_id: cp_id.clone(),
            page_size: EVENTS_OF_ONE,
            ..session::ListEventsRequest::default()
        };
        let events =
            answer("session", self.peers.session().list_events(visitor.request(events)).await)?.events;
        let last = session::ListSessionsRequest {
            cp_id: cp_id.clone(),
            page_size: SESSIONS_OF_ONE,
            ..session::ListSessionsRequest::default()
        };
        let last = answer("session", self.peers.session().list_sessions(visitor.request(last)).await)?;
        let last_sessions = last.sessions;
        Ok(Response::new(pb::GetChargePointResponse {
            session: last_sessions.iter().find(|session| session.ended_at_ms.is_none()).cloned(),
            charge_point: found.charge_point,
            power: self.hub.network().power_of(&cp_id, clock::now_ms()),
            events,
            last_sessions,
        }))
    }

    async fn list_sessions(
        &self,
        request: Request<pb::ListSessionsRequest>,
    ) -> Result<Response<pb::ListSessionsResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let pb::ListSessionsRequest { page_size, page_token, driver_id, cp_id, open_only } =
            request.into_inner();
        let list = session::ListSessionsRequest { page_size, page_token, driver_id, cp_id, open_only };
        let listed = answer("session", self.peers.session().list_sessions(visitor.request(list)).await)?;
        let session::ListSessionsResponse { sessions, next_page_token } = listed;
        Ok(Response::new(pb::ListSessionsResponse { sessions, next_page_token }))
    }

    async fn get_session(
        &self,
        request: Request<pb::GetSessionRequest>,
    ) -> Result<Response<pb::GetSessionResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let session_id = request.into_inner().session_id;
        let get = session::GetSessionRequest { session_id: session_id.clone() };
        let found = answer("session", self.peers.session().get_session(visitor.request(get)).await)?;
        let steps = self.peers.steps(visitor.request(session_id.clone())).await?;
        let ticket = self.peers.ticket(visitor.request(session_id)).await?;
        Ok(Response::new(pb::GetSessionResponse { session: found.session, steps, ticket }))
    }

    async fn list_drivers(
        &self,
        request: Request<pb::ListDriversRequest>,
    ) -> Result<Response<pb::ListDriversResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let pb::ListDriversRequest { page_size, page_token } = request.into_inner();
        let list = authorization::ListDriversRequest { page_size, page_token };
        let listed = self.peers.authorization().list_drivers(visitor.request(list)).await;
        let authorization::ListDriversResponse { drivers, next_page_token } =
            answer("authorization", listed)?;
        Ok(Response::new(pb::ListDriversResponse { drivers, next_page_token }))
    }

    async fn list_events(
        &self,
        request: Request<pb::ListEventsRequest>,
    ) -> Result<Response<pb::ListEventsResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let pb::ListEventsRequest { page_size, page_token, driver_id, cp_id, session_id } =
            request.into_inner();
        let list = session::ListEventsRequest { page_size, page_token, driver_id, cp_id, session_id };
        let listed = answer("session", self.peers.session().list_events(visitor.request(list)).await)?;
        let session::ListEventsResponse { events, next_page_token } = listed;
        Ok(Response::new(pb::ListEventsResponse { events, next_page_token }))
    }

    async fn list_top_up_requests(
        &self,
        request: Request<pb::ListTopUpRequestsRequest>,
    ) -> Result<Response<pb::ListTopUpRequestsResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let list = visitor.request(session::ListTopUpsRequest::default());
        let top_ups = answer("session", self.peers.session().list_top_ups(list).await)?.top_ups;
        Ok(Response::new(pb::ListTopUpRequestsResponse { top_ups }))
    }

    async fn list_services(
        &self,
        request: Request<pb::ListServicesRequest>,
    ) -> Result<Response<pb::ListServicesResponse>, Status> {
        self.visitor(&request).await?;
        Ok(Response::new(pb::ListServicesResponse { services: self.peers.health().await }))
    }

    async fn list_dead_letters(
        &self,
        request: Request<pb::ListDeadLettersRequest>,
    ) -> Result<Response<pb::ListDeadLettersResponse>, Status> {
        self.visitor(&request).await?;
        let wanted = match usize::try_from(request.into_inner().page_size) {
            Ok(0) => USUAL_DEAD_LETTERS,
            Ok(wanted) if wanted <= MOST_DEAD_LETTERS => wanted,
            _ => {
                let problem = format!("must be 0 to {MOST_DEAD_LETTERS}");
                return Err(Error::invalid_argument("page_size", problem).into());
            }
        };
        let (newest, total) = self.dead_letters.newest().await?;
        Ok(Response::new(pb::ListDeadLettersResponse {
            dead_letters: newest.iter().take(wanted).cloned().collect(),
            total,
        }))
    }

    async fn list_hours(
        &self,
        request: Request<pb::ListHoursRequest>,
    ) -> Result<Response<pb::ListHoursResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let list = session::ListHoursRequest { from_ms: request.into_inner().from_ms };
        let listed = answer("session", self.peers.session().list_hours(visitor.request(list)).await)?;
        let session::ListHoursResponse { hours, currency } = listed;
        Ok(Response::new(pb::ListHoursResponse { hours, currency }))
    }

    async fn simulate_error(
        &self,
        request: Request<pb::SimulateErrorRequest>,
    ) -> Result<Response<pb::SimulateErrorResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let pb::SimulateErrorRequest { cp_id, kind } = request.into_inner();
        let operator_id = visitor.user_id.clone();
        let command = visitor.request(registry::SimulateErrorRequest { cp_id, kind, operator_id });
        let done = answer("cp-registry", self.peers.registry().simulate_error(command).await)?;
        Ok(Response::new(pb::SimulateErrorResponse { charge_point: done.charge_point }))
    }

    async fn fix_error(
        &self,
        request: Request<pb::FixErrorRequest>,
    ) -> Result<Response<pb::FixErrorResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let cp_id = request.into_inner().cp_id;
        let operator_id = visitor.user_id.clone();
        let command = visitor.request(registry::FixErrorRequest { cp_id, operator_id });
        let done = answer("cp-registry", self.peers.registry().fix_error(command).await)?;
        Ok(Response::new(pb::FixErrorResponse { charge_point: done.charge_point }))
    }

    async fn set_in_service(
        &self,
        request: Request<pb::SetInServiceRequest>,
    ) -> Result<Response<pb::SetInServiceResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let pb::SetInServiceRequest { cp_id, in_service } = request.into_inner();
        let operator_id = visitor.user_id.clone();
        let command = visitor.request(registry::SetInServiceRequest { cp_id, in_service, operator_id });
        let done = answer("cp-registry", self.peers.registry().set_in_service(command).await)?;
        Ok(Response::new(pb::SetInServiceResponse { charge_point: done.charge_point }))
    }

    async fn stop_session(
        &self,
        request: Request<pb::StopSessionRequest>,
    ) -> Result<Response<pb::StopSessionResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let session_id = request.into_inner().session_id;
        ids::check("session_id", &session_id)?;
        let operator_id = visitor.user_id.clone();
        let stop = session::StopChargingRequest {
            session_id,
            operator_id,
            ..session::StopChargingRequest::default()
        };
        let stopped = answer("session", self.peers.session().stop_charging(visitor.request(stop)).await)?;
        Ok(Response::new(pb::StopSessionResponse { session: stopped.session }))
    }

    async fn set_driver_blocked(
        &self,
        request: Request<pb::SetDriverBlockedRequest>,
    ) -> Result<Response<pb::SetDriverBlockedResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let pb::SetDriverBlockedRequest { driver_id, blocked } = request.into_inner();
        let operator_id = visitor.user_id.clone();
        let set = session::SetDriverBlockedRequest { driver_id, blocked, operator_id };
        let done = self.peers.network_write().set_driver_blocked(visitor.request(set)).await;
        let driver = answer("session", done)?.driver;
        Ok(Response::new(pb::SetDriverBlockedResponse { driver }))
    }

    async fn top_up_driver(
        &self,
        request: Request<pb::TopUpDriverRequest>,
    ) -> Result<Response<pb::TopUpDriverResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let pb::TopUpDriverRequest { top_up_id, driver_id, amount_micros } = request.into_inner();
        let top_up = session::TopUpRequest { top_up_id, driver_id, amount_micros };
        let done = self.peers.network_write().top_up(visitor.request(top_up)).await;
        let driver = answer("session", done)?.driver;
        Ok(Response::new(pb::TopUpDriverResponse { driver }))
    }

    async fn decide_top_up(
        &self,
        request: Request<pb::DecideTopUpRequest>,
    ) -> Result<Response<pb::DecideTopUpResponse>, Status> {
        let visitor = self.visitor(&request).await?;
        let pb::DecideTopUpRequest { top_up_id, approve } = request.into_inner();
        let operator_id = visitor.user_id.clone();
        let decide = session::DecideTopUpRequest { top_up_id, approve, operator_id };
        let decided = self.peers.network_write().decide_top_up(visitor.request(decide)).await;
        let top_up = answer("session", decided)?.top_up;
        Ok(Response::new(pb::DecideTopUpResponse { top_up }))
    }
}
