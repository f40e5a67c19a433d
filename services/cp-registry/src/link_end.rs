//! Why a link ends, what its monitor is told, and whether session has to be told.

use evcharging_common::error::{Error, ErrorCode};

/// Why a link ends.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkEnd {
    /// The monitor closed it, or its connection broke.
    Gone,
    /// Nothing was heard for too long.
    Silent,
    /// The monitor reads too slowly.
    Slow,
    /// It said something that makes no sense.
    Invalid(Error),
    /// The same charge point has a newer link.
    Replaced,
    /// Session does not know this link any more.
    Unknown,
    /// An operator simulates that the charge point is offline.
    CutByOperator,
    /// Commands may have been missed while Kafka was away.
    CommandsMissed,
    /// This registry ends.
    ShuttingDown,
}

impl LinkEnd {
    /// What the monitor is told, if it is still there.
    pub fn to_error(&self) -> Option<Error> {
        let (code, reason, message) = match self {
            Self::Gone => return None,
            Self::Invalid(error) => return Some(error.clone()),
            Self::Silent => (
                ErrorCode::DeadlineExceeded,
                "LINK_SILENT",
                "nothing was heard for 6 s; send a heartbeat every 2 s and connect again",
            ),
            Self::Slow => (
                ErrorCode::ResourceExhausted,
                "LINK_SLOW",
                "too many commands wait to be read; connect again and read faster",
            ),
            Self::Replaced => {
                (ErrorCode::Aborted, "LINK_REPLACED", "the charge point has a newer link; only one may live")
            }
            Self::Unknown => (
                ErrorCode::Aborted,
                "LINK_UNKNOWN",
                "the network lost track of this link; connect and register again",
            ),
            Self::CutByOperator => (
                ErrorCode::FailedPrecondition,
                "CP_OFFLINE_SIMULATED",
                "an operator simulates that the charge point is offline; it may connect once that is fixed",
            ),
            Self::CommandsMissed => (
                ErrorCode::Unavailable,
                "COMMANDS_MISSED",
                "commands may have been missed while messaging was away; connect again to hear them",
            ),
            Self::ShuttingDown => {
                (ErrorCode::Unavailable, "SHUTTING_DOWN", "this registry ends; connect again to another")
            }
        };
        Some(Error::new(code, reason, message))
    }

    /// Whether session must be told at once that the charge point is gone. It need not when another link holds the charge point,
    /// and must not when only this registry goes: the presence lasts until the monitor has found another one.
    pub fn disconnects(&self) -> bool {
        match self {
            Self::Gone
            | Self::Silent
            | Self::Slow
            | Self::Invalid(_)
            | Self::CutByOperator => true,
            Self::Replaced | Self::Unknown | Self::CommandsMissed | Self::ShuttingDown => false,
        }
    }
}
