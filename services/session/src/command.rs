//! What the writer can be asked, whatever the door: one command, one reply.

use evcharging_common::vocabulary::{FaultKind, RefusalReason, SimulatedErrorKind};
use serde::{Deserialize, Serialize};

use crate::entities::{ChargePoint, Driver, Session};

/// A change that is asked of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Command {
    /// Reserve the first candidate that may be had.
    Reserve(Reserve),
    /// Give a reservation back.
    CancelReservation {
        /// The session that it opened.
        session_id: String,
    },
    /// Start the charge that was reserved.
    StartCharging(WhichCharge),
    /// Stop a charge, or give its reservation back.
    StopCharging(StopCharging),
    /// Starts of supply and readings.
    RecordMeter(Vec<MeterReading>),
    /// A supply has ended.
    EndSupply(EndSupply),
    /// A charge point is known, and connects when it brings a link.
    RegisterChargePoint(RegisterChargePoint),
    /// Links that live.
    RenewPresence {
        /// Charge point and link.
        presences: Vec<(String, String)>,
        /// For how long from now.
        lease_ms: i64,
    },
    /// A link is gone.
    Disconnect {
        /// The charge point.
        cp_id: String,
        /// Its link.
        link_id: String,
    },
    /// A lease may have run out.
    ExpirePresence {
        /// The charge point.
        cp_id: String,
    },
    /// A charge point broke.
    ReportFault(ReportFault),
    /// A charge point is whole again.
    ClearFault {
        /// The charge point.
        cp_id: String,
    },
    /// Out of or into service.
    SetInService {
        /// The charge point.
        cp_id: String,
        /// True brings it back.
        in_service: bool,
        /// Who asks.
        operator_id: String,
    },
    /// Simulate an error.
    SimulateError {
        /// The charge point.
        cp_id: String,
        /// What.
        kind: SimulatedErrorKind,
        /// Who asks.
        operator_id: String,
    },
    /// Fix a charge point.
    FixError {
        /// The charge point.
        cp_id: String,
        /// Who asks.
        operator_id: String,
    },
    /// Make a driver known.
    CreateDriver {
        /// Its id.
        driver_id: String,
        /// What people call it.
        name: String,
    },
    /// Block a driver or let it charge again.
    SetDriverBlocked {
        /// The driver.
        driver_id: String,
        /// True blocks it.
        blocked: bool,
        /// Who asks.
        operator_id: String,
    },
    /// Add money to a balance.
    TopUp {
        /// The caller's id of it.
        top_up_id: String,
        /// The driver.
        driver_id: String,
        /// How much.
        amount_micros: i64,
        /// Who puts it there.
        operator_id: String,
    },
    /// A waiting state's deadline may have passed.
    ExpireSession {
        /// The session.
        session_id: String,
    },
    /// End a session with what is known of it.
    TerminateSession {
        /// The session.
        session_id: String,
    },
}

/// See [`Command::Reserve`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reserve {
    /// The id of the session that is opened.
    pub session_id: String,
    /// The driver's id of its request.
    pub request_id: String,
    /// Who asks.
    pub driver_id: String,
    /// Charge points, in the order they are tried.
    pub candidates: Vec<String>,
    /// The driver named none of them.
    pub any: bool,
    /// With `any`: there are no others.
    pub candidates_complete: bool,
    /// The driver's own limit.
    pub energy_limit_mwh: Option<i64>,
    /// Refused after this instant.
    pub expires_at_ms: Option<i64>,
    /// The trace of the request, which becomes the session's.
    pub traceparent: String,
}

/// A charge by its driver and charge point.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct WhichCharge {
    /// The driver.
    pub driver_id: String,
    /// The charge point.
    pub cp_id: String,
    /// The request that reserved; empty when it isn't told.
    pub request_id: String,
}

/// See [`Command::StopCharging`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StopCharging {
    /// The charge, when it is named by its driver.
    pub charge: Option<WhichCharge>,
    /// The session, when it is named itself.
    pub session_id: String,
    /// Who asks, when it isn't the driver.
    pub operator_id: Option<String>,
}

/// A start of supply (seq 0) or a reading.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MeterReading {
    /// The session.
    pub session_id: String,
    /// The charge point that measured.
    pub cp_id: String,
    /// 0 for the start, then counted from 1.
    pub seq: i64,
    /// The cumulative register.
    pub register_mwh: i64,
    /// Power, in watts.
    pub power_w: i64,
    /// When it was measured.
    pub measured_at_ms: i64,
}

/// See [`Command::EndSupply`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EndSupply {
    /// The session.
    pub session_id: String,
    /// The charge point.
    pub cp_id: String,
    /// The final register.
    pub register_mwh: i64,
    /// Why.
    pub cause: SupplyEndCause,
    /// When.
    pub ended_at_ms: i64,
}

/// Why a charge point supplies no longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum SupplyEndCause {
    /// It was told to.
    Stopped,
    /// The energy limit is reached.
    LimitReached,
    /// The vehicle is full.
    VehicleFull,
    /// It broke.
    Fault,
    /// Its monitor is gone.
    MonitorLost,
    /// There was nothing to stop; the register says nothing about the session.
    NotSupplying,
    /// It did not begin.
    StartRefused,
}

