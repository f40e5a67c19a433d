//! `evcharging admin`: an operator's commands. Each says what is so now.

use std::io::IsTerminal;

use evcharging_common::{
    error::Error,
    ids, money,
    pb::{
        cp_registry::v1::{FixErrorRequest, SetInServiceRequest, SimulateErrorRequest},
        session::v1::{
            CreateDriverRequest, RemoveUserRequest, SetDriverBlockedRequest, SetUserRequest,
            StopChargingRequest, TopUpRequest,
        },
        types::v1::{ChargePoint, Driver, Session},
    },
    secret::Secret,
    vocabulary::{ChargePointStatus, Role, SessionState, SimulatedErrorKind},
};
use serde::Serialize;

use crate::{
    addresses::ServiceAddresses,
    log_filter::{self, LogConfig},
    output::{plain, print, print_json, remark, word},
    settling::{is_healthy, settled},
    tables,
};

/// What is commanded.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum AdminConfig {
    /// Make a charge point break, to try the network: it really does
    SimulateError {
        /// The charge point
        #[arg(value_parser = ids::parse)]
        cp_id: String,
        /// What goes wrong: its engine breaks, it is taken out of service, or its link is cut
        #[arg(long, value_enum)]
        kind: ErrorKind,
        /// As whom and where
        #[command(flatten)]
        common: CommonConfig,
    },
    /// End what is simulated at a charge point and mend its engine
    FixError {
        /// The charge point
        #[arg(value_parser = ids::parse)]
        cp_id: String,
        /// As whom and where
        #[command(flatten)]
        common: CommonConfig,
    },
    /// Take a charge point out of service; a charge there ends and is billed
    OutOfService {
        /// The charge point
        #[arg(value_parser = ids::parse)]
        cp_id: String,
        /// As whom and where
        #[command(flatten)]
        common: CommonConfig,
    },
    /// Bring a charge point back into service
    InService {
        /// The charge point
        #[arg(value_parser = ids::parse)]
        cp_id: String,
        /// As whom and where
        #[command(flatten)]
        common: CommonConfig,
    },
    /// End a charge; it is billed
    StopSession {
        /// The session
        #[arg(value_parser = ids::parse)]
        session_id: String,
        /// As whom and where
        #[command(flatten)]
        common: CommonConfig,
    },
    /// Add money to a driver's balance
    TopUp {
        /// The driver
        #[arg(value_parser = ids::parse)]
        driver_id: String,
        /// How much, such as 20 or 12.50
        #[arg(value_parser = parse_amount)]
        amount: i64,
        /// Chosen by you: the same id again adds nothing. A new one by default
        #[arg(long, value_name = "ID", value_parser = ids::parse)]
        top_up_id: Option<String>,
        /// As whom and where
        #[command(flatten)]
        common: CommonConfig,
    },
    /// Make a driver known to the network
    CreateDriver {
        /// The driver
        #[arg(value_parser = ids::parse)]
        driver_id: String,
        /// What people call it; its id by default
        #[arg(long)]
        name: Option<String>,
        /// As whom and where
        #[command(flatten)]
        common: CommonConfig,
    },
    /// Forbid a driver to charge; a charge under way goes on
    BlockDriver {
        /// The driver
        #[arg(value_parser = ids::parse)]
        driver_id: String,
        /// As whom and where
        #[command(flatten)]
        common: CommonConfig,
    },
    /// Let a driver charge again
    UnblockDriver {
        /// The driver
        #[arg(value_parser = ids::parse)]
        driver_id: String,
        /// As whom and where
        #[command(flatten)]
        common: CommonConfig,
    },
    /// Let a person log in at the pages, or give it another password or role: what it was logged in with is void then
    CreateUser {
        /// The name at login; a driver's is its driver id
        #[arg(value_parser = ids::parse)]
        user_id: String,
        /// What it may do
        #[arg(long, value_enum)]
        role: UserRole,
        /// The password, 8 to 128 characters; without, it is read from standard input, so that no shell remembers it
        #[arg(long, env = "EVCHARGING_USER_PASSWORD", hide_env_values = true, value_name = "PASSWORD")]
        password: Option<Secret>,
        /// As whom and where
        #[command(flatten)]
        common: CommonConfig,
    },
    /// Let a person log in no more
    RemoveUser {
        /// The name at login
        #[arg(value_parser = ids::parse)]
        user_id: String,
        /// As whom and where
        #[command(flatten)]
        common: CommonConfig,
    },
    /// Show or change what one process logs, while it runs
    Log(LogConfig),
}

