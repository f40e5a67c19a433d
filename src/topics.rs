//! The Kafka topics, their names and how many partitions a small network gives them.

/// A topic that the network uses.
#[derive(Debug, Clone, Copy)]
pub struct Topic {
    /// Its name.
    pub name: &'static str,
    /// Partitions in a network on embedded parts.
    pub embedded_partitions: i32,
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

/// Every topic.
pub const ALL: &[Topic] = &[
    Topic { name: DRIVER_REQUESTS, embedded_partitions: 2 },
    Topic { name: DRIVER_EVENTS, embedded_partitions: 2 },
    Topic { name: DRIVER_NOTIFICATIONS, embedded_partitions: 2 },
    Topic { name: CP_TELEMETRY, embedded_partitions: 2 },
    Topic { name: CP_EVENTS, embedded_partitions: 1 },
    Topic { name: CENTRAL_COMMANDS, embedded_partitions: 1 },
    Topic { name: NETWORK_STATUS, embedded_partitions: 1 },
    Topic { name: DEAD_LETTERS, embedded_partitions: 1 },
];
