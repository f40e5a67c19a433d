//! `evcharging charge`: one charge by gRPC alone, from the request to its ticket.

use std::time::Duration;

use evcharging_common::{
    energy::{format_energy, parse_energy},
    error::{Error, ErrorCode},
    grpc_client::GrpcChannel,
    ids, money,
    pb::{
        authorization::v1::AuthorizeRequest,
        session::v1::{
            CreateDriverRequest, GetSessionRequest, GetTicketRequest, StartChargingRequest, TopUpRequest,
            session_service_client::SessionServiceClient,
        },
        types::v1::{Session, Ticket},
    },
    vocabulary::{EndReason, SessionState},
};
use tokio::time::Instant;
use tracing::Instrument;

use crate::{
    addresses::{Peer, ServiceAddresses},
    output::{plain, print, print_json, word},
};

/// What a driver that is made can spend.
const FIRST_BALANCE_MICROS: i64 = 5_000_000;
/// Between two looks at the charge.
const LOOK: Duration = Duration::from_millis(500);

/// One charge.
#[derive(Debug, Clone, clap::Args)]
pub struct ChargeConfig {
    /// The driver that charges and pays
    #[arg(long, env = "EVCHARGING_DRIVER_ID", value_name = "ID", value_parser = ids::parse)]
    driver_id: String,
    /// Make the driver when it is new, and give it 5 EUR when it has nothing
    #[arg(long)]
    create_driver: bool,
    /// Where; any charge point that is available by default
    #[arg(long, env = "EVCHARGING_CP_ID", value_name = "ID", value_parser = ids::parse)]
    cp_id: Option<String>,
    /// How much to charge, such as 2kWh
    #[arg(long, default_value = "0.1kWh", value_parser = parse_energy)]
    energy: i64,
    /// How many seconds it may take
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    timeout_s: u64,
    /// The ticket as one JSON object, and nothing else
    #[arg(long)]
    json: bool,
    /// Where the network is.
    #[command(flatten)]
    addresses: ServiceAddresses,
}

/// Charges, and tells each step and the ticket on standard output.
///
/// # Errors
/// When a service is away or refuses, the charge is interrupted, or it takes too long; the text says what to do.
pub async fn charge(config: ChargeConfig) -> Result<(), Error> {
    let timeout = Duration::from_secs(config.timeout_s);
    let span = tracing::info_span!("charge", driver_id = config.driver_id);
    tokio::time::timeout(timeout, charge_to_its_ticket(&config).instrument(span)).await.unwrap_or_else(|_| {
        let problem =
            format!("the charge did not end within {} s; it goes on without this command", config.timeout_s);
        Err(Error::new(ErrorCode::DeadlineExceeded, "DEADLINE_EXCEEDED", problem))
    })
}

async fn charge_to_its_ticket(config: &ChargeConfig) -> Result<(), Error> {
    let tell = |line: String| {
        if !config.json {
            print(&line);
        }
    };
    if config.create_driver {
        create_driver(config).await?;
    }
    let mut authorization = config.addresses.authorization()?;
    let request_id = ids::new_id();
    let request = AuthorizeRequest {
        request_id: request_id.clone(),
        driver_id: config.driver_id.clone(),
        cp_id: config.cp_id.clone().unwrap_or_default(),
        energy_limit_mwh: Some(config.energy),
        expires_at_ms: None,
    };
    let response = authorization.client.authorize(request).await;
    let answer = authorization.answer(response)?;
    if !answer.authorized {
        return Err(Error::failed_precondition("REFUSED", format!("refused: {}", plain(&answer.message))));
    }
    tell(format!("authorized at {}", plain(&answer.cp_id)));

    let mut session = config.addresses.session()?;
    let start = StartChargingRequest { driver_id: config.driver_id.clone(), cp_id: answer.cp_id, request_id };
    let response = session.client.start_charging(start).await;
    session.answer(response)?;
    let ended = until_ended(&mut session, &answer.session_id, tell).await?;
    if SessionState::try_from(ended.state) != Ok(SessionState::Completed) {
        let how = word::<SessionState>(ended.state);
        let why = word::<EndReason>(ended.end_reason);
        let problem = format!("the charge was {how}: {why}; it is billed for what was supplied");
        return Err(Error::failed_precondition("INTERRUPTED", problem));
    }
    let response = session.client.get_ticket(GetTicketRequest { session_id: answer.session_id }).await;
    let ticket =
        session.answer(response)?.ticket.ok_or_else(|| Error::internal("the answer holds no ticket"))?;
    if config.json {
        return print_json(&ticket);
    }
    print(&describe_ticket(&ticket));
    Ok(())
}

/// Makes the driver, and tops it up when it has nothing.
async fn create_driver(config: &ChargeConfig) -> Result<(), Error> {
    let mut network = config.addresses.network_write()?;
    let driver_id = config.driver_id.clone();
    let response =
        network.client.create_driver(CreateDriverRequest { driver_id, name: config.driver_id.clone() }).await;
    if network.answer(response)?.driver.is_none_or(|driver| driver.balance_micros > 0) {
        return Ok(());
    }
    let top_up = TopUpRequest {
        top_up_id: ids::new_id(),
        driver_id: config.driver_id.clone(),
        amount_micros: FIRST_BALANCE_MICROS,
    };
    let response = network.client.top_up(top_up).await;
    network.answer(response).map(drop)
}

/// Follows a session to its end; a look that fails is made again.
async fn until_ended(
    session: &mut Peer<SessionServiceClient<GrpcChannel>>,
    session_id: &str,
    tell: impl Fn(String),
) -> Result<Session, Error> {
    let mut told = None;
    let mut next_look = Instant::now();
    loop {
        tokio::time::sleep_until(next_look).await;
        next_look = Instant::now() + LOOK;
        let response =
            session.client.get_session(GetSessionRequest { session_id: session_id.to_owned() }).await;
        let now = match session.answer(response) {
            Ok(found) => found.session.ok_or_else(|| Error::internal("the answer holds no session"))?,
            Err(error) if error.is_retryable() => {
                tracing::debug!(%error, "looking at the charge");
                continue;
            }
            Err(error) => return Err(error),
        };
        let what = (now.state, now.energy_mwh);
        if told.replace(what) != Some(what) {
            let state = word::<SessionState>(now.state);
            tell(format!(
                "{state}: {}, {}",
                format_energy(now.energy_mwh),
                money::format_money(now.cost_micros)
            ));
        }
        if now.ended_at_ms.is_some() {
            return Ok(now);
        }
    }
}

fn describe_ticket(ticket: &Ticket) -> String {
    format!(
        "ticket: {} at {} for {} in {} s, {}; balance {}; trace {}",
        format_energy(ticket.energy_mwh),
        plain(&ticket.cp_id),
        money::format_money(ticket.cost_micros),
        ticket.duration_ms / 1_000,
        word::<EndReason>(ticket.end_reason),
        money::format_money(ticket.balance_micros),
        plain(&ticket.trace_id)
    )
}
