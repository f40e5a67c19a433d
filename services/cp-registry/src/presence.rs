//! Renewing the presence of every charge point whose link is here.

use std::time::Duration;

use evcharging_common::{
    grpc_client::GrpcChannel,
    pb::session::v1::{
        Presence, RenewPresenceRequest, network_write_service_client::NetworkWriteServiceClient,
    },
    shutdown::CancellationToken,
};
use tokio::time::MissedTickBehavior;

use crate::link_table::LinkTable;

/// How long a charge point counts as present without renewal.
pub const LEASE_MS: i64 = 8_000;
/// How often it is renewed.
const RENEWAL: Duration = Duration::from_secs(2);
/// Links in one call, at least: a small network is renewed in one go.
const CHUNK: usize = 128;
/// Calls in one renewal, at most.
const CHUNKS: usize = 16;

/// Renews until the token is cancelled. A large network is renewed in parts that are spread over the interval, so that no driver waits
/// behind thousands of rows.
pub async fn run(table: LinkTable, session: GrpcChannel, shutdown: CancellationToken) {
    let mut network = NetworkWriteServiceClient::new(session);
    let renewing = async {
        loop {
            let links = table.welcomed();
            let chunks = links.chunks(CHUNK.max(links.len().div_ceil(CHUNKS)));
            let mut ticks = tokio::time::interval(RENEWAL / u32::try_from(chunks.len()).unwrap_or(1).max(1));
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks.tick().await;
            for links in chunks {
                renew(&mut network, &table, links).await;
                ticks.tick().await;
            }
            if links.is_empty() {
                ticks.tick().await;
            }
        }
    };
    let _ = shutdown.run_until_cancelled(renewing).await;
}

async fn renew(
    network: &mut NetworkWriteServiceClient<GrpcChannel>,
    table: &LinkTable,
    links: &[(String, String)],
) {
    let presences =
        links.iter().map(|(cp_id, link_id)| Presence { cp_id: cp_id.clone(), link_id: link_id.clone() });
    let request = RenewPresenceRequest { presences: presences.collect(), lease_ms: LEASE_MS };
    match network.renew_presence(request).await {
        Ok(response) => {
            for cp_id in response.into_inner().lost_cp_ids {
                // It must register again: its link counted as lost, or another replica holds a newer one.
                let link_id = links.iter().find(|(linked, _)| *linked == cp_id).map(|(_, link_id)| link_id);
                table.close(&cp_id, link_id.map(String::as_str));
            }
        }
        Err(status) => {
            tracing::debug!(
                reason = status.message(),
                links = links.len(),
                "presence could not be renewed; it is tried again"
            );
        }
    }
}
