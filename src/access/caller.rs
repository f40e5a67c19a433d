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
/// Methods that no operator's token opens.
const ADMINS: &[&str] =
    &["/evcharging.session.v1.NetworkWriteService/SetUser", "/evcharging.logs.v1.LogService/SetLogFilter"];
/// Methods that are for parts of the network alone.
const NETWORKS: &[&str] = &["/evcharging.session.v1.NetworkWriteService/AddTokenKey"];

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
            Role::Operator => !ADMINS.contains(&method) && !NETWORKS.contains(&method),
            Role::Admin => !NETWORKS.contains(&method),
        };
        if may { Ok(()) } else { Err(denied(format!("a {role} may not call {method}"))) }
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
    fn each_role_opens_its_own_methods_and_a_new_method_opens_to_no_driver() {
        let new = "/evcharging.session.v1.NetworkWriteService/SomethingNew";
        for (method, driver, operator, admin) in [
            (DRIVERS[0], true, true, true),
            ("/evcharging.cp_registry.v1.RegistryService/SimulateError", false, true, true),
            (ADMINS[0], false, false, true),
            (NETWORKS[0], false, false, false),
            (new, false, true, true),
        ] {
            for (role, may) in [(Role::Driver, driver), (Role::Operator, operator), (Role::Admin, admin)] {
                assert_eq!(person(role).may_call(method).is_ok(), may, "{role} {method}");
            }
            assert!(Caller::Network.may_call(method).is_ok());
        }
    }

    #[test]
    fn every_method_that_is_named_exists() {
        for method in DRIVERS.iter().chain(ADMINS).chain(NETWORKS) {
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
