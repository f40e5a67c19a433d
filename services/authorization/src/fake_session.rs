//! A session service for tests: it remembers what was asked and answers as it was told.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use evcharging_common::{
    error::Error,
    grpc_server::{self, GrpcServer},
    pb::session::v1::{self as pb, session_service_server as server},
    shutdown::CancellationToken,
};
use tonic::{Request, Response, Status, service::Routes};

/// The session service of one test.
#[derive(Clone, Default)]
pub struct FakeSession {
    /// Every Reserve that came.
    pub reserves: Arc<Mutex<Vec<pb::ReserveRequest>>>,
    /// What the next ones are answered; without any, the first candidate is reserved.
    pub answers: Arc<Mutex<VecDeque<Result<pb::ReserveResponse, Error>>>>,
}

impl FakeSession {
    /// Serves on a free port until the token is cancelled, and says where.
    pub async fn start(&self, shutdown: CancellationToken) -> String {
        let listener = grpc_server::listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let routes = Routes::new(server::SessionServiceServer::new(self.clone()));
        let server = GrpcServer::new(listener, routes, &[server::SERVICE_NAME]).await.unwrap();
        server.health().set_serving().await;
        tokio::spawn(server.serve(shutdown));
        address
    }

    /// The next Reserve fails with `error`.
    pub fn fail_next(&self, error: Error) {
        self.answers.lock().unwrap().push_back(Err(error));
    }
}

macro_rules! session_service {
    ($($method:ident($request:ident) -> $response:ident,)+) => {
        #[tonic::async_trait]
        impl server::SessionService for FakeSession {
            type WatchSessionsStream = tonic::codegen::BoxStream<pb::WatchSessionsResponse>;

            async fn reserve(
                &self,
                request: Request<pb::ReserveRequest>,
            ) -> Result<Response<pb::ReserveResponse>, Status> {
                let request = request.into_inner();
                self.reserves.lock().unwrap().push(request.clone());
                if let Some(answer) = self.answers.lock().unwrap().pop_front() {
                    return Ok(Response::new(answer?));
                }
                Ok(Response::new(pb::ReserveResponse {
                    authorized: true,
                    session_id: format!("session-of-{}", request.request_id),
                    cp_id: request.candidate_cp_ids.first().cloned().unwrap_or_default(),
                    reserved_until_ms: 1_900_000_000_000,
                    ..pb::ReserveResponse::default()
                }))
            }

            async fn watch_sessions(
                &self,
                _: Request<pb::WatchSessionsRequest>,
            ) -> Result<Response<Self::WatchSessionsStream>, Status> {
                Err(Status::unimplemented("not needed here"))
            }

            $(async fn $method(&self, _: Request<pb::$request>) -> Result<Response<pb::$response>, Status> {
                Err(Status::unimplemented("not needed here"))
            })+
        }
    };
}

session_service! {
    cancel_reservation(CancelReservationRequest) -> CancelReservationResponse,
    start_charging(StartChargingRequest) -> StartChargingResponse,
    stop_charging(StopChargingRequest) -> StopChargingResponse,
    record_meter(RecordMeterRequest) -> RecordMeterResponse,
    end_supply(EndSupplyRequest) -> EndSupplyResponse,
    get_session(GetSessionRequest) -> GetSessionResponse,
    list_sessions(ListSessionsRequest) -> ListSessionsResponse,
    get_ticket(GetTicketRequest) -> GetTicketResponse,
    list_tickets(ListTicketsRequest) -> ListTicketsResponse,
    list_events(ListEventsRequest) -> ListEventsResponse,
    list_top_ups(ListTopUpsRequest) -> ListTopUpsResponse,
    list_hours(ListHoursRequest) -> ListHoursResponse,
}
