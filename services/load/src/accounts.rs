//! The drivers of the load, their money, and whether it adds up.

use evcharging_common::{
    clock,
    error::Error,
    grpc_client::{GrpcChannel, peer_error},
    pb::session::v1::{
        CreateDriverRequest, ListTicketsRequest, TopUpRequest,
        network_write_service_client::NetworkWriteServiceClient,
        session_service_client::SessionServiceClient,
    },
};
use futures::{StreamExt, TryStreamExt, stream};

/// What each driver begins with, in micro-units.
const BALANCE_MICROS: i64 = 100_000_000;
/// Calls at a time.
const AT_A_TIME: usize = 64;
const PAGE: i32 = 500;

/// The drivers of one run.
pub struct Accounts {
    session: GrpcChannel,
    driver_ids: Vec<String>,
}

impl Accounts {
    /// Makes drivers that no run had before.
    pub async fn create(session: GrpcChannel, drivers: u32) -> Result<Self, Error> {
        let run = clock::now_ms() / 1_000;
        let driver_ids: Vec<String> =
            (1..=drivers).map(|number| format!("load-driver-{run}-{number}")).collect();
        stream::iter(driver_ids.clone())
            .map(|driver_id| make(session.clone(), driver_id))
            .buffer_unordered(AT_A_TIME)
            .try_collect::<Vec<()>>()
            .await?;
        Ok(Self { session, driver_ids })
    }

    /// Their ids.
    pub fn driver_ids(&self) -> &[String] {
        &self.driver_ids
    }

    /// What does not add up: as many tickets as charges that completed, and what they cost is what the balances lack.
    pub async fn check(&self, completed: u64) -> Result<Vec<String>, Error> {
        let mut problems = Vec::new();
        let mut tickets = 0;
        let checks = self.driver_ids.iter().map(|driver_id| paid(self.session.clone(), driver_id));
        let paid: Vec<Paid> = stream::iter(checks).buffer_unordered(AT_A_TIME).try_collect().await?;
        for account in paid {
            tickets += account.tickets;
            if account.last_balance_micros != BALANCE_MICROS - account.cost_micros {
                problems.push(format!(
                    "the balance of {} is not its top-up minus its tickets",
                    account.driver_id
                ));
            }
        }
        if tickets != completed {
            problems.push(format!("{completed} charges were completed, but there are {tickets} tickets"));
        }
        Ok(problems)
    }
}

async fn make(session: GrpcChannel, driver_id: String) -> Result<(), Error> {
    let mut network = NetworkWriteServiceClient::new(session);
    let create = CreateDriverRequest { driver_id: driver_id.clone(), name: driver_id.clone() };
    network.create_driver(create).await.map_err(|status| peer_error("session", status))?;
    let top_up = TopUpRequest { top_up_id: "first".to_owned(), driver_id, amount_micros: BALANCE_MICROS };
    network.top_up(top_up).await.map(drop).map_err(|status| peer_error("session", status))
}

/// What one driver's tickets say.
struct Paid {
    driver_id: String,
    tickets: u64,
    cost_micros: i64,
    last_balance_micros: i64,
}

async fn paid(session: GrpcChannel, driver_id: &str) -> Result<Paid, Error> {
    let mut sessions = SessionServiceClient::new(session);
    let mut paid = Paid {
        driver_id: driver_id.to_owned(),
        tickets: 0,
        cost_micros: 0,
        last_balance_micros: BALANCE_MICROS,
    };
    let mut page_token = String::new();
    loop {
        let request = ListTicketsRequest {
            driver_id: driver_id.to_owned(),
            page_size: PAGE,
            page_token,
            ..ListTicketsRequest::default()
        };
        let page = sessions
            .list_tickets(request)
            .await
            .map_err(|status| peer_error("session", status))?
            .into_inner();
        // Each ticket says the balance that it left.
        for ticket in page.tickets {
            paid.tickets += 1;
            paid.cost_micros += ticket.cost_micros;
            paid.last_balance_micros = paid.last_balance_micros.min(ticket.balance_micros);
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(paid);
        }
    }
}
