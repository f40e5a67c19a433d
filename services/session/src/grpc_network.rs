//! NetworkWriteService: proto to domain and back.

use evcharging_common::{
    access::caller,
    clock,
    error::Error,
    ids,
    money::MICROS_PER_UNIT,
    password,
    pb::{
        session::v1::{self as pb, network_write_service_server::NetworkWriteService},
        types::v1 as types,
    },
    vocabulary::Role,
    vocabulary::{FaultKind, SimulatedErrorKind},
};
use sha2::{Digest, Sha256};
use tonic::{Request, Response, Status};

use crate::{
    command::{Command, RegisterChargePoint, Reply, ReportFault},
    entities::Session,
    grpc_session::unexpected,
    people::People,
    view,
    writer::Writer,
};

/// The highest price of a kWh: 100 units of the currency.
const MAX_PRICE_MICROS: i64 = 100 * MICROS_PER_UNIT;
/// The most power of a charge point: 1 MW.
const MAX_POWER_W: i64 = 1_000_000;
/// The longest presence without renewal.
const MAX_LEASE_MS: i64 = 60_000;
/// The longest text for people.
const MAX_TEXT_CHARS: usize = 256;
/// The most links in one renewal.
const MAX_PRESENCES: usize = 1_000;
/// The largest top-up: 100,000 units of the currency.
const MAX_TOP_UP_MICROS: i64 = 100_000 * MICROS_PER_UNIT;

/// Of Ed25519.
const PUBLIC_KEY_BYTES: usize = 32;

/// NetworkWriteService over the writer.
pub struct NetworkGrpc {
    /// Where changes go.
    pub writer: Writer,
    /// Users, and wishes for money.
    pub people: People,
}

#[tonic::async_trait]
impl NetworkWriteService for NetworkGrpc {
    async fn register_charge_point(
        &self,
        request: Request<pb::RegisterChargePointRequest>,
    ) -> Result<Response<pb::RegisterChargePointResponse>, Status> {
        let command = register_command(request.into_inner())?;
        let (charge_point, session) = self.change_charge_point(Command::RegisterChargePoint(command)).await?;
        let session =
            session.filter(|session| session.state != evcharging_common::vocabulary::SessionState::Reserved);
        Ok(Response::new(pb::RegisterChargePointResponse {
            charge_point: Some(charge_point),
            traceparent: session.as_ref().map(|session| session.traceparent.clone()).unwrap_or_default(),
            session: session.map(|session| view::session(*session)),
        }))
    }

    async fn renew_presence(
        &self,
        request: Request<pb::RenewPresenceRequest>,
    ) -> Result<Response<pb::RenewPresenceResponse>, Status> {
        let pb::RenewPresenceRequest { presences, lease_ms } = request.into_inner();
        check_lease(lease_ms)?;
        if presences.len() > MAX_PRESENCES {
            return Err(
                Error::invalid_argument("presences", format!("must be at most {MAX_PRESENCES}")).into()
            );
        }
        let presences = presences.into_iter().map(|presence| (presence.cp_id, presence.link_id)).collect();
        match self.writer.execute(Command::RenewPresence { presences, lease_ms }).await? {
            Reply::LostLinks(lost_cp_ids) => Ok(Response::new(pb::RenewPresenceResponse { lost_cp_ids })),
            other => Err(unexpected(&other).into()),
        }
    }

    async fn disconnect(
        &self,
        request: Request<pb::DisconnectRequest>,
    ) -> Result<Response<pb::DisconnectResponse>, Status> {
        let pb::DisconnectRequest { cp_id, link_id } = request.into_inner();
        ids::check("cp_id", &cp_id)?;
        ids::check("link_id", &link_id)?;
        self.writer.execute(Command::Disconnect { cp_id, link_id }).await?;
        Ok(Response::new(pb::DisconnectResponse {}))
    }

