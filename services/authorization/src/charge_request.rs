//! What a driver asks, and what makes it a request that can be decided. Pure.

use evcharging_common::{
    error::{Error, ErrorCode},
    ids,
    pricing::MAX_SESSION_ENERGY_MWH,
};

/// A request to charge, as either door brings it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChargeRequest {
    /// The driver's own id of this request.
    pub request_id: String,
    /// Who asks.
    pub driver_id: String,
    /// Where; empty for any charge point that is available.
    pub cp_id: String,
    /// The driver's own limit on the energy, in mWh.
    pub energy_limit_mwh: Option<i64>,
    /// When the request is too old to be decided, in milliseconds since 1970.
    pub expires_at_ms: Option<i64>,
}

impl ChargeRequest {
    /// Checks every field.
    ///
    /// # Errors
    /// REQUEST_INVALID with a violation for each field that is wrong.
    pub fn validate(&self) -> Result<(), Error> {
        let mut checks =
            vec![ids::check("request_id", &self.request_id), ids::check("driver_id", &self.driver_id)];
        if !self.cp_id.is_empty() {
            checks.push(ids::check("cp_id", &self.cp_id));
        }
        if self.energy_limit_mwh.is_some_and(|limit| !(1..=MAX_SESSION_ENERGY_MWH).contains(&limit)) {
            let problem = format!("must be 1 to {MAX_SESSION_ENERGY_MWH} mWh, or be left out");
            checks.push(Err(Error::invalid_argument("energy_limit_mwh", problem)));
        }
        let wrong: Vec<Error> = checks.into_iter().filter_map(Result::err).collect();
        if wrong.is_empty() {
            return Ok(());
        }
        let messages: Vec<&str> = wrong.iter().map(|error| error.message.as_str()).collect();
        let mut error = Error::new(ErrorCode::InvalidArgument, "REQUEST_INVALID", messages.join("; "));
        error.violations = wrong.into_iter().flat_map(|error| error.violations).collect();
        Err(error)
    }

    /// Whether an answer can reach the one who asked: its ids can be used.
    pub fn is_answerable(&self) -> bool {
        ids::is_valid(&self.request_id) && ids::is_valid(&self.driver_id)
    }

    /// Whether it is too old to be decided.
    pub fn is_expired(&self, now_ms: i64) -> bool {
        self.expires_at_ms.is_some_and(|expires_at_ms| now_ms > expires_at_ms)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn request() -> ChargeRequest {
        ChargeRequest {
            request_id: "r-1".to_owned(),
            driver_id: "driver1".to_owned(),
            cp_id: "MAD-01".to_owned(),
            energy_limit_mwh: Some(2_000_000),
            expires_at_ms: Some(1_000),
        }
    }

    #[test]
    fn a_whole_request_is_valid_with_and_without_what_may_be_left_out() {
        assert_eq!(request().validate(), Ok(()));
        let least =
            ChargeRequest { cp_id: String::new(), energy_limit_mwh: None, expires_at_ms: None, ..request() };
        assert_eq!(least.validate(), Ok(()));
    }

    #[test]
    fn every_wrong_field_is_named() {
        let wrong = ChargeRequest {
            request_id: String::new(),
            driver_id: "driver 1".to_owned(),
            cp_id: "MAD#01".to_owned(),
            energy_limit_mwh: Some(0),
            expires_at_ms: None,
        };
        let error = wrong.validate().unwrap_err();
        let fields: Vec<&str> = error.violations.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["request_id", "driver_id", "cp_id", "energy_limit_mwh"]);
        assert!(!wrong.is_answerable());
    }

    #[test]
    fn energy_limits_are_bounded() {
        for (limit, valid) in
            [(-1, false), (0, false), (1, true), (1_000_000_000, true), (1_000_000_001, false)]
        {
            let request = ChargeRequest { energy_limit_mwh: Some(limit), ..request() };
            assert_eq!(request.validate().is_ok(), valid, "{limit}");
            assert!(request.is_answerable());
        }
    }

    #[test]
    fn a_request_expires_after_its_instant() {
        assert!(!request().is_expired(1_000));
        assert!(request().is_expired(1_001));
        assert!(!ChargeRequest { expires_at_ms: None, ..request() }.is_expired(i64::MAX));
    }
}
