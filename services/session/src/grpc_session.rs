//! SessionService: proto to domain and back.

use std::pin::Pin;

use evcharging_common::{
    access::caller,
    clock,
    error::Error,
    ids,
    money::CURRENCY,
    pb::session::v1::{self as pb, session_service_server::SessionService},
    pricing::MAX_SESSION_ENERGY_MWH,
    read_model::{Filter, PageRequest, ReadModel},
    shutdown::CancellationToken,
    trace_propagation,
};
use futures::{Stream, StreamExt};
use tokio_stream::wrappers::{BroadcastStream, errors::BroadcastStreamRecvError};
use tonic::{Request, Response, Status};

use crate::{
    command::{Command, EndSupply, MeterReading, Reply, Reserve, StopCharging, SupplyEndCause, WhichCharge},
    view,
    writer::Writer,
};

/// The most candidates of one reservation.
const MAX_CANDIDATES: usize = 64;
/// The most readings in one call.
const MAX_READINGS: usize = 1_000;

/// How far back hours are told: 31 days, and an hour for callers whose clock is behind.
const LONGEST_HOURS_MS: i64 = (31 * 24 + 1) * 3_600_000;

/// SessionService over the writer and the read model.
pub struct SessionGrpc {
    /// Where changes go.
    pub writer: Writer,
    /// Where questions are answered from.
    pub read_model: ReadModel,
    /// Ends the watches.
    pub shutdown: CancellationToken,
}

#[tonic::async_trait]
impl SessionService for SessionGrpc {
    async fn reserve(
        &self,
        request: Request<pb::ReserveRequest>,
    ) -> Result<Response<pb::ReserveResponse>, Status> {
        let reserve = reserve_command(request.into_inner())?;
        let response = match self.writer.execute(Command::Reserve(reserve)).await? {
            Reply::Reserved(session) => pb::ReserveResponse {
                authorized: true,
                session_id: session.session_id,
                cp_id: session.cp_id,
                reserved_until_ms: session.reserved_until_ms,
                ..Default::default()
            },
            Reply::Refused { reason, message } => pb::ReserveResponse {
                authorized: false,
                reason: reason.into(),
                message,
                ..Default::default()
            },
            other => return Err(unexpected(&other).into()),
        };
        Ok(Response::new(response))
    }

    async fn cancel_reservation(
        &self,
        request: Request<pb::CancelReservationRequest>,
    ) -> Result<Response<pb::CancelReservationResponse>, Status> {
        let session_id = request.into_inner().session_id;
        ids::check("session_id", &session_id)?;
        let session = self.change(Command::CancelReservation { session_id }).await?;
        Ok(Response::new(pb::CancelReservationResponse { session: Some(session) }))
    }

    async fn start_charging(
        &self,
        request: Request<pb::StartChargingRequest>,
    ) -> Result<Response<pb::StartChargingResponse>, Status> {
        let caller = caller(&request);
        let pb::StartChargingRequest { driver_id, cp_id, request_id } = request.into_inner();
        caller.may_act_for(&driver_id)?;
        let session =
            self.change(Command::StartCharging(which_charge(driver_id, cp_id, request_id)?)).await?;
        Ok(Response::new(pb::StartChargingResponse { session: Some(session) }))
    }

    async fn stop_charging(
        &self,
        request: Request<pb::StopChargingRequest>,
    ) -> Result<Response<pb::StopChargingResponse>, Status> {
        let caller = caller(&request);
        let mut request = request.into_inner();
        caller.may_act_for(&request.driver_id)?;
        if caller.is_driver() {
            // Whose a session is shows only when it is decided; by its own id and the charge point, a driver names none but its own.
            request.session_id.clear();
            request.operator_id.clear();
        }
        let charge = if request.session_id.is_empty() {
            Some(which_charge(request.driver_id, request.cp_id, request.request_id)?)
        } else {
            ids::check("session_id", &request.session_id)?;
            None
        };
        let is_operators = caller.is_operator() || !request.operator_id.is_empty();
        let operator_id = is_operators.then(|| caller.operator_id(request.operator_id)).transpose()?;
        let stop = StopCharging { charge, session_id: request.session_id, operator_id };
        let session = self.change(Command::StopCharging(stop)).await?;
        Ok(Response::new(pb::StopChargingResponse { session: Some(session) }))
    }