    async fn report_fault(
        &self,
        request: Request<pb::ReportFaultRequest>,
    ) -> Result<Response<pb::ReportFaultResponse>, Status> {
        let pb::ReportFaultRequest { cp_id, kind, message, register_mwh, session_id } = request.into_inner();
        ids::check("cp_id", &cp_id)?;
        check_text("message", &message)?;
        let kind = FaultKind::try_from(kind)
            .map_err(|_| Error::invalid_argument("kind", "must be a known fault"))?;
        if register_mwh.is_some_and(|register_mwh| register_mwh < 0) {
            return Err(Error::invalid_argument("register_mwh", "must not be negative").into());
        }
        let report = ReportFault { cp_id, kind, message, register_mwh, session_id };
        let (charge_point, _) = self.change_charge_point(Command::ReportFault(report)).await?;
        Ok(Response::new(pb::ReportFaultResponse { charge_point: Some(charge_point) }))
    }

    async fn clear_fault(
        &self,
        request: Request<pb::ClearFaultRequest>,
    ) -> Result<Response<pb::ClearFaultResponse>, Status> {
        let cp_id = request.into_inner().cp_id;
        ids::check("cp_id", &cp_id)?;
        let (charge_point, _) = self.change_charge_point(Command::ClearFault { cp_id }).await?;
        Ok(Response::new(pb::ClearFaultResponse { charge_point: Some(charge_point) }))
    }

    async fn set_in_service(
        &self,
        request: Request<pb::SetInServiceRequest>,
    ) -> Result<Response<pb::SetInServiceResponse>, Status> {
        let caller = caller(&request);
        let pb::SetInServiceRequest { cp_id, in_service, operator_id } = request.into_inner();
        ids::check("cp_id", &cp_id)?;
        let operator_id = caller.operator_id(operator_id)?;
        let command = Command::SetInService { cp_id, in_service, operator_id };
        let (charge_point, _) = self.change_charge_point(command).await?;
        Ok(Response::new(pb::SetInServiceResponse { charge_point: Some(charge_point) }))
    }

    async fn simulate_error(
        &self,
        request: Request<pb::SimulateErrorRequest>,
    ) -> Result<Response<pb::SimulateErrorResponse>, Status> {
        let caller = caller(&request);
        let pb::SimulateErrorRequest { cp_id, kind, operator_id } = request.into_inner();
        ids::check("cp_id", &cp_id)?;
        let operator_id = caller.operator_id(operator_id)?;
        let kind = SimulatedErrorKind::try_from(kind)
            .map_err(|_| Error::invalid_argument("kind", "must be FAULT, OUT_OF_SERVICE or OFFLINE"))?;
        let command = Command::SimulateError { cp_id, kind, operator_id };
        let (charge_point, _) = self.change_charge_point(command).await?;
        Ok(Response::new(pb::SimulateErrorResponse { charge_point: Some(charge_point) }))
    }

    async fn fix_error(
        &self,
        request: Request<pb::FixErrorRequest>,
    ) -> Result<Response<pb::FixErrorResponse>, Status> {
        let caller = caller(&request);
        let pb::FixErrorRequest { cp_id, operator_id } = request.into_inner();
        ids::check("cp_id", &cp_id)?;
        let operator_id = caller.operator_id(operator_id)?;
        let (charge_point, _) = self.change_charge_point(Command::FixError { cp_id, operator_id }).await?;
        Ok(Response::new(pb::FixErrorResponse { charge_point: Some(charge_point) }))
    }

    async fn create_driver(
        &self,
        request: Request<pb::CreateDriverRequest>,
    ) -> Result<Response<pb::CreateDriverResponse>, Status> {
        let pb::CreateDriverRequest { driver_id, name } = request.into_inner();
        ids::check("driver_id", &driver_id)?;
        check_text("name", &name)?;
        let driver = self.change_driver(Command::CreateDriver { driver_id, name }).await?;
        Ok(Response::new(pb::CreateDriverResponse { driver: Some(driver) }))
    }

