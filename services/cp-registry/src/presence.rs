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
/// The most links in one call.
const CHUNK: usize = 1_000;

/// Renews until the token is cancelled.
pub async fn run(table: LinkTable, session: GrpcChannel, shutdown: CancellationToken) {
    let mut network = NetworkWriteServiceClient::new(session);
    let mut renewal = tokio::time::interval(RENEWAL);
    renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(renewal.tick()).await.is_some() {
        for links in table.welcomed().chunks(CHUNK) {
            let presences = links
                .iter()
                .map(|(cp_id, link_id)| Presence { cp_id: cp_id.clone(), link_id: link_id.clone() });
            let request = RenewPresenceRequest { presences: presences.collect(), lease_ms: LEASE_MS };
            match network.renew_presence(request).await {
                Ok(response) => {
                    for cp_id in response.into_inner().lost_cp_ids {
                        // It must register again: its link counted as lost, or another replica holds a newer one.
                        let link_id =
                            links.iter().find(|(linked, _)| *linked == cp_id).map(|(_, link_id)| link_id);
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
    }
}
