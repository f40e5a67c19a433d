//! What Kafka carries: one message type for each topic, its encoding, and the name of what happened.

use serde::{Serialize, de::DeserializeOwned};

use crate::{kafka::topics, pb::events::v1 as pb};

/// How a record's value is encoded; the `content-type` header says which.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// proto3 JSON with snake_case names; also what a record without the header holds.
    Json,
    /// Protobuf.
    Protobuf,
}

impl Encoding {
    /// The value of the `content-type` header.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Protobuf => "application/protobuf",
        }
    }
}

/// Whether it is said each second of each charge: readings, and what drivers are told of them. A span of each would bury a trace.
pub(crate) fn is_said_each_second(event_type: &str) -> bool {
    matches!(event_type, "CONSUMPTION" | "CONSUMPTION_UPDATE")
}

/// A message that is the value of a topic's records.
pub trait Event:
    prost::Message + Default + Clone + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The topic.
    const TOPIC: &'static str;
    /// How we write it. Both encodings are read.
    const ENCODING: Encoding;

    /// What happened, in UPPER_SNAKE, as the `ce_type` header carries it; `None` when nothing is set.
    fn event_type(&self) -> Option<&'static str>;

    /// The value of a record.
    fn encode_value(&self) -> Vec<u8> {
        match Self::ENCODING {
            Encoding::Protobuf => self.encode_to_vec(),
            Encoding::Json => self.to_json().into_bytes(),
        }
    }

    /// The message as proto3 JSON.
    fn to_json(&self) -> String {
        // The generated serializers only write strings, numbers and lists into memory: nothing in there can fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a record's value. What its `content-type` header says is asked only of a value that is not in the topic's own encoding: headers
    /// cost more to find than a value to read, and no message is readable in both (JSON begins with a brace, no protobuf message here does).
    ///
    /// # Errors
    /// Says for people why it can't be read.
    fn decode_value(value: &[u8], content_type: impl FnOnce() -> Option<String>) -> Result<Self, String> {
        Self::decode_as(Self::ENCODING, value).or_else(|problem| {
            let encoding = match content_type().as_deref() {
                Some("application/protobuf") => Encoding::Protobuf,
                None | Some("application/json") => Encoding::Json,
                Some(other) => {
                    return Err(format!(
                        "content-type {other:?} is neither application/json nor application/protobuf"
                    ));
                }
            };
            if encoding == Self::ENCODING { Err(problem) } else { Self::decode_as(encoding, value) }
        })
    }

    /// Reads a value in this encoding.
    ///
    /// # Errors
    /// As [`Event::decode_value`].
    fn decode_as(encoding: Encoding, value: &[u8]) -> Result<Self, String> {
        let message = match encoding {
            Encoding::Protobuf => Self::decode(value)
                .map_err(|error| format!("not a protobuf message of this topic: {error}"))?,
            Encoding::Json => serde_json::from_slice(value)
                .map_err(|error| format!("not a JSON message of this topic: {error}"))?,
        };
        if message.event_type().is_none() {
            return Err("the record names nothing that happened".to_owned());
        }
        Ok(message)
    }
}

// Most payload messages are named like their variant; the two that are not are told here.
macro_rules! payload {
    (CpTelemetry SessionStarted) => {
        pb::SupplyStarted
    };
    (NetworkStatus NetworkStatus) => {
        pb::NetworkStatusUpdate
    };
    ($message:ident $variant:ident) => {
        pb::$variant
    };
}

macro_rules! event {
    ($message:ident, $topic:expr, $encoding:ident, $field:ident, $module:ident :: $oneof:ident { $($variant:ident => $name:literal,)+ }) => {
        impl Event for pb::$message {
            const TOPIC: &'static str = $topic;
            const ENCODING: Encoding = Encoding::$encoding;

            fn event_type(&self) -> Option<&'static str> {
                self.$field.as_ref().map(|event| match event {
                    $(pb::$module::$oneof::$variant(_) => $name,)+
                })
            }
        }

        $(impl From<payload!($message $variant)> for pb::$message {
            fn from(payload: payload!($message $variant)) -> Self {
                Self { $field: Some(pb::$module::$oneof::$variant(payload)) }
            }
        })+
    };
}

