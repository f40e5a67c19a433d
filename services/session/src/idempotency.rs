//! Which commands must not take effect twice, and how they are told apart.
//!
//! Most commands are idempotent by the state that they meet: a start that was asked is not asked again. The others carry a key.

use evcharging_common::error::{Error, ErrorCode};

use crate::{
    command::{Command, Reply},
    store::RecordedReply,
};

/// A command's key, and the content that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The same key means the same command.
    pub key: String,
    /// What must be the same, too.
    pub fingerprint: String,
}

/// The identity of a command; `event_id` is that of the Kafka event that brought it, if one did.
pub fn identity(command: &Command, event_id: Option<&str>) -> Option<Identity> {
    match command {
        Command::Reserve(reserve) => {
            let place =
                if reserve.any { "any" } else { reserve.candidates.first().map_or("", String::as_str) };
            Some(Identity {
                key: format!("reserve/{}/{}", reserve.driver_id, reserve.request_id),
                fingerprint: format!("{place}/{:?}", reserve.energy_limit_mwh),
            })
        }
        Command::TopUp { top_up_id, driver_id, amount_micros, operator_id: _ } => Some(Identity {
            key: format!("top-up/{driver_id}/{top_up_id}"),
            fingerprint: amount_micros.to_string(),
        }),
        _ => {
            event_id.map(|event_id| Identity { key: format!("event/{event_id}"), fingerprint: String::new() })
        }
    }
}

/// The reply that was recorded for a command.
///
/// # Errors
/// ALREADY_EXISTS when the key was used with other content.
pub fn recall(recorded: &RecordedReply, identity: &Identity) -> Result<Reply, Error> {
    if recorded.fingerprint != identity.fingerprint {
        let message = "this id was used for another request; choose a new one";
        return Err(Error::new(ErrorCode::AlreadyExists, "REQUEST_CONFLICT", message));
    }
    serde_json::from_str(&recorded.reply).map_err(Error::internal)
}

/// What is recorded of an outcome: what was decided, be it a refusal. An error leaves a command free to be tried again, unless an
/// event brought it: what made no sense when it happened must not come to make sense later.
pub fn record(identity: Identity, now_ms: i64, outcome: &Result<Reply, Error>) -> Option<RecordedReply> {
    let reply = match outcome {
        Ok(reply) => serde_json::to_string(reply).ok()?,
        Err(error) if identity.key.starts_with("event/") && !error.is_retryable() => {
            serde_json::to_string(&Reply::Done).ok()?
        }
        Err(_) => return None,
    };
    let Identity { key, fingerprint } = identity;
    Some(RecordedReply { idempotency_key: key, fingerprint, reply, created_at_ms: now_ms })
}
