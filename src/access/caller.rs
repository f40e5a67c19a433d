//! What a caller may do. Pure.

use tonic::Request;

use crate::{
    error::{Error, ErrorCode},
    ids,
    vocabulary::Role,
};

/// Methods that a driver's own token opens. Each of them looks whether what is asked is the driver's own.
const DRIVERS: &[&str] = &[
    "/evcharging.authorization.v1.AuthorizationService/Authorize",
    "/evcharging.authorization.v1.AuthorizationService/GetDriver",
    "/evcharging.session.v1.SessionService/StartCharging",
    "/evcharging.session.v1.SessionService/StopCharging",
    "/evcharging.session.v1.SessionService/ListSessions",
    "/evcharging.session.v1.SessionService/ListTickets",
    "/evcharging.session.v1.SessionService/ListTopUps",
    "/evcharging.session.v1.NetworkWriteService/RequestTopUp",
];
/// Methods that an operator's token opens. What charge points and services say to each other is not among them.
const OPERATORS: &[&str] = &[
    "/evcharging.authorization.v1.AuthorizationService/GetDriver",
    "/evcharging.authorization.v1.AuthorizationService/ListDrivers",
    "/evcharging.cp_registry.v1.RegistryService/ListChargePoints",
    "/evcharging.cp_registry.v1.RegistryService/GetChargePoint",
    "/evcharging.cp_registry.v1.RegistryService/WatchChargePoints",
    "/evcharging.cp_registry.v1.RegistryService/SimulateError",
    "/evcharging.cp_registry.v1.RegistryService/FixError",
    "/evcharging.cp_registry.v1.RegistryService/SetInService",
    "/evcharging.session.v1.SessionService/StopCharging",
    "/evcharging.session.v1.SessionService/CancelReservation",
    "/evcharging.session.v1.SessionService/GetSession",
    "/evcharging.session.v1.SessionService/ListSessions",
    "/evcharging.session.v1.SessionService/WatchSessions",
    "/evcharging.session.v1.SessionService/GetTicket",
    "/evcharging.session.v1.SessionService/ListTickets",
    "/evcharging.session.v1.SessionService/ListEvents",
    "/evcharging.session.v1.SessionService/ListTopUps",
    "/evcharging.session.v1.SessionService/ListHours",
    "/evcharging.session.v1.NetworkWriteService/SetInService",
    "/evcharging.session.v1.NetworkWriteService/SimulateError",
    "/evcharging.session.v1.NetworkWriteService/FixError",
    "/evcharging.session.v1.NetworkWriteService/CreateDriver",
    "/evcharging.session.v1.NetworkWriteService/SetDriverBlocked",
    "/evcharging.session.v1.NetworkWriteService/TopUp",
    "/evcharging.session.v1.NetworkWriteService/RequestTopUp",
    "/evcharging.session.v1.NetworkWriteService/DecideTopUp",
    "/evcharging.logs.v1.LogService/GetLogFilter",
];
/// Methods that only an admin's token opens, beside an operator's.
const ADMINS: &[&str] = &[
    "/evcharging.session.v1.NetworkWriteService/SetUser",
    "/evcharging.session.v1.NetworkWriteService/RemoveUser",
    "/evcharging.logs.v1.LogService/SetLogFilter",
];
/// gRPC's own services: health and reflection.
const EVERYBODYS: &str = "/grpc.";

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A part of the network, or whoever else is let into it.
    Network,
    /// A person, by a token.
    Person {
        /// The name at login; a driver's is its driver_id.
        user_id: String,
        /// What it may do.
        role: Role,
    },
}

impl Caller {
    /// Whether this caller may call a method at all.
    ///
    /// # Errors
    /// PERMISSION_DENIED when it may not.
    pub fn may_call(&self, method: &str) -> Result<(), Error> {
        let Self::Person { role, .. } = self else { return Ok(()) };
        let may = match role {
            Role::Driver => DRIVERS.contains(&method),
            Role::Operator => OPERATORS.contains(&method),
            Role::Admin => OPERATORS.contains(&method) || ADMINS.contains(&method),
        };
        if may || method.starts_with(EVERYBODYS) {
            Ok(())
        } else {
            Err(denied(format!("a {role} may not call {method}")))
        }
    }

