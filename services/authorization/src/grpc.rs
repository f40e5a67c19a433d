//! The gRPC door.

use evcharging_common::{
    access::caller,
    error::Error,
    ids,
    pb::authorization::v1 as pb,
    read_model::{PageRequest, ReadModel},
};
use tonic::{Request, Response, Status};

use crate::{
    answers::Answers, authorizer::Authorizer, charge_request::ChargeRequest, decision::Decision,
    login::Logins,
};

/// AuthorizationService.
pub struct AuthorizationGrpc {
    /// Decides.
    pub authorizer: Authorizer,
    /// Tells the drivers by Kafka too.
    pub answers: Answers,
    /// Answers questions.
    pub read_model: ReadModel,
    /// Lets people in.
    pub logins: Logins,
}

#[tonic::async_trait]
impl pb::authorization_service_server::AuthorizationService for AuthorizationGrpc {
    async fn authorize(
        &self,
        request: Request<pb::AuthorizeRequest>,
    ) -> Result<Response<pb::AuthorizeResponse>, Status> {
        let caller = caller(&request);
        let request = to_charge_request(request.into_inner());
        caller.may_act_for(&request.driver_id)?;
        let decision = self.authorizer.decide(&request).await?;
        self.answers.deliver_in_background(&request, &decision);
        Ok(Response::new(to_response(decision)))
    }

    async fn get_driver(
        &self,
        request: Request<pb::GetDriverRequest>,
    ) -> Result<Response<pb::GetDriverResponse>, Status> {
        let caller = caller(&request);
        let driver_id = request.into_inner().driver_id;
        ids::check("driver_id", &driver_id)?;
        caller.may_act_for(&driver_id)?;
        let Some(driver) = self.read_model.driver(&driver_id).await? else {
            let message = format!("there is no driver {driver_id}; ListDrivers tells who there is");
            return Err(Error::not_found("DRIVER_UNKNOWN", message).into());
        };
        let open_session = if driver.open_session_id.is_empty() {
            None
        } else {
            self.read_model.session(&driver.open_session_id).await?
        };
        Ok(Response::new(pb::GetDriverResponse { driver: Some(driver), open_session }))
    }

    async fn list_drivers(
        &self,
        request: Request<pb::ListDriversRequest>,
    ) -> Result<Response<pb::ListDriversResponse>, Status> {
        let pb::ListDriversRequest { page_size, page_token } = request.into_inner();
        let page = self.read_model.drivers(&PageRequest::parse(page_size, page_token)?).await?;
        Ok(Response::new(pb::ListDriversResponse {
            drivers: page.items,
            next_page_token: page.next_page_token,
        }))
    }

    async fn login(&self, request: Request<pb::LoginRequest>) -> Result<Response<pb::LoginResponse>, Status> {
        Ok(Response::new(self.logins.login(request.into_inner()).await?))
    }

    async fn renew_access(
        &self,
        request: Request<pb::RenewAccessRequest>,
    ) -> Result<Response<pb::RenewAccessResponse>, Status> {
        Ok(Response::new(self.logins.renew(&request.into_inner().session_token).await?))
    }
}

fn to_charge_request(request: pb::AuthorizeRequest) -> ChargeRequest {
    let pb::AuthorizeRequest { request_id, driver_id, cp_id, energy_limit_mwh, expires_at_ms } = request;
    ChargeRequest { request_id, driver_id, cp_id, energy_limit_mwh, expires_at_ms }
}

fn to_response(decision: Decision) -> pb::AuthorizeResponse {
    match decision {
        Decision::Reserved { session_id, cp_id, reserved_until_ms } => pb::AuthorizeResponse {
            authorized: true,
            session_id,
            cp_id,
            reserved_until_ms,
            ..pb::AuthorizeResponse::default()
        },
        Decision::Refused { cp_id, reason, message } => {
            pb::AuthorizeResponse { cp_id, reason: reason.into(), message, ..Default::default() }
        }
    }
}
