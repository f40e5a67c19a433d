//! One small closed set of error codes and its one mapping to gRPC.
//!
//! The caller gets a message it can act on and a stable reason; what went wrong inside stays in the log.

use std::{borrow::Cow, collections::HashMap, fmt};

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, FieldViolation, StatusExt};

use crate::trace_propagation;

/// The domain of every reason in gRPC's ErrorInfo.
pub const ERROR_DOMAIN: &str = "evcharging";

/// What kind of error it is: what a caller may do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum ErrorCode {
    /// The request is wrong; mend it.
    InvalidArgument,
    /// There is no such thing.
    NotFound,
    /// The id was used for something else.
    AlreadyExists,
    /// Not in this state.
    FailedPrecondition,
    /// Who asks is not who it says.
    Unauthenticated,
    /// Who asks may not.
    PermissionDenied,
    /// Another came first; try anew.
    Aborted,
    /// Too much at once; try later.
    ResourceExhausted,
    /// Away for now; try again.
    Unavailable,
    /// Not decided in time.
    DeadlineExceeded,
    /// A mistake of ours.
    Internal,
}

impl ErrorCode {
    /// Whether the same request may be sent again as it is.
    pub fn is_retryable(self) -> bool {
        match self {
            Self::Aborted | Self::ResourceExhausted | Self::Unavailable | Self::DeadlineExceeded => true,
            Self::InvalidArgument
            | Self::NotFound
            | Self::AlreadyExists
            | Self::FailedPrecondition
            | Self::Unauthenticated
            | Self::PermissionDenied
            | Self::Internal => false,
        }
    }

    fn to_grpc(self) -> Code {
        match self {
            Self::InvalidArgument => Code::InvalidArgument,
            Self::NotFound => Code::NotFound,
            Self::AlreadyExists => Code::AlreadyExists,
            Self::FailedPrecondition => Code::FailedPrecondition,
            Self::Unauthenticated => Code::Unauthenticated,
            Self::PermissionDenied => Code::PermissionDenied,
            Self::Aborted => Code::Aborted,
            Self::ResourceExhausted => Code::ResourceExhausted,
            Self::Unavailable => Code::Unavailable,
            Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::Internal => Code::Internal,
        }
    }

    fn from_grpc(code: Code) -> Self {
        match code {
            Code::InvalidArgument | Code::OutOfRange => Self::InvalidArgument,
            Code::NotFound => Self::NotFound,
            Code::AlreadyExists => Self::AlreadyExists,
            Code::FailedPrecondition => Self::FailedPrecondition,
            Code::Unauthenticated => Self::Unauthenticated,
            Code::PermissionDenied => Self::PermissionDenied,
            Code::Aborted => Self::Aborted,
            Code::ResourceExhausted => Self::ResourceExhausted,
            // A call that was cut by a peer that went away surfaces as Cancelled or Unknown.
            Code::Unavailable | Code::Cancelled | Code::Unknown => Self::Unavailable,
            Code::DeadlineExceeded => Self::DeadlineExceeded,
            Code::Ok | Code::Unimplemented | Code::Internal | Code::DataLoss => Self::Internal,
        }
    }
}

/// An error with a text for the caller and, apart from it, a cause for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What a caller may do about it.
    pub code: ErrorCode,
    /// Stable, UPPER_SNAKE, for programs.
    pub reason: Cow<'static, str>,
    /// For the caller.
    pub message: String,
    /// The fields that are wrong, and how.
    pub violations: Vec<(String, String)>,
    /// For the log only.
    pub cause: Option<String>,
}

impl Error {
    /// An error with a stable reason and a text for the caller.
    pub fn new(code: ErrorCode, reason: &'static str, message: impl Into<String>) -> Self {
        let (reason, message) = (Cow::Borrowed(reason), message.into());
        Self { code, reason, message, violations: Vec::new(), cause: None }
    }

