//! A thousand open pages at one replica of the portal, which is given one core.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use evcharging_common::{
    address_file::Addresses,
    clock,
    error::Error,
    grpc_client::connect_lazily,
    pb::{
        authorization::v1::{AuthorizeRequest, authorization_service_client::AuthorizationServiceClient},
        portal::v1::{
            LoginRequest, WatchNetworkResponse, WatchResponse, login_service_client::LoginServiceClient,
        },
        session::v1::{StartChargingRequest, session_service_client::SessionServiceClient},
    },
};
use prost::Message;
use tokio::{process::Child, task::JoinSet};

use crate::{
    latencies::{Latencies, milliseconds},
    network::Network,
    page::Page,
    process::{Usage, share_of_a_core},
    programs,
    table::{Table, grouped, per_second},
};

const CHARGE_POINTS: usize = 1_000;
const CHARGES: usize = 300;
/// Half of them drivers', half of them operators'.
const PAGES: usize = 1_000;
/// Drivers whom `up` lets log in.
const DRIVERS_WITH_A_PASSWORD: usize = 20;
const PASSWORD: &str = "pass123";
/// Until every page has its first message and the charges go.
const SETTLE: Duration = Duration::from_secs(15);

/// What came to all the pages.
#[derive(Default)]
struct Told {
    messages: AtomicUsize,
    bytes: AtomicUsize,
    readings: AtomicUsize,
    late: Mutex<Vec<Duration>>,
}

/// Opens the pages while cars charge and looks at what the portal uses.
pub async fn measure(duration: Duration, table: &mut Table) -> Result<(), Error> {
    eprintln!(
        "{PAGES} pages, {CHARGES} charges at {CHARGE_POINTS} charge points, {} s ...",
        duration.as_secs()
    );
    let network =
        Network::start(&[format!("--charge-points={CHARGE_POINTS}"), format!("--drivers={CHARGES}")]).await?;
    let addresses = network.addresses().clone();
    let (portal, driver_page, operator_page) = start_portal(&addresses).await?;
    start_charges(&addresses).await?;

    let told = Arc::new(Told::default());
    let mut pages = JoinSet::new();
    let operator = log_in(&operator_page, "operator").await?;
    let mut cookies = Vec::new();
    for number in 1..=DRIVERS_WITH_A_PASSWORD {
        cookies.push(log_in(&driver_page, &format!("driver{number}")).await?);
    }
    for cookie in cookies.iter().cycle().take(PAGES / 2) {
        let page = Page::open(&driver_page, "evcharging.portal.v1.DriverService/Watch", cookie).await?;
        pages.spawn(look::<WatchResponse>(page, told.clone(), |told| {
            (told.sent_at_ms, usize::from(told.reading.is_some()))
        }));
        let page = Page::open(&operator_page, "evcharging.portal.v1.OperatorService/WatchNetwork", &operator)
            .await?;
        pages.spawn(look::<WatchNetworkResponse>(page, told.clone(), |told| {
            (told.sent_at_ms, told.readings.len())
        }));
    }
    tokio::time::sleep(SETTLE).await;

    let usage = Usage::of(portal.id().unwrap_or_default());
    let counts = || {
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        [count(&told.messages), count(&told.bytes), count(&told.readings)]
    };
    told.late.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let (cpu_before, before, began) = (usage.cpu()?, counts(), Instant::now());
    tokio::time::sleep(duration).await;
    let (cpu, after, elapsed) = (usage.cpu()?.saturating_sub(cpu_before), counts(), began.elapsed());
    let [messages, bytes, readings] = std::array::from_fn(|which| after[which] - before[which]);
    let name = format!("portal, {} open pages, {CHARGES} charges", grouped(PAGES as u128));
    table.add(format!("{name}: pages still open"), grouped(pages.len() as u128), "all");
    table.add(format!("{name}: CPU"), share_of_a_core(cpu, elapsed), "one core");
    table.add(format!("{name}: resident memory"), format!("{} MiB", usage.resident_mib()?), "");
    table.add(format!("{name}: messages a second"), per_second(messages, elapsed), "");
    table.add(format!("{name}: readings a second, over all pages"), per_second(readings, elapsed), "");
    table.add(format!("{name}: megabytes a second"), per_second(bytes / 1_000_000, elapsed), "");
    let late: Latencies = told.late.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
    table.add(format!("{name}: from made to shown, p99"), milliseconds(late.percentile(99)), "");
    drop(pages);
    drop(portal);
    network.stop().await
}

