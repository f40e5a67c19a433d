//! Errors as a NAK says them: `REASON: words`. Pure.

use std::borrow::Cow;

use crate::error::{Error, ErrorCode};

/// What a NAK says.
pub(super) fn text(error: &Error) -> String {
    format!("{}: {}", error.reason, error.message)
}

/// What a NAK means.
pub fn refused(text: &str) -> Error {
    let (reason, message) = text.split_once(": ").unwrap_or((text, text));
    let reason = if reason.is_empty() { "REFUSED" } else { reason };
    let code = match reason {
        "UNAVAILABLE" => ErrorCode::Unavailable,
        "MONITOR_PRESENT" | "TELEMETRY_FULL" | "TOO_BUSY" | "MESSAGING_BUSY" => ErrorCode::ResourceExhausted,
        "REGISTRY_TIMEOUT" | "DEADLINE_EXCEEDED" => ErrorCode::DeadlineExceeded,
        "CONFLICT" | "LINK_CLOSED" => ErrorCode::Aborted,
        "REQUEST_INVALID" => ErrorCode::InvalidArgument,
        _ => ErrorCode::FailedPrecondition,
    };
    let message = if message.is_empty() { "the peer refused and gave no reason" } else { message };
    Error {
        code,
        reason: Cow::Owned(reason.to_owned()),
        message: message.to_owned(),
        violations: Vec::new(),
        cause: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_survives_the_wire_as_far_as_its_peer_needs_it() {
        let error =
            Error::failed_precondition("ENGINE_BUSY", "the engine supplies session s-1: stop it first");
        assert_eq!(refused(&text(&error)), error);
        for reason in
            ["UNAVAILABLE", "TOO_BUSY", "CONFLICT", "DEADLINE_EXCEEDED", "LINK_CLOSED", "MESSAGING_BUSY"]
        {
            assert!(refused(&format!("{reason}: later")).is_retryable(), "{reason}");
        }
        assert_eq!(refused("UNKNOWN_MESSAGE").reason, "UNKNOWN_MESSAGE");
        assert_eq!(refused("").reason, "REFUSED");
    }
}