    async fn record_meter(
        &self,
        request: Request<pb::RecordMeterRequest>,
    ) -> Result<Response<pb::RecordMeterResponse>, Status> {
        let items = request.into_inner().items;
        if items.len() > MAX_READINGS {
            return Err(Error::invalid_argument("items", format!("must be at most {MAX_READINGS}")).into());
        }
        let readings = items.into_iter().map(reading).collect();
        let outcomes = match self.writer.execute(Command::RecordMeter(readings)).await? {
            Reply::Meter(outcomes) => outcomes,
            other => return Err(unexpected(&other).into()),
        };
        let results = outcomes.into_iter().map(|refused| pb::MeterResult {
            accepted: refused.is_none(),
            reason: refused.unwrap_or_default(),
        });
        Ok(Response::new(pb::RecordMeterResponse { results: results.collect() }))
    }

    async fn end_supply(
        &self,
        request: Request<pb::EndSupplyRequest>,
    ) -> Result<Response<pb::EndSupplyResponse>, Status> {
        let request = request.into_inner();
        ids::check("session_id", &request.session_id)?;
        ids::check("cp_id", &request.cp_id)?;
        if request.register_mwh < 0 {
            return Err(Error::invalid_argument("register_mwh", "must not be negative").into());
        }
        let cause = SupplyEndCause::parse(&request.reason).ok_or_else(|| {
            Error::invalid_argument(
                "reason",
                "must be one that evcharging.events.v1.SupplyEnd names, or START_REFUSED",
            )
        })?;
        let end = EndSupply {
            session_id: request.session_id,
            cp_id: request.cp_id,
            register_mwh: request.register_mwh,
            cause,
            ended_at_ms: request.ended_at_ms,
        };
        let session = self.change(Command::EndSupply(end)).await?;
        Ok(Response::new(pb::EndSupplyResponse { session: Some(session) }))
    }

    async fn get_session(
        &self,
        request: Request<pb::GetSessionRequest>,
    ) -> Result<Response<pb::GetSessionResponse>, Status> {
        let session_id = request.into_inner().session_id;
        ids::check("session_id", &session_id)?;
        let session = self.read_model.session(&session_id).await?;
        let session = session.ok_or_else(|| {
            Error::not_found("SESSION_UNKNOWN", format!("there is no session {session_id}"))
        })?;
        Ok(Response::new(pb::GetSessionResponse { session: Some(session) }))
    }

    async fn list_sessions(
        &self,
        request: Request<pb::ListSessionsRequest>,
    ) -> Result<Response<pb::ListSessionsResponse>, Status> {
        let caller = caller(&request);
        let request = request.into_inner();
        caller.may_act_for(&request.driver_id)?;
        let page = PageRequest::parse(request.page_size, request.page_token)?;
        let filter = Filter {
            driver_id: request.driver_id,
            cp_id: request.cp_id,
            open_only: request.open_only,
            ..Filter::default()
        };
        let page = self.read_model.sessions(&filter, &page).await?;
        Ok(Response::new(pb::ListSessionsResponse {
            sessions: page.items,
            next_page_token: page.next_page_token,
        }))
    }

    type WatchSessionsStream = Pin<Box<dyn Stream<Item = Result<pb::WatchSessionsResponse, Status>> + Send>>;

    async fn watch_sessions(
        &self,
        request: Request<pb::WatchSessionsRequest>,
    ) -> Result<Response<Self::WatchSessionsStream>, Status> {
        let wanted = request.into_inner();
        let changes = BroadcastStream::new(self.writer.watch_sessions());
        let responses = changes.filter_map(move |changed| {
            let response = match changed {
                Ok(session)
                    if (wanted.driver_id.is_empty() || wanted.driver_id == session.driver_id)
                        && (wanted.cp_id.is_empty() || wanted.cp_id == session.cp_id) =>
                {
                    Some(Ok(pb::WatchSessionsResponse { session: Some(view::session(session)) }))
                }
                // A watcher that lags misses some changes and goes on with the newest.
                Ok(_) | Err(BroadcastStreamRecvError::Lagged(_)) => None,
            };
            std::future::ready(response)
        });
        Ok(Response::new(Box::pin(responses.take_until(self.shutdown.clone().cancelled_owned()))))
    }

    async fn get_ticket(
        &self,
        request: Request<pb::GetTicketRequest>,
    ) -> Result<Response<pb::GetTicketResponse>, Status> {
        let session_id = request.into_inner().session_id;
        ids::check("session_id", &session_id)?;
        let ticket = self.read_model.ticket(&session_id).await?;
        let none = || Error::not_found("TICKET_UNKNOWN", format!("session {session_id} has no ticket"));
        Ok(Response::new(pb::GetTicketResponse { ticket: Some(ticket.ok_or_else(none)?) }))
    }