event!(DriverRequest, topics::DRIVER_REQUESTS, Json, request, driver_request::Request {
    AuthorizationRequest => "AUTHORIZATION_REQUEST",
});
event!(DriverEvent, topics::DRIVER_EVENTS, Json, event, driver_event::Event {
    ChargingStarted => "CHARGING_STARTED",
    ChargingStopped => "CHARGING_STOPPED",
});
event!(DriverNotification, topics::DRIVER_NOTIFICATIONS, Json, notification, driver_notification::Notification {
    AuthorizationResponse => "AUTHORIZATION_RESPONSE",
    SessionStarted => "SESSION_STARTED",
    ConsumptionUpdate => "CONSUMPTION_UPDATE",
    SupplyError => "SUPPLY_ERROR",
    Ticket => "TICKET",
    ReservationExpired => "RESERVATION_EXPIRED",
    CpError => "CP_ERROR",
    CpFixed => "CP_FIXED",
});
event!(CpTelemetry, topics::CP_TELEMETRY, Protobuf, telemetry, cp_telemetry::Telemetry {
    SessionStarted => "SESSION_STARTED",
    Consumption => "CONSUMPTION",
    SupplyEnd => "SUPPLY_END",
    Fault => "FAULT",
});
event!(CpEvent, topics::CP_EVENTS, Json, event, cp_event::Event {
    CpRegistered => "CP_REGISTERED",
    CpStatusChanged => "CP_STATUS_CHANGED",
    CpErrorSimulated => "CP_ERROR_SIMULATED",
    CpErrorFixed => "CP_ERROR_FIXED",
});
event!(NetworkStatus, topics::NETWORK_STATUS, Json, status, network_status::Status {
    NetworkStatus => "NETWORK_STATUS_UPDATE",
});

impl Event for pb::CentralCommand {
    const TOPIC: &'static str = topics::CENTRAL_COMMANDS;
    const ENCODING: Encoding = Encoding::Json;

    fn event_type(&self) -> Option<&'static str> {
        self.command.as_ref().map(|command| match command {
            pb::central_command::Command::Start(_) => "START",
            pb::central_command::Command::Stop(_) => "STOP",
            pb::central_command::Command::SetFault(_) => "SET_FAULT",
            pb::central_command::Command::ClearFault(_) => "CLEAR_FAULT",
        })
    }
}

impl Event for pb::DeadLetter {
    const TOPIC: &'static str = topics::DEAD_LETTERS;
    const ENCODING: Encoding = Encoding::Json;

    fn event_type(&self) -> Option<&'static str> {
        Some("DEAD_LETTER")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_json_of_a_foreign_client_is_read() {
        let value =
            br#"{"authorization_request":{"request_id":"r-1","driver_id":"driver1","cp_id":"MAD-01"}}"#;
        let request = pb::DriverRequest::decode_value(value, || None).expect("valid");
        assert_eq!(request.event_type(), Some("AUTHORIZATION_REQUEST"));
        assert_eq!(request.to_json().as_bytes(), value);
    }

    #[test]
    fn int64_is_text_in_json_and_protobuf_round_trips() {
        let event = pb::CpTelemetry::from(pb::Consumption { register_mwh: 73_333, ..Default::default() });
        assert!(event.to_json().contains(r#""register_mwh":"73333""#));
        let decoded = pb::CpTelemetry::decode_value(&event.encode_value(), || {
            Some(Encoding::Protobuf.content_type().to_owned())
        });
        assert_eq!(decoded, Ok(event));
    }

    #[test]
    fn what_can_not_be_read_says_why() {
        for (value, content_type) in [
            (&b"{"[..], None),
            (b"{}", None),
            (br#"{"charging_begun":{}}"#, None),
            (br#"{"charging_started":{"driver":1}}"#, None),
            (b"\xff\xff", Some("application/protobuf")),
            (b"{}", Some("text/csv")),
        ] {
            let error = pb::DriverEvent::decode_value(value, || content_type.map(str::to_owned))
                .expect_err("unreadable");
            assert!(error.len() > 10, "{error}");
        }
    }
}