    async fn set_driver_blocked(
        &self,
        request: Request<pb::SetDriverBlockedRequest>,
    ) -> Result<Response<pb::SetDriverBlockedResponse>, Status> {
        let caller = caller(&request);
        let pb::SetDriverBlockedRequest { driver_id, blocked, operator_id } = request.into_inner();
        ids::check("driver_id", &driver_id)?;
        let operator_id = caller.operator_id(operator_id)?;
        let driver =
            self.change_driver(Command::SetDriverBlocked { driver_id, blocked, operator_id }).await?;
        Ok(Response::new(pb::SetDriverBlockedResponse { driver: Some(driver) }))
    }

    async fn top_up(
        &self,
        request: Request<pb::TopUpRequest>,
    ) -> Result<Response<pb::TopUpResponse>, Status> {
        let operator_id = caller(&request).operator_id(String::new())?;
        let pb::TopUpRequest { top_up_id, driver_id, amount_micros } = request.into_inner();
        ids::check("top_up_id", &top_up_id)?;
        ids::check("driver_id", &driver_id)?;
        check_amount(amount_micros)?;
        let command = Command::TopUp { top_up_id, driver_id, amount_micros, operator_id };
        let driver = self.change_driver(command).await?;
        Ok(Response::new(pb::TopUpResponse { driver: Some(driver) }))
    }

    async fn request_top_up(
        &self,
        request: Request<pb::RequestTopUpRequest>,
    ) -> Result<Response<pb::RequestTopUpResponse>, Status> {
        let caller = caller(&request);
        let pb::RequestTopUpRequest { top_up_id, driver_id, amount_micros } = request.into_inner();
        ids::check("top_up_id", &top_up_id)?;
        ids::check("driver_id", &driver_id)?;
        check_amount(amount_micros)?;
        caller.may_act_for(&driver_id)?;
        let top_up = self.people.request_top_up(&top_up_id, &driver_id, amount_micros).await?;
        Ok(Response::new(pb::RequestTopUpResponse { top_up: Some(top_up) }))
    }

    async fn decide_top_up(
        &self,
        request: Request<pb::DecideTopUpRequest>,
    ) -> Result<Response<pb::DecideTopUpResponse>, Status> {
        let caller = caller(&request);
        let pb::DecideTopUpRequest { top_up_id, approve, operator_id } = request.into_inner();
        ids::check("top_up_id", &top_up_id)?;
        let operator_id = caller.operator_id(operator_id)?;
        let top_up = self.people.decide_top_up(&top_up_id, approve, &operator_id).await?;
        Ok(Response::new(pb::DecideTopUpResponse { top_up: Some(top_up) }))
    }

    async fn set_user(
        &self,
        request: Request<pb::SetUserRequest>,
    ) -> Result<Response<pb::SetUserResponse>, Status> {
        let operator_id = caller(&request).operator_id(String::new())?;
        let pb::SetUserRequest { user_id, role, password, only_if_new } = request.into_inner();
        ids::check("user_id", &user_id)?;
        let role = Role::try_from(role)
            .map_err(|_| Error::invalid_argument("role", "must be DRIVER, OPERATOR or ADMIN"))?;
        password::check(&password)?;
        let changed = self.people.set_user(&user_id, role, password, only_if_new).await?;
        tracing::info!(user_id, %role, by = operator_id, changed, "a user was set");
        Ok(Response::new(pb::SetUserResponse { changed }))
    }

    async fn remove_user(
        &self,
        request: Request<pb::RemoveUserRequest>,
    ) -> Result<Response<pb::RemoveUserResponse>, Status> {
        let operator_id = caller(&request).operator_id(String::new())?;
        let user_id = request.into_inner().user_id;
        ids::check("user_id", &user_id)?;
        self.people.remove_user(&user_id).await?;
        tracing::info!(user_id, by = operator_id, "a user was removed");
        Ok(Response::new(pb::RemoveUserResponse {}))
    }

