//! Makes the drivers known and gives them their first balance, once: a restart adds nothing.

use std::time::Duration;

use evcharging_common::{
    backoff::Backoff,
    error::{Error, ErrorCode},
    grpc_client::GrpcChannel,
    pb::session::v1::{
        CreateDriverRequest, TopUpRequest, network_write_service_client::NetworkWriteServiceClient,
    },
};
use futures::{StreamExt, TryStreamExt, stream};

use crate::plan::PlannedDriver;

/// How many drivers are made at a time.
const CONCURRENCY: usize = 64;
/// How long one of them may take, retries included.
const DEADLINE: Duration = Duration::from_secs(20);

/// Makes every driver known.
///
/// # Errors
/// When session refuses one or does not answer in time.
pub async fn create(session: GrpcChannel, drivers: &[PlannedDriver]) -> Result<(), Error> {
    let client = NetworkWriteServiceClient::new(session);
    stream::iter(drivers)
        .map(|driver| create_with_retries(client.clone(), driver))
        .buffer_unordered(CONCURRENCY)
        .try_collect()
        .await
}

async fn create_with_retries(
    mut client: NetworkWriteServiceClient<GrpcChannel>,
    driver: &PlannedDriver,
) -> Result<(), Error> {
    let mut backoff = Backoff::reconnect();
    let retries = async {
        loop {
            match create_one(&mut client, driver).await {
                Err(error) if error.is_retryable() => backoff.wait().await,
                done => return done,
            }
        }
    };
    tokio::time::timeout(DEADLINE, retries).await.unwrap_or_else(|_| {
        let message = format!("driver {} could not be made known: session did not answer", driver.driver_id);
        Err(Error::new(ErrorCode::DeadlineExceeded, "UNAVAILABLE", message))
    })
}

async fn create_one(
    client: &mut NetworkWriteServiceClient<GrpcChannel>,
    driver: &PlannedDriver,
) -> Result<(), Error> {
    let driver_id = &driver.driver_id;
    let request = CreateDriverRequest { driver_id: driver_id.clone(), name: driver.name.clone() };
    let created = client.create_driver(request).await.map(drop).map_err(Error::from);
    keep_what_is_there(created, driver_id, "name")?;
    if driver.balance_micros == 0 {
        return Ok(());
    }
    let top_up = TopUpRequest {
        // The same at each start, so that session adds it once.
        top_up_id: format!("first-balance-{driver_id}"),
        driver_id: driver_id.clone(),
        amount_micros: driver.balance_micros,
    };
    let topped_up = client.top_up(top_up).await.map(drop).map_err(Error::from);
    keep_what_is_there(topped_up, driver_id, "first balance")
}

/// A driver that was made at an earlier start with another name or balance stays as it is: its account is not ours to rewrite.
fn keep_what_is_there(done: Result<(), Error>, driver_id: &str, what: &'static str) -> Result<(), Error> {
    match done {
        Err(error) if error.code == ErrorCode::AlreadyExists => {
            tracing::warn!(driver_id, "the data folder has this driver with another {what}, which it keeps");
            Ok(())
        }
        other => other,
    }
}