    async fn list_tickets(
        &self,
        request: Request<pb::ListTicketsRequest>,
    ) -> Result<Response<pb::ListTicketsResponse>, Status> {
        let caller = caller(&request);
        let request = request.into_inner();
        caller.may_act_for(&request.driver_id)?;
        let page = PageRequest::parse(request.page_size, request.page_token)?;
        let filter = Filter { driver_id: request.driver_id, cp_id: request.cp_id, ..Filter::default() };
        let page = self.read_model.tickets(&filter, &page).await?;
        Ok(Response::new(pb::ListTicketsResponse {
            tickets: page.items,
            next_page_token: page.next_page_token,
        }))
    }

    async fn list_events(
        &self,
        request: Request<pb::ListEventsRequest>,
    ) -> Result<Response<pb::ListEventsResponse>, Status> {
        let request = request.into_inner();
        let page = PageRequest::parse(request.page_size, request.page_token)?;
        let filter = Filter {
            driver_id: request.driver_id,
            cp_id: request.cp_id,
            session_id: request.session_id,
            open_only: false,
        };
        let page = self.read_model.events(&filter, &page).await?;
        Ok(Response::new(pb::ListEventsResponse {
            events: page.items,
            next_page_token: page.next_page_token,
        }))
    }

    async fn list_top_ups(
        &self,
        request: Request<pb::ListTopUpsRequest>,
    ) -> Result<Response<pb::ListTopUpsResponse>, Status> {
        let caller = caller(&request);
        let driver_id = request.into_inner().driver_id;
        caller.may_act_for(&driver_id)?;
        let top_ups = self.read_model.top_ups(&driver_id).await?;
        Ok(Response::new(pb::ListTopUpsResponse { top_ups }))
    }

    async fn list_hours(
        &self,
        request: Request<pb::ListHoursRequest>,
    ) -> Result<Response<pb::ListHoursResponse>, Status> {
        let from_ms = request.into_inner().from_ms;
        if from_ms < clock::now_ms() - LONGEST_HOURS_MS {
            return Err(Error::invalid_argument("from_ms", "must be at most 31 days ago").into());
        }
        let hours = self.read_model.hours(from_ms).await?;
        Ok(Response::new(pb::ListHoursResponse { hours, currency: CURRENCY.to_owned() }))
    }
}

impl SessionGrpc {
    async fn change(&self, command: Command) -> Result<evcharging_common::pb::types::v1::Session, Error> {
        match self.writer.execute(command).await? {
            Reply::Session(session) => Ok(view::session(*session)),
            other => Err(unexpected(&other)),
        }
    }
}

fn reserve_command(request: pb::ReserveRequest) -> Result<Reserve, Error> {
    ids::check("request_id", &request.request_id)?;
    ids::check("driver_id", &request.driver_id)?;
    for cp_id in &request.candidate_cp_ids {
        ids::check("candidate_cp_ids", cp_id)?;
    }
    let fitting = if request.any { 0..=MAX_CANDIDATES } else { 1..=1 };
    if !fitting.contains(&request.candidate_cp_ids.len()) {
        let problem = format!("must be one, or with `any` at most {MAX_CANDIDATES}");
        return Err(Error::invalid_argument("candidate_cp_ids", problem));
    }
    if request.energy_limit_mwh.is_some_and(|limit| !(1..=MAX_SESSION_ENERGY_MWH).contains(&limit)) {
        let problem = format!("must be 1 to {MAX_SESSION_ENERGY_MWH}");
        return Err(Error::invalid_argument("energy_limit_mwh", problem));
    }
    Ok(Reserve {
        session_id: ids::new_id(),
        request_id: request.request_id,
        driver_id: request.driver_id,
        candidates: request.candidate_cp_ids,
        any: request.any,
        candidates_complete: request.candidates_complete,
        energy_limit_mwh: request.energy_limit_mwh,
        expires_at_ms: request.expires_at_ms,
        traceparent: trace_propagation::current_traceparent().unwrap_or_default(),
    })
}

fn which_charge(driver_id: String, cp_id: String, request_id: String) -> Result<WhichCharge, Error> {
    ids::check("driver_id", &driver_id)?;
    ids::check("cp_id", &cp_id)?;
    if !request_id.is_empty() {
        ids::check("request_id", &request_id)?;
    }
    Ok(WhichCharge { driver_id, cp_id, request_id })
}

fn reading(item: pb::MeterItem) -> MeterReading {
    let pb::MeterItem { session_id, cp_id, seq, register_mwh, power_w, measured_at_ms } = item;
    MeterReading { session_id, cp_id, seq, register_mwh, power_w, measured_at_ms }
}

/// A reply that does not belong to its command: a mistake of ours.
pub(crate) fn unexpected(reply: &Reply) -> Error {
    Error::internal(format!("a command was answered with {reply:?}"))
}