    /// Whether what belongs to this driver is the caller's business.
    ///
    /// # Errors
    /// PERMISSION_DENIED for another driver.
    pub fn may_act_for(&self, driver_id: &str) -> Result<(), Error> {
        match self {
            Self::Person { user_id, role: Role::Driver } if user_id != driver_id => {
                Err(denied(format!("{user_id} may see and do what is its own alone")))
            }
            Self::Network | Self::Person { .. } => Ok(()),
        }
    }

    /// A driver, by its own token.
    pub fn is_driver(&self) -> bool {
        matches!(self, Self::Person { role: Role::Driver, .. })
    }

    /// An operator or admin, by its own token.
    pub fn is_operator(&self) -> bool {
        matches!(self, Self::Person { role: Role::Operator | Role::Admin, .. })
    }

    /// Who commands, for the record: a person is who it is; the network says whom it speaks for, in a field that may be left empty.
    ///
    /// # Errors
    /// INVALID_ARGUMENT when the field holds no id.
    pub fn operator_id(&self, claimed: String) -> Result<String, Error> {
        match self {
            Self::Person { user_id, .. } => Ok(user_id.clone()),
            Self::Network if claimed.is_empty() => Ok("operator".to_owned()),
            Self::Network => {
                ids::check("operator_id", &claimed)?;
                Ok(claimed)
            }
        }
    }
}

fn denied(message: String) -> Error {
    Error::new(ErrorCode::PermissionDenied, "PERMISSION_DENIED", message)
}

/// Who sent a request, as [`super::CheckedCaller`] found it.
pub fn caller<T>(request: &Request<T>) -> Caller {
    request.extensions().get::<Caller>().cloned().unwrap_or(Caller::Network)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use prost::Message;

    use super::*;

    fn person(role: Role) -> Caller {
        Caller::Person { user_id: "ana".to_owned(), role }
    }

    #[test]
    fn each_role_opens_its_own_methods_and_a_new_method_opens_to_nobody() {
        let new = "/evcharging.session.v1.NetworkWriteService/SomethingNew";
        for (method, driver, operator, admin) in [
            (DRIVERS[0], true, false, false),
            (DRIVERS[1], true, true, true),
            ("/evcharging.cp_registry.v1.RegistryService/SimulateError", false, true, true),
            (ADMINS[0], false, false, true),
            ("/evcharging.session.v1.NetworkWriteService/AddTokenKey", false, false, false),
            ("/evcharging.session.v1.SessionService/RecordMeter", false, false, false),
            ("/grpc.health.v1.Health/Check", true, true, true),
            (new, false, false, false),
        ] {
            for (role, may) in [(Role::Driver, driver), (Role::Operator, operator), (Role::Admin, admin)] {
                assert_eq!(person(role).may_call(method).is_ok(), may, "{role} {method}");
            }
            assert!(Caller::Network.may_call(method).is_ok());
        }
    }

    #[test]
    fn every_method_that_is_named_exists() {
        for method in DRIVERS.iter().chain(OPERATORS).chain(ADMINS) {
            let (service, name) = method[1..].split_once('/').unwrap();
            let set = prost_types::FileDescriptorSet::decode(crate::pb::FILE_DESCRIPTOR_SET).unwrap();
            let found = set.file.iter().any(|file| {
                file.service.iter().any(|described| {
                    format!("{}.{}", file.package(), described.name()) == service
                        && described.method.iter().any(|method| method.name() == name)
                })
            });
            assert!(found, "{method}");
        }
    }

    #[test]
    fn a_driver_acts_for_itself_and_operators_for_everybody() {
        assert!(person(Role::Driver).may_act_for("ana").is_ok());
        assert_eq!(person(Role::Driver).may_act_for("bea").unwrap_err().code, ErrorCode::PermissionDenied);
        assert!(person(Role::Operator).may_act_for("bea").is_ok());
        assert!(Caller::Network.may_act_for("bea").is_ok());
    }

    #[test]
    fn a_person_can_not_command_in_the_name_of_another() {
        assert_eq!(person(Role::Operator).operator_id("bea".to_owned()).unwrap(), "ana");
        assert_eq!(Caller::Network.operator_id("bea".to_owned()).unwrap(), "bea");
        assert_eq!(Caller::Network.operator_id(String::new()).unwrap(), "operator");
        assert!(Caller::Network.operator_id("a b".to_owned()).is_err());
    }
}