/// Reads what one page is told, for as long as it is told anything.
async fn look<M: Message + Default>(
    mut page: Page,
    told: Arc<Told>,
    read: fn(&M) -> (i64, usize),
) -> Result<(), Error> {
    loop {
        let bytes = page.next().await?;
        let message = M::decode(bytes.as_slice()).map_err(Error::internal)?;
        let (sent_at_ms, readings) = read(&message);
        told.messages.fetch_add(1, Ordering::Relaxed);
        told.bytes.fetch_add(bytes.len(), Ordering::Relaxed);
        told.readings.fetch_add(readings, Ordering::Relaxed);
        let late_ms = u64::try_from(clock::now_ms() - sent_at_ms).unwrap_or_default();
        told.late.lock().unwrap_or_else(PoisonError::into_inner).push(Duration::from_millis(late_ms));
    }
}

/// A portal of its own beside the network's, on the first core alone.
async fn start_portal(addresses: &Addresses) -> Result<(Child, String, String), Error> {
    let [driver_page, operator_page] = [free_address()?, free_address()?];
    let mut portal = programs::quietly("portal")?;
    portal
        .arg(format!("--driver-page-listen={driver_page}"))
        .arg(format!("--operator-page-listen={operator_page}"))
        .arg(format!("--kafka-bootstrap-servers={}", addresses.kafka))
        .arg(format!("--authorization-address={}", addresses.authorization))
        .arg(format!("--session-address={}", addresses.session))
        .arg(format!("--cp-registry-address={}", addresses.cp_registry))
        .arg(format!("--telemetry-address={}", addresses.telemetry));
    let portal = portal.spawn().map_err(Error::internal)?;
    let pid = portal.id().unwrap_or_default().to_string();
    let bound = tokio::process::Command::new("taskset").args(["-a", "-c", "-p", "0", &pid]).output().await;
    bound.map_err(Error::internal)?;
    Ok((portal, format!("http://{driver_page}"), format!("http://{operator_page}")))
}

fn free_address() -> Result<String, Error> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").map_err(Error::internal)?;
    listener.local_addr().map(|address| address.to_string()).map_err(Error::internal)
}

async fn start_charges(addresses: &Addresses) -> Result<(), Error> {
    let channel = |address: &str| connect_lazily(address).map_err(Error::internal);
    let mut authorization = AuthorizationServiceClient::new(channel(&addresses.authorization)?);
    let mut session = SessionServiceClient::new(channel(&addresses.session)?);
    for number in 1..=CHARGES {
        let driver_id = format!("driver{number}");
        let request = AuthorizeRequest {
            request_id: "pages".to_owned(),
            driver_id: driver_id.clone(),
            ..AuthorizeRequest::default()
        };
        let cp_id = authorization.authorize(request).await?.into_inner().cp_id;
        session.start_charging(StartChargingRequest { driver_id, cp_id, request_id: String::new() }).await?;
    }
    Ok(())
}

async fn log_in(page: &str, user_id: &str) -> Result<String, Error> {
    let mut client = LoginServiceClient::new(connect_lazily(page).map_err(Error::internal)?);
    let request = LoginRequest { user_id: user_id.to_owned(), password: PASSWORD.to_owned() };
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match client.login(request.clone()).await {
            Ok(response) => {
                let cookie = response.metadata().get("set-cookie").and_then(|value| value.to_str().ok());
                let cookie = cookie.and_then(|cookie| cookie.split(';').next()).unwrap_or_default();
                return Ok(cookie.to_owned());
            }
            Err(status) if Instant::now() > deadline => return Err(status.into()),
            Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
        }
    }
}
