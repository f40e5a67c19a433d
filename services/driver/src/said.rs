//! What a driver says to the network, whichever way it goes.

use evcharging_common::{
    kafka::OutgoingRecord,
    pb::events::v1::{AuthorizationRequest, ChargingStarted, ChargingStopped, DriverEvent, DriverRequest},
};

use crate::charge::Outgoing;

/// A charge has three messages.
pub(crate) const OUTGOING_QUEUE: usize = 4;

/// Something that a driver says.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    /// AUTHORIZATION_REQUEST.
    Request(AuthorizationRequest),
    /// CHARGING_STARTED.
    Started(ChargingStarted),
    /// CHARGING_STOPPED.
    Stopped(ChargingStopped),
}

impl Said {
    /// Which message of the charge it is.
    pub fn outgoing(&self) -> Outgoing {
        match self {
            Self::Request(_) => Outgoing::Request,
            Self::Started(_) => Outgoing::Start,
            Self::Stopped(_) => Outgoing::Stop,
        }
    }

    /// The record that says it in the current trace.
    pub fn record(self) -> OutgoingRecord {
        match self {
            Self::Request(request) => {
                OutgoingRecord::new(&request.driver_id.clone(), &DriverRequest::from(request))
            }
            Self::Started(started) => {
                OutgoingRecord::new(&started.driver_id.clone(), &DriverEvent::from(started))
            }
            Self::Stopped(stopped) => {
                OutgoingRecord::new(&stopped.driver_id.clone(), &DriverEvent::from(stopped))
            }
        }
    }
}