/// What every command has.
#[derive(Debug, Clone, clap::Args)]
pub struct CommonConfig {
    /// Who commands it, for the record
    #[arg(
        long,
        env = "EVCHARGING_OPERATOR_ID",
        default_value_t = default_operator_id(),
        value_name = "ID",
        value_parser = ids::parse
    )]
    pub operator_id: String,
    /// The answer as one JSON object, as grpcurl shows it: fields that are zero, false or empty are left out
    #[arg(long)]
    pub json: bool,
    /// Where.
    #[command(flatten)]
    pub addresses: ServiceAddresses,
}

/// What goes wrong at a charge point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum ErrorKind {
    /// Its engine breaks
    Fault,
    /// It is taken out of service
    OutOfService,
    /// Its link is cut until the error is fixed
    Offline,
}

/// What a person may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum UserRole {
    /// Charges, and sees what is its own
    Driver,
    /// Watches and commands the network
    Operator,
    /// An operator who also makes users
    Admin,
}

impl From<UserRole> for Role {
    fn from(role: UserRole) -> Self {
        match role {
            UserRole::Driver => Self::Driver,
            UserRole::Operator => Self::Operator,
            UserRole::Admin => Self::Admin,
        }
    }
}

impl From<ErrorKind> for SimulatedErrorKind {
    fn from(kind: ErrorKind) -> Self {
        match kind {
            ErrorKind::Fault => Self::Fault,
            ErrorKind::OutOfService => Self::OutOfService,
            ErrorKind::Offline => Self::Offline,
        }
    }
}

/// Who is logged in, when that makes an id.
fn default_operator_id() -> String {
    std::env::var("USER").ok().filter(|user| ids::is_valid(user)).unwrap_or_else(|| "operator".to_owned())
}

fn parse_amount(text: &str) -> Result<i64, String> {
    let amount_micros = money::parse_money(text)?;
    if amount_micros == 0 { Err("must be more than 0".to_owned()) } else { Ok(amount_micros) }
}

/// Commands the network, and tells on standard output what is so now.
///
/// # Errors
/// When the service is away, or refuses the command; the text says what to do.
pub async fn admin(config: AdminConfig) -> Result<(), Error> {
    match config {
        AdminConfig::SimulateError { cp_id, kind, common } => {
            let mut registry = common.addresses.registry()?;
            let kind = SimulatedErrorKind::from(kind).into();
            let command = SimulateErrorRequest { cp_id, kind, operator_id: common.operator_id };
            let response = registry.client.simulate_error(command).await;
            let told = registry.answer(response)?.charge_point;
            let now = settled(&mut registry.client, told, |now| !is_healthy(now)).await;
            tell_charge_point(now, common.json)
        }
        AdminConfig::FixError { cp_id, common } => {
            let mut registry = common.addresses.registry()?;
            let command = FixErrorRequest { cp_id, operator_id: common.operator_id };
            let response = registry.client.fix_error(command).await;
            let told = registry.answer(response)?.charge_point;
            let now = settled(&mut registry.client, told, is_healthy).await;
            tell_charge_point(now, common.json)
        }
        AdminConfig::OutOfService { cp_id, common } => set_in_service(cp_id, false, common).await,
        AdminConfig::InService { cp_id, common } => set_in_service(cp_id, true, common).await,
        AdminConfig::StopSession { session_id, common } => {
            let mut session = common.addresses.session()?;
            let operator_id = common.operator_id;
            let command = StopChargingRequest { session_id, operator_id, ..StopChargingRequest::default() };
            let response = session.client.stop_charging(command).await;
            tell(session.answer(response)?.session, describe_session, common.json)
        }
        AdminConfig::TopUp { driver_id, amount, top_up_id, common } => {
            let mut network = common.addresses.network_write()?;
            let top_up_id = top_up_id.unwrap_or_else(ids::new_id);
            let command = TopUpRequest { top_up_id: top_up_id.clone(), driver_id, amount_micros: amount };
            let response = network.client.top_up(command).await;
            let answer = network.answer(response).map_err(|mut error| {
                if error.is_retryable() {
                    // It may have been added all the same: only the same id makes a second try safe.
                    error.message.push_str(&format!("; to try again, add --top-up-id {top_up_id}"));
                }
                error
            })?;
            tell(answer.driver, describe_driver, common.json)
        }
        AdminConfig::CreateDriver { driver_id, name, common } => {
            let mut network = common.addresses.network_write()?;
            let name = name.unwrap_or_else(|| driver_id.clone());
            let response = network.client.create_driver(CreateDriverRequest { driver_id, name }).await;
            tell(network.answer(response)?.driver, describe_driver, common.json)
        }
        AdminConfig::BlockDriver { driver_id, common } => set_blocked(driver_id, true, common).await,
        AdminConfig::UnblockDriver { driver_id, common } => set_blocked(driver_id, false, common).await,
        AdminConfig::CreateUser { user_id, role, password, common } => {
            let password = password.map_or_else(read_password, Ok)?.reveal().to_owned();
            let mut network = common.addresses.network_write()?;
            let role = Role::from(role);
            let request =
                SetUserRequest { user_id: user_id.clone(), role: role.into(), password, only_if_new: false };
            let response = network.client.set_user(request).await;
            let done = network.answer(response)?;
            if common.json {
                return print_json(&done);
            }
            print(&format!("{} may log in as {}", plain(&user_id), role.as_str().to_lowercase()));
            Ok(())
        }
        AdminConfig::RemoveUser { user_id, common } => {
            let mut network = common.addresses.network_write()?;
            let response = network.client.remove_user(RemoveUserRequest { user_id: user_id.clone() }).await;
            network.answer(response)?;
            print(&format!("{} may log in no more", plain(&user_id)));
            Ok(())
        }
        AdminConfig::Log(config) => log_filter::log(config).await,
    }
}

