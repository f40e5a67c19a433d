//! The closed lists of words that every part shares: one Rust enum for each, with its short name (as events, the database and
//! JSON carry it) and its protobuf twin.

use crate::pb::types::v1 as pb;

/// Defines a closed list of words. `$name` is both the Rust enum and its protobuf twin.
macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$variant_doc])* #[serde(rename = $text)] $variant,)+ }

        impl $name {
            /// Every word of the list.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word as events, the database and JSON carry it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text).ok_or_else(|| UnknownWord {
                    list: stringify!($name),
                    text: text.to_owned(),
                })
            }
        }

        impl From<$name> for pb::$name {
            fn from(word: $name) -> Self {
                match word { $($name::$variant => Self::$variant,)+ }
            }
        }

        impl From<$name> for i32 {
            fn from(word: $name) -> Self {
                pb::$name::from(word) as Self
            }
        }

        impl TryFrom<i32> for $name {
            type Error = UnknownWord;

            fn try_from(number: i32) -> Result<Self, UnknownWord> {
                match pb::$name::try_from(number) {
                    $(Ok(pb::$name::$variant) => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { list: stringify!($name), text: number.to_string() }),
                }
            }
        }
    };
}

/// A word that is not in its list.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is no {list}")]
pub struct UnknownWord {
    /// The list.
    pub list: &'static str,
    /// What was found instead.
    pub text: String,
}

vocabulary! {
    /// What a charge point can do right now, in the order in which its facts decide.
    ChargePointStatus {
        /// An operator took it out of service.
        OutOfService = "OUT_OF_SERVICE",
        /// Its monitor reported a fault.
        Faulted = "FAULTED",
        /// A session is starting, charging or stopping there.
        Charging = "CHARGING",
        /// Held for a driver.
        Reserved = "RESERVED",
        /// Its monitor is not connected.
        Offline = "OFFLINE",
        /// Free and connected.
        Available = "AVAILABLE",
    }
}

vocabulary! {
    /// Where a session stands.
    SessionState {
        /// Held for the driver.
        Reserved = "RESERVED",
        /// The start was asked and is not yet confirmed.
        Starting = "STARTING",
        /// Energy flows.
        Charging = "CHARGING",
        /// The stop was asked and the final register is not yet known.
        Stopping = "STOPPING",
        /// Ended as asked; billed.
        Completed = "COMPLETED",
        /// Ended by a failure; billed for what was supplied.
        Interrupted = "INTERRUPTED",
        /// Ended before anything was supplied; not billed.
        Cancelled = "CANCELLED",
    }
}

vocabulary! {
    /// Why a charge was refused.
    RefusalReason {
        /// No such driver.
        DriverUnknown = "DRIVER_UNKNOWN",
        /// The driver may not charge.
        DriverBlocked = "DRIVER_BLOCKED",
        /// The driver has an open session.
        DriverBusy = "DRIVER_BUSY",
        /// The balance is under the minimum.
        BalanceTooLow = "BALANCE_TOO_LOW",
        /// No such charge point.
        CpUnknown = "CP_UNKNOWN",
        /// Another driver charges there.
        CpOccupied = "CP_OCCUPIED",
        /// Another driver reserved it.
        CpReserved = "CP_RESERVED",
        /// The charge point is broken.
        CpFaulted = "CP_FAULTED",
        /// The charge point is out of service.
        CpOutOfService = "CP_OUT_OF_SERVICE",
        /// None is available.
        NoCpAvailable = "NO_CP_AVAILABLE",
        /// The request is too old.
        RequestExpired = "REQUEST_EXPIRED",
        /// The request can't be understood, or its id was used for another one.
        RequestInvalid = "REQUEST_INVALID",
        /// The network could not decide in time.
        Unavailable = "UNAVAILABLE",
    }
}

vocabulary! {
    /// Why a session ended.
    EndReason {
        /// The driver stopped it.
        DriverStopped = "DRIVER_STOPPED",
        /// An operator stopped it.
        OperatorStopped = "OPERATOR_STOPPED",
        /// The balance was used up.
        BalanceExhausted = "BALANCE_EXHAUSTED",
        /// The vehicle is full or has the energy that was asked for.
        TargetReached = "TARGET_REACHED",
        /// The charge point broke.
        Fault = "FAULT",
        /// The link was lost for too long.
        LinkLost = "LINK_LOST",
        /// The charge point was put out of service.
        OutOfService = "OUT_OF_SERVICE",
        /// The driver did not start in time.
        ReservationExpired = "RESERVATION_EXPIRED",
        /// The charge point did not supply in time.
        StartTimeout = "START_TIMEOUT",
        /// The charge point refused to start.
        StartRefused = "START_REFUSED",
        /// The driver gave the reservation back.
        ReservationCancelled = "RESERVATION_CANCELLED",
        /// The network shut down or started anew.
        NetworkRestart = "NETWORK_RESTART",
    }
}

vocabulary! {
    /// What is wrong with a charge point.
    FaultKind {
        /// The engine says KO.
        EngineKo = "ENGINE_KO",
        /// The engine did not answer in time.
        EngineTimeout = "ENGINE_TIMEOUT",
        /// The connection to the engine is gone.
        EngineConnectionLost = "ENGINE_CONNECTION_LOST",
    }
}

vocabulary! {
    /// What an operator simulates.
    SimulatedErrorKind {
        /// The engine goes KO.
        Fault = "FAULT",
        /// Out of service.
        OutOfService = "OUT_OF_SERVICE",
        /// The link is cut.
        Offline = "OFFLINE",
    }
}

vocabulary! {
    /// What a person may do.
    Role {
        /// Charges, and sees what is its own.
        Driver = "DRIVER",
        /// Watches and commands the network.
        Operator = "OPERATOR",
        /// An operator who also makes users.
        Admin = "ADMIN",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_survives_text_and_protobuf() {
        for word in EndReason::ALL {
            assert_eq!(word.as_str().parse::<EndReason>().as_ref(), Ok(word));
            assert_eq!(EndReason::try_from(i32::from(*word)).as_ref(), Ok(word));
        }
        for word in RefusalReason::ALL {
            let twin = pb::RefusalReason::from(*word);
            assert_eq!(twin.as_str_name(), format!("REFUSAL_REASON_{word}"));
        }
    }

    #[test]
    fn an_unknown_word_is_refused() {
        assert_eq!(
            "BORED".parse::<SessionState>().map_err(|e| e.to_string()),
            Err("\"BORED\" is no SessionState".into())
        );
        assert!(SessionState::try_from(0).is_err());
    }
}
