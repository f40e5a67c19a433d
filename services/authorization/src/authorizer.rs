//! The one decision behind both doors.

use evcharging_common::{
    clock,
    error::{Error, ErrorCode},
    grpc_client::{self, GrpcChannel},
    pb::session::v1::{ReserveRequest, session_service_client::SessionServiceClient},
    read_model::ReadModel,
    vocabulary::RefusalReason,
};

use crate::{charge_request::ChargeRequest, decision::Decision};

/// How many charge points are offered at a time when any will do.
const CANDIDATES: u32 = 16;
/// How often candidates are picked when others were faster each time.
const PICKS: u32 = 5;

/// Decides requests. Cheap to clone.
#[derive(Clone)]
pub struct Authorizer {
    session: SessionServiceClient<GrpcChannel>,
    read_model: ReadModel,
}

impl Authorizer {
    /// Reserves by `channel` to session, picks from `read_model`.
    pub fn new(channel: GrpcChannel, read_model: ReadModel) -> Self {
        Self { session: SessionServiceClient::new(channel), read_model }
    }

    /// Decides a request. The same request again gets the same answer: session remembers it.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when its ids are so wrong that no answer could be addressed; ALREADY_EXISTS when the request_id was used
    /// for another request; what session or the database failed with.
    pub async fn decide(&self, request: &ChargeRequest) -> Result<Decision, Error> {
        if let Err(invalid) = request.validate() {
            if !request.is_answerable() {
                return Err(invalid);
            }
            return Ok(Decision::refuse(request, RefusalReason::RequestInvalid, invalid.message));
        }
        if request.is_expired(clock::now_ms()) {
            let message = "the request was too old when it was decided; ask again";
            return Ok(Decision::refuse(request, RefusalReason::RequestExpired, message));
        }
        if request.cp_id.is_empty() {
            self.reserve_any(request).await
        } else {
            self.reserve(request, vec![request.cp_id.clone()], false).await
        }
    }

    /// Picks among the available ones, anew when others took all that were picked.
    async fn reserve_any(&self, request: &ChargeRequest) -> Result<Decision, Error> {
        let mut pick = 1;
        loop {
            let candidates = self.read_model.available_charge_points(CANDIDATES).await?;
            // The last pick is final, so that a race that is always lost ends with an answer.
            let complete = candidates.len() < CANDIDATES as usize || pick == PICKS;
            match self.reserve(request, candidates, complete).await {
                Err(error)
                    if error.code == ErrorCode::Aborted
                        && error.reason == "CANDIDATES_TAKEN"
                        && pick < PICKS =>
                {
                    pick += 1;
                }
                decided => return decided,
            }
        }
    }

    async fn reserve(
        &self,
        request: &ChargeRequest,
        candidate_cp_ids: Vec<String>,
        candidates_complete: bool,
    ) -> Result<Decision, Error> {
        let reserve = ReserveRequest {
            request_id: request.request_id.clone(),
            driver_id: request.driver_id.clone(),
            candidate_cp_ids,
            any: request.cp_id.is_empty(),
            candidates_complete,
            energy_limit_mwh: request.energy_limit_mwh,
            expires_at_ms: request.expires_at_ms,
        };
        let answered = self.session.clone().reserve(reserve).await;
        let response = answered.map_err(|status| grpc_client::peer_error("the session service", status))?;
        Decision::from_session(request, response.into_inner())
    }
}