    async fn add_token_key(
        &self,
        request: Request<pb::AddTokenKeyRequest>,
    ) -> Result<Response<pb::AddTokenKeyResponse>, Status> {
        let pb::AddTokenKeyRequest { key_id, public_key, until_ms } = request.into_inner();
        ids::check("key_id", &key_id)?;
        if public_key.len() != PUBLIC_KEY_BYTES {
            return Err(Error::invalid_argument("public_key", "must be 32 bytes of Ed25519").into());
        }
        self.people.store.add_token_key(&key_id, &public_key, until_ms, clock::now_ms()).await?;
        Ok(Response::new(pb::AddTokenKeyResponse {}))
    }
}

impl NetworkGrpc {
    async fn change_charge_point(
        &self,
        command: Command,
    ) -> Result<(types::ChargePoint, Option<Box<Session>>), Error> {
        match self.writer.execute(command).await? {
            Reply::ChargePoint(charge_point, session) => Ok((view::charge_point(*charge_point), session)),
            other => Err(unexpected(&other)),
        }
    }

    async fn change_driver(&self, command: Command) -> Result<types::Driver, Error> {
        match self.writer.execute(command).await? {
            Reply::Driver(driver) => Ok(view::driver(driver)),
            other => Err(unexpected(&other)),
        }
    }
}

fn register_command(request: pb::RegisterChargePointRequest) -> Result<RegisterChargePoint, Error> {
    ids::check("cp_id", &request.cp_id)?;
    check_text("location", &request.location)?;
    if request.location.is_empty() {
        return Err(Error::invalid_argument("location", "must be given"));
    }
    if !(0..=MAX_PRICE_MICROS).contains(&request.price_micros_per_kwh) {
        return Err(Error::invalid_argument(
            "price_micros_per_kwh",
            format!("must be 0 to {MAX_PRICE_MICROS}"),
        ));
    }
    if !(1..=MAX_POWER_W).contains(&request.max_power_w) {
        return Err(Error::invalid_argument("max_power_w", format!("must be 1 to {MAX_POWER_W}")));
    }
    if !(8..=128).contains(&request.key.len()) {
        return Err(Error::invalid_argument("key", "must be 8 to 128 characters"));
    }
    let link_id = Some(request.link_id).filter(|link_id| !link_id.is_empty());
    if let Some(link_id) = &link_id {
        ids::check("link_id", link_id)?;
        check_lease(request.lease_ms)?;
    }
    Ok(RegisterChargePoint {
        cp_id: request.cp_id,
        location: request.location,
        price_micros_per_kwh: request.price_micros_per_kwh,
        max_power_w: request.max_power_w,
        key_hash: hash_key(&request.key),
        link_id,
        lease_ms: request.lease_ms,
    })
}

/// A key is random and long, not a person's password: one round of SHA-256 keeps it secret in the database.
fn hash_key(key: &str) -> String {
    Sha256::digest(key).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn check_amount(amount_micros: i64) -> Result<(), Error> {
    if (1..=MAX_TOP_UP_MICROS).contains(&amount_micros) {
        return Ok(());
    }
    Err(Error::invalid_argument("amount_micros", format!("must be 1 to {MAX_TOP_UP_MICROS}")))
}

fn check_lease(lease_ms: i64) -> Result<(), Error> {
    if (1_000..=MAX_LEASE_MS).contains(&lease_ms) {
        return Ok(());
    }
    Err(Error::invalid_argument("lease_ms", format!("must be 1000 to {MAX_LEASE_MS}")))
}

fn check_text(field: &str, text: &str) -> Result<(), Error> {
    if text.chars().count() <= MAX_TEXT_CHARS && !text.chars().any(char::is_control) {
        return Ok(());
    }
    Err(Error::invalid_argument(field, format!("must be at most {MAX_TEXT_CHARS} printable characters")))
}