/// The first line of standard input.
fn read_password() -> Result<Secret, Error> {
    if std::io::stdin().is_terminal() {
        remark("The password, and Enter (it is shown as you type it):");
    }
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(Error::internal)?;
    line.trim_end_matches(['\r', '\n']).parse().map_err(Error::internal)
}

async fn set_in_service(cp_id: String, in_service: bool, common: CommonConfig) -> Result<(), Error> {
    let mut registry = common.addresses.registry()?;
    let command = SetInServiceRequest { cp_id, in_service, operator_id: common.operator_id };
    let response = registry.client.set_in_service(command).await;
    tell_charge_point(registry.answer(response)?.charge_point, common.json)
}

async fn set_blocked(driver_id: String, blocked: bool, common: CommonConfig) -> Result<(), Error> {
    let mut network = common.addresses.network_write()?;
    let command = SetDriverBlockedRequest { driver_id, blocked, operator_id: common.operator_id };
    let response = network.client.set_driver_blocked(command).await;
    tell(network.answer(response)?.driver, describe_driver, common.json)
}

fn tell_charge_point(charge_point: Option<ChargePoint>, json: bool) -> Result<(), Error> {
    tell(charge_point, describe_charge_point, json)
}

fn tell<T: Serialize>(now: Option<T>, describe: fn(&T) -> String, json: bool) -> Result<(), Error> {
    let now = now.ok_or_else(|| Error::internal("the answer holds nothing"))?;
    if json {
        return print_json(&now);
    }
    print(&describe(&now));
    Ok(())
}

pub(crate) fn describe_charge_point(charge_point: &ChargePoint) -> String {
    let status = word::<ChargePointStatus>(charge_point.status);
    let more = match tables::note(charge_point) {
        note if note == "-" => String::new(),
        note => format!(" ({note})"),
    };
    format!("{} is {status}{more}", plain(&charge_point.cp_id))
}

pub(crate) fn describe_session(session: &Session) -> String {
    format!(
        "session {} of {} at {} is {}: {}, {}",
        plain(&session.session_id),
        plain(&session.driver_id),
        plain(&session.cp_id),
        word::<SessionState>(session.state),
        evcharging_common::energy::format_energy(session.energy_mwh),
        money::format_money(session.cost_micros)
    )
}

pub(crate) fn describe_driver(driver: &Driver) -> String {
    let may = if driver.blocked { "is blocked" } else { "may charge" };
    format!("{} {may}, balance {}", plain(&driver.driver_id), money::format_money(driver.balance_micros))
}
