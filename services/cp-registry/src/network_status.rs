//! Telling the whole network's status every five seconds, in pages.

use std::time::Duration;

use evcharging_common::{
    clock,
    error::Error,
    kafka::Producer,
    pb::{
        events::v1::{ChargePointSummary, NetworkStatus, NetworkStatusUpdate},
        types::v1::ChargePoint,
    },
    shutdown::CancellationToken,
    vocabulary::ChargePointStatus,
};
use futures::future::join_all;
use tokio::time::MissedTickBehavior;

use crate::watch::Changes;

/// How often it is told.
const INTERVAL: Duration = Duration::from_secs(5);
/// Charge points on a page.
const PAGE: usize = 200;

/// Tells until the token is cancelled. Several replicas may tell the same: each page says when it was taken.
pub async fn run(changes: Changes, producer: Producer, shutdown: CancellationToken) {
    let mut interval = tokio::time::interval(INTERVAL);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(interval.tick()).await.is_some() {
        if let Some(Err(error)) = shutdown.run_until_cancelled(tell(&changes, &producer)).await {
            tracing::debug!(%error, "the network's status was not told; it is in five seconds");
        }
    }
}

async fn tell(changes: &Changes, producer: &Producer) -> Result<(), Error> {
    let pages = pages(changes.all().await?, clock::now_ms());
    let sends = pages.iter().map(|(key, page)| producer.send(key, page));
    join_all(sends).await.into_iter().collect()
}

/// The pages and their keys; none for a network without charge points.
fn pages(charge_points: Vec<ChargePoint>, now_ms: i64) -> Vec<(String, NetworkStatus)> {
    let count = i32::try_from(charge_points.len().div_ceil(PAGE)).unwrap_or(i32::MAX);
    let chunks = (0..count).zip(charge_points.chunks(PAGE));
    let pages = chunks.map(|(page, charge_points)| {
        let update = NetworkStatusUpdate {
            page,
            pages: count,
            taken_at: Some(clock::to_timestamp(now_ms)),
            charge_points: charge_points.iter().map(summary).collect(),
        };
        (page.to_string(), update.into())
    });
    pages.collect()
}

fn summary(charge_point: &ChargePoint) -> ChargePointSummary {
    let status = ChargePointStatus::try_from(charge_point.status).map(|status| status.to_string());
    ChargePointSummary {
        cp_id: charge_point.cp_id.clone(),
        status: status.unwrap_or_default(),
        location: charge_point.location.clone(),
        price_micros_per_kwh: charge_point.price_micros_per_kwh,
        since: Some(clock::to_timestamp(charge_point.status_since_ms)),
    }
}

#[cfg(test)]
mod tests {
    use evcharging_common::pb::events::v1::network_status::Status;

    use super::*;

    #[test]
    fn a_large_network_is_told_in_pages() {
        let status = ChargePointStatus::Available.into();
        let charge_points =
            (0..450).map(|n| ChargePoint { cp_id: format!("MAD-{n:03}"), status, ..Default::default() });
        let pages = pages(charge_points.collect(), 0);
        let sizes: Vec<_> = pages
            .iter()
            .map(|(key, page)| match &page.status {
                Some(Status::NetworkStatus(update)) => {
                    (key.as_str(), update.page, update.pages, update.charge_points.len())
                }
                None => panic!("nothing told"),
            })
            .collect();
        assert_eq!(sizes, [("0", 0, 3, 200), ("1", 1, 3, 200), ("2", 2, 3, 50)]);
        assert!(super::pages(Vec::new(), 0).is_empty());
    }
}