    /// One field is wrong.
    pub fn invalid_argument(field: &str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        let mut error =
            Self::new(ErrorCode::InvalidArgument, "REQUEST_INVALID", format!("{field} {problem}"));
        error.violations.push((field.to_owned(), problem));
        error
    }

    /// There is no such thing.
    pub fn not_found(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::NotFound, reason, message)
    }

    /// Not in this state.
    pub fn failed_precondition(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::FailedPrecondition, reason, message)
    }

    /// Something that is needed is away; `cause` goes to the log.
    pub fn unavailable(message: impl Into<String>, cause: impl fmt::Display) -> Self {
        let mut error = Self::new(ErrorCode::Unavailable, "UNAVAILABLE", message);
        error.cause = Some(cause.to_string());
        error
    }

    /// A mistake of ours; `cause` goes to the log.
    pub fn internal(cause: impl fmt::Display) -> Self {
        let mut error =
            Self::new(ErrorCode::Internal, "INTERNAL", "internal error; the log of the service says more");
        error.cause = Some(cause.to_string());
        error
    }

    /// Whether the same request may be sent again as it is.
    pub fn is_retryable(&self) -> bool {
        self.code.is_retryable()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.message, self.reason)?;
        self.cause.as_ref().map_or(Ok(()), |cause| write!(formatter, ": {cause}"))
    }
}

impl std::error::Error for Error {}

impl From<Error> for Status {
    /// The one place where an error that reaches a gRPC caller is logged, when it is ours.
    fn from(error: Error) -> Self {
        if error.code == ErrorCode::Internal {
            tracing::error!(cause = error.cause.as_deref().unwrap_or(""), "a call failed inside");
        } else if let Some(cause) = &error.cause {
            tracing::warn!(cause, reason = %error.reason, "a call failed: {}", error.message);
        }
        // Whoever asks for help names it, and it is found in the logs and traces of every service that took part.
        let trace_id = trace_propagation::current_trace_id().map(|id| ("trace_id".to_owned(), id));
        let metadata: HashMap<String, String> = trace_id.into_iter().collect();
        let mut details = ErrorDetails::with_error_info(error.reason.into_owned(), ERROR_DOMAIN, metadata);
        if !error.violations.is_empty() {
            let violations =
                error.violations.into_iter().map(|(field, problem)| FieldViolation::new(field, problem));
            details.set_bad_request(violations.collect::<Vec<_>>());
        }
        Self::with_error_details(error.code.to_grpc(), error.message, details)
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let reason =
            details.error_info().map_or_else(|| "UNAVAILABLE".to_owned(), |info| info.reason.clone());
        let violations = details.bad_request().map_or_else(Vec::new, |bad_request| {
            let pairs = bad_request.field_violations.iter();
            pairs.map(|violation| (violation.field.clone(), violation.description.clone())).collect()
        });
        let code = ErrorCode::from_grpc(status.code());
        Self {
            code,
            reason: Cow::Owned(reason),
            message: status.message().to_owned(),
            violations,
            cause: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_gets_reason_and_violations_and_never_the_cause() {
        let status = Status::from(Error::invalid_argument("driver_id", "must be given"));
        assert_eq!(status.code(), Code::InvalidArgument);
        let details = status.get_error_details();
        assert_eq!(details.error_info().map(|info| info.reason.as_str()), Some("REQUEST_INVALID"));
        assert_eq!(
            details.bad_request().map(|bad| bad.field_violations[0].field.as_str()),
            Some("driver_id")
        );

        let status = Status::from(Error::internal("table drivers is on fire"));
        assert_eq!(status.code(), Code::Internal);
        assert!(!format!("{status:?}").contains("on fire"));
    }

    #[test]
    fn an_error_survives_the_wire() {
        let error = Error::failed_precondition("NO_RESERVATION", "driver1 has no reservation at MAD-01");
        assert_eq!(Error::from(Status::from(error.clone())), error);
    }
}
