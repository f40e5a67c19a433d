//! The Kafka topics: their names, how they are set up, and waiting for those that are missing.

use std::time::Duration;

use super::Producer;
use crate::{backoff::Backoff, grpc_server::Health, shutdown::CancellationToken};

/// A topic that the network uses, and how it is set up where it lasts.
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    /// Its name.
    pub name: &'static str,
    /// Partitions in a network on embedded parts.
    pub embedded_partitions: i32,
    /// Partitions on a server: as many replicas can divide the work.
    pub partitions: i32,
    /// How long a record is kept, in hours.
    pub retention_hours: i64,
    /// Whether the newest record of each key tells everything: older ones may go earlier.
    pub is_state: bool,
}

/// Drivers ask; key driver_id.
pub const DRIVER_REQUESTS: &str = "driver_requests";
/// Drivers start and stop; key driver_id.
pub const DRIVER_EVENTS: &str = "driver_events";
/// Drivers are told; key driver_id.
pub const DRIVER_NOTIFICATIONS: &str = "driver_notifications";
/// Charge points measure; key cp_id.
pub const CP_TELEMETRY: &str = "cp_telemetry";
/// What happens to charge points; key cp_id.
pub const CP_EVENTS: &str = "cp_events";
/// Commands to charge points; key cp_id.
pub const CENTRAL_COMMANDS: &str = "central_commands";
/// The whole network every five seconds; key page.
pub const NETWORK_STATUS: &str = "network_status";
/// Records that could not be used; key source topic.
pub const DEAD_LETTERS: &str = "dead_letters";

const fn topic(name: &'static str, embedded_partitions: i32, partitions: i32, retention_hours: i64) -> Topic {
    Topic { name, embedded_partitions, partitions, retention_hours, is_state: false }
}

/// Every topic.
pub const ALL: &[Topic] = &[
    topic(DRIVER_REQUESTS, 2, 12, 24),
    topic(DRIVER_EVENTS, 2, 12, 7 * 24),
    topic(DRIVER_NOTIFICATIONS, 2, 12, 24),
    topic(CP_TELEMETRY, 2, 24, 2 * 24),
    topic(CP_EVENTS, 1, 6, 7 * 24),
    topic(CENTRAL_COMMANDS, 1, 6, 24),
    Topic { is_state: true, ..topic(NETWORK_STATUS, 1, 1, 24) },
    topic(DEAD_LETTERS, 1, 3, 30 * 24),
];

/// What health is blocked by.
const TOPICS: &str = "topics";
/// How long the brokers may take to say what topics they have.
const METADATA_TIMEOUT: Duration = Duration::from_secs(5);

/// Looks once whether Kafka has the topics of a service. As long as one is missing it says so, keeps health at NOT_SERVING and looks
/// again; a broker that is away is waited for in silence, since others say that it is.
pub async fn check(producer: Producer, names: &[&str], health: Health, shutdown: CancellationToken) {
    let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(10));
    let mut told = Vec::new();
    loop {
        let asked = producer.clone();
        let found = tokio::task::spawn_blocking(move || asked.topics(METADATA_TIMEOUT)).await;
        if let Ok(Ok(found)) = found {
            let wanted = names.iter().map(|name| producer.name_of(name));
            let missing: Vec<String> = wanted.filter(|name| !found.contains_key(name)).collect();
            if missing.is_empty() {
                if !told.is_empty() {
                    tracing::info!("Kafka has every topic now");
                    health.unblock(TOPICS).await;
                }
                return;
            }
            if missing != told {
                tracing::error!(
                    missing = missing.join(", "),
                    "Kafka lacks topics that this service needs: `evcharging topics --apply` makes them"
                );
                health.block(TOPICS).await;
                told = missing;
            }
        }
        if shutdown.run_until_cancelled(backoff.wait()).await.is_none() {
            return;
        }
    }
}
