//! Authorize over gRPC, the whole path, at half of the greatest rate, beside an empty call and a commit at the same rate.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use evcharging_common::{
    database::{Access, Database},
    error::Error,
    grpc_client::GrpcChannel,
    ids,
    pb::authorization::v1::{AuthorizeRequest, authorization_service_client::AuthorizationServiceClient},
};
use futures::future::try_join_all;
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use crate::{
    commands::Charger,
    latencies::{Latencies, at_a_rate, milliseconds},
    replica::Replica,
    servers::Prepared,
    table::{Table, grouped, thousandths},
};

/// Callers that look for the greatest rate, each with one request at a time.
const CALLERS: usize = 64;
/// Connections of the plain commits.
const CONNECTIONS: u32 = 16;
/// Drivers with a charge point each; every one asks once.
const DRIVERS: usize = 30_000;

/// Looks for the greatest rate and measures at half of it.
pub async fn measure(prepared: &Prepared, duration: Duration, table: &mut Table) -> Result<(), Error> {
    eprintln!("{DRIVERS} drivers and as many charge points are made ...");
    let replica = Replica::start(&prepared.session_url).await?;
    let chargers: Vec<Charger> = (0..DRIVERS).map(Charger::new).collect();
    replica.introduce(&chargers).await?;
    replica.stop().await?;
    let chargers = Arc::new(chargers);

    let session = prepared.session().await?;
    let authorization = prepared.reader("authorization", &session)?;
    let channel = authorization.serving().await?;

    // What was measured before is still being written down, and would hold up commits for as long as that takes.
    let mut connection = Database::parse(&prepared.admin_url, Access::Write)?.connect().await?;
    sqlx::raw_sql("CHECKPOINT").execute(&mut connection).await?;
    eprintln!("{CALLERS} callers authorize as fast as they can for {} s ...", duration.as_secs());
    let (rate, asked) = greatest_rate(&channel, &chargers, duration).await?;
    table.add("Authorize by gRPC, 64 callers: requests a second", grouped(u128::from(rate)), "");
    let rate = (rate / 2).max(1);
    let calls =
        usize::try_from(u64::from(rate) * duration.as_secs()).unwrap_or(usize::MAX).min(DRIVERS - asked);

    eprintln!("Half of that, {rate} a second, for {} calls ...", calls);
    let whole =
        at_a_rate(rate, calls, |number| authorize(channel.clone(), chargers.clone(), asked + number)).await?;
    let empty = at_a_rate(rate, calls, |_| empty_call(channel.clone())).await?;
    let commits = plain_commits(&prepared.admin_url, &chargers, rate, calls).await?;
    let row = |name: &str| format!("{name} at half of that rate: p50 and p99");
    let both = |latencies: &Latencies| {
        format!("{} and {}", milliseconds(latencies.percentile(50)), milliseconds(latencies.percentile(99)))
    };
    table.add(row("Authorize"), both(&whole), "");
    table.add(row("an empty gRPC call"), both(&empty), "");
    table.add(row("a plain PostgreSQL commit"), both(&commits), "");
    let parts = (empty.percentile(99) + commits.percentile(99)).as_micros().max(1);
    let times = thousandths(whole.percentile(99).as_micros() * 1_000 / parts);
    table.add("Authorize p99 beside those two added", format!("{times} times"), "under 2 times");
    Ok(())
}

/// How many a second, and how many drivers have asked by then.
async fn greatest_rate(
    channel: &GrpcChannel,
    chargers: &Arc<Vec<Charger>>,
    duration: Duration,
) -> Result<(u32, usize), Error> {
    let next = Arc::new(AtomicUsize::new(0));
    let began = Instant::now();
    let callers = (0..CALLERS).map(|_| {
        let (channel, chargers, next) = (channel.clone(), chargers.clone(), next.clone());
        async move {
            // Half of the drivers are left for the measurement itself.
            while began.elapsed() < duration && next.load(Ordering::Relaxed) < DRIVERS / 2 {
                let number = next.fetch_add(1, Ordering::Relaxed);
                authorize(channel.clone(), chargers.clone(), number).await?;
            }
            Ok::<_, Error>(())
        }
    });
    let calling = callers.map(|caller| async { tokio::spawn(caller).await.map_err(Error::internal)? });
    try_join_all(calling).await?;
    let asked = next.load(Ordering::Relaxed);
    let rate = asked as u128 * 1_000 / began.elapsed().as_millis().max(1);
    Ok((u32::try_from(rate).unwrap_or(u32::MAX), asked))
}

async fn authorize(channel: GrpcChannel, chargers: Arc<Vec<Charger>>, number: usize) -> Result<(), Error> {
    let Some(charger) = chargers.get(number) else { return Err(Error::internal("no driver is left")) };
    let request = AuthorizeRequest {
        request_id: ids::new_id(),
        driver_id: charger.driver_id().to_owned(),
        cp_id: charger.cp_id().to_owned(),
        ..AuthorizeRequest::default()
    };
    let answer = AuthorizationServiceClient::new(channel).authorize(request).await?.into_inner();
    if answer.authorized { Ok(()) } else { Err(Error::failed_precondition("REFUSED", answer.message)) }
}

async fn empty_call(channel: GrpcChannel) -> Result<(), Error> {
    let request = HealthCheckRequest { service: String::new() };
    HealthClient::new(channel).check(request).await?;
    Ok(())
}

async fn plain_commits(
    admin_url: &str,
    chargers: &Arc<Vec<Charger>>,
    rate: u32,
    calls: usize,
) -> Result<Latencies, Error> {
    let pool = Database::parse(admin_url, Access::Write)?.pool(CONNECTIONS);
    // Every connection is made before the first is timed.
    let connections = (0..CONNECTIONS).map(|_| pool.acquire());
    drop(try_join_all(connections).await?);
    let committed = at_a_rate(rate, calls, |number| {
        let (pool, chargers) = (pool.clone(), chargers.clone());
        async move {
            let driver_id = chargers.get(number).map_or("", Charger::driver_id);
            let statement = "UPDATE drivers SET version = version + 1 WHERE driver_id = $1";
            sqlx::query(statement).bind(driver_id).execute(&pool).await?;
            Ok(())
        }
    })
    .await?;
    pool.close().await;
    Ok(committed)
}
