//! What was decided about a request.

use evcharging_common::{
    clock,
    error::Error,
    pb::{
        events::v1::{AuthorizationResponse, DriverNotification},
        session::v1::ReserveResponse,
    },
    vocabulary::RefusalReason,
};

use crate::charge_request::ChargeRequest;

/// The answer to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A charge point is held for the driver.
    Reserved {
        /// The session that the reservation opened.
        session_id: String,
        /// Where.
        cp_id: String,
        /// Until when, in milliseconds since 1970.
        reserved_until_ms: i64,
    },
    /// The driver may not charge.
    Refused {
        /// The charge point that was asked for; empty when any would have done.
        cp_id: String,
        /// Why.
        reason: RefusalReason,
        /// The reason in words.
        message: String,
    },
}

impl Decision {
    /// A refusal of `request`.
    pub fn refuse(request: &ChargeRequest, reason: RefusalReason, message: impl Into<String>) -> Self {
        Self::Refused { cp_id: request.cp_id.clone(), reason, message: message.into() }
    }

    /// What session answered to `request`.
    ///
    /// # Errors
    /// When session refused for a reason that is not in our list.
    pub fn from_session(request: &ChargeRequest, response: ReserveResponse) -> Result<Self, Error> {
        let ReserveResponse { authorized, session_id, cp_id, reserved_until_ms, reason, message } = response;
        if authorized {
            return Ok(Self::Reserved { session_id, cp_id, reserved_until_ms });
        }
        let reason = RefusalReason::try_from(reason).map_err(Error::internal)?;
        Ok(Self::refuse(request, reason, message))
    }

    /// The event that tells the driver.
    pub fn to_notification(&self, request: &ChargeRequest) -> DriverNotification {
        let asked = AuthorizationResponse {
            request_id: request.request_id.clone(),
            driver_id: request.driver_id.clone(),
            ..AuthorizationResponse::default()
        };
        let response = match self.clone() {
            Self::Reserved { session_id, cp_id, reserved_until_ms } => AuthorizationResponse {
                authorized: true,
                session_id,
                cp_id,
                reserved_until: Some(clock::to_timestamp(reserved_until_ms)),
                ..asked
            },
            Self::Refused { cp_id, reason, message } => {
                AuthorizationResponse { cp_id, reason: reason.to_string(), message, ..asked }
            }
        };
        DriverNotification::from(response)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use evcharging_common::events::Event;

    use super::*;

    #[test]
    fn the_events_read_by_themselves() {
        let request = ChargeRequest {
            request_id: "r-1".to_owned(),
            driver_id: "driver1".to_owned(),
            ..ChargeRequest::default()
        };
        let reserved = Decision::Reserved {
            session_id: "s-1".to_owned(),
            cp_id: "MAD-01".to_owned(),
            reserved_until_ms: 1_000,
        };
        assert_eq!(
            reserved.to_notification(&request).to_json(),
            r#"{"authorization_response":{"request_id":"r-1","driver_id":"driver1","authorized":true,"cp_id":"MAD-01","reserved_until":"1970-01-01T00:00:01+00:00","session_id":"s-1"}}"#
        );
        let refused = Decision::refuse(&request, RefusalReason::NoCpAvailable, "none is free");
        assert_eq!(
            refused.to_notification(&request).to_json(),
            r#"{"authorization_response":{"request_id":"r-1","driver_id":"driver1","reason":"NO_CP_AVAILABLE","message":"none is free"}}"#
        );
    }

    #[test]
    fn a_refusal_without_a_known_reason_is_a_mistake() {
        let response = ReserveResponse { reason: 99, ..ReserveResponse::default() };
        assert!(Decision::from_session(&ChargeRequest::default(), response).is_err());
    }
}