impl SupplyEndCause {
    /// Reads the cause as events and requests name it.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "STOPPED" => Self::Stopped,
            "LIMIT_REACHED" => Self::LimitReached,
            "VEHICLE_FULL" => Self::VehicleFull,
            "FAULT" => Self::Fault,
            "MONITOR_LOST" => Self::MonitorLost,
            "NOT_SUPPLYING" => Self::NotSupplying,
            "START_REFUSED" => Self::StartRefused,
            _ => return None,
        })
    }
}

/// See [`Command::RegisterChargePoint`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RegisterChargePoint {
    /// Its id.
    pub cp_id: String,
    /// Where it stands.
    pub location: String,
    /// Price of a kWh.
    pub price_micros_per_kwh: i64,
    /// The most it can supply, in watts.
    pub max_power_w: i64,
    /// SHA-256 of its key, in hexadecimal.
    pub key_hash: String,
    /// The link that holds it from now on.
    pub link_id: Option<String>,
    /// How long the link lasts unless it is renewed.
    pub lease_ms: i64,
}

/// See [`Command::ReportFault`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportFault {
    /// The charge point.
    pub cp_id: String,
    /// What is wrong.
    pub kind: FaultKind,
    /// For people.
    pub message: String,
    /// The register, when it could still be told.
    pub register_mwh: Option<i64>,
    /// The session that the register belongs to.
    pub session_id: String,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Reply {
    /// A charge point is reserved.
    Reserved(Box<Session>),
    /// The request was refused.
    Refused {
        /// Why.
        reason: RefusalReason,
        /// Why, in words.
        message: String,
    },
    /// The session as it is now.
    Session(Box<Session>),
    /// The charge point as it is now, and its open session.
    ChargePoint(Box<ChargePoint>, Option<Box<Session>>),
    /// The driver as it is now.
    Driver(Driver),
    /// What became of each reading: `None` when it counted, else why not.
    Meter(Vec<Option<String>>),
    /// The charge points whose links are not known.
    LostLinks(Vec<String>),
    /// Nothing to tell.
    Done,
}

/// The ids that a command is about; what belongs to them is read with them.
#[derive(Debug, Default)]
pub struct Touched<'a> {
    /// Charge points.
    pub cp_ids: Vec<&'a str>,
    /// Drivers.
    pub driver_ids: Vec<&'a str>,
    /// Sessions.
    pub session_ids: Vec<&'a str>,
    /// Those of the drivers whose charge point, if they charge, the command does not name.
    pub unplaced_driver_ids: Vec<&'a str>,
    /// Those of the sessions whose charge point the command does not name.
    pub unplaced_session_ids: Vec<&'a str>,
}

impl<'a> Touched<'a> {
    fn charge(&mut self, charge: &'a WhichCharge) {
        self.driver_ids.push(&charge.driver_id);
        self.cp_ids.push(&charge.cp_id);
    }

    fn session_at(&mut self, session_id: &'a str, cp_id: &'a str) {
        self.session_ids.push(session_id);
        self.cp_ids.push(cp_id);
    }

    fn session(&mut self, session_id: &'a str) {
        self.session_ids.push(session_id);
        self.unplaced_session_ids.push(session_id);
    }

    fn driver(&mut self, driver_id: &'a str) {
        self.driver_ids.push(driver_id);
        self.unplaced_driver_ids.push(driver_id);
    }
}

impl Command {
    /// Adds what this command is about.
    pub fn touch<'a>(&'a self, touched: &mut Touched<'a>) {
        match self {
            Self::Reserve(reserve) => {
                touched.driver(&reserve.driver_id);
                touched.cp_ids.extend(reserve.candidates.iter().map(String::as_str));
            }
            Self::StartCharging(charge) => touched.charge(charge),
            Self::StopCharging(StopCharging { charge: Some(charge), .. }) => touched.charge(charge),
            Self::StopCharging(StopCharging { session_id, .. })
            | Self::CancelReservation { session_id }
            | Self::ExpireSession { session_id }
            | Self::TerminateSession { session_id } => touched.session(session_id),
            Self::RecordMeter(readings) => {
                for reading in readings {
                    touched.session_at(&reading.session_id, &reading.cp_id);
                }
            }
            Self::EndSupply(end) => touched.session_at(&end.session_id, &end.cp_id),
            Self::RegisterChargePoint(RegisterChargePoint { cp_id, .. })
            | Self::ReportFault(ReportFault { cp_id, .. })
            | Self::Disconnect { cp_id, .. }
            | Self::ExpirePresence { cp_id }
            | Self::ClearFault { cp_id }
            | Self::SetInService { cp_id, .. }
            | Self::SimulateError { cp_id, .. }
            | Self::FixError { cp_id, .. } => touched.cp_ids.push(cp_id),
            Self::RenewPresence { presences, .. } => {
                touched.cp_ids.extend(presences.iter().map(|(cp_id, _)| cp_id.as_str()));
            }
            Self::CreateDriver { driver_id, .. }
            | Self::SetDriverBlocked { driver_id, .. }
            | Self::TopUp { driver_id, .. } => touched.driver(driver_id),
        }
    }
}
