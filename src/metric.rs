//! The metrics that the services tell Prometheus, in one table, which docs/metrics.md shows. No label is an id: there are as many series with a
//! thousand charge points as with ten.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// How a metric behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Only grows, from 0 at the start of the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often it was at most so much.
    Histogram,
}

/// One metric.
#[derive(Debug)]
pub struct Metric {
    /// Its name; the unit stands last, before `_total`.
    pub name: &'static str,
    kind: Kind,
    labels: &'static [&'static str],
    meaning: &'static str,
}

macro_rules! metrics_table {
    ($($constant:ident = $name:literal $kind:ident [$($label:literal),*] $meaning:literal;)+) => {
        $(#[doc = $meaning] pub const $constant: &str = $name;)+

        /// All of them.
        pub const ALL: &[Metric] = &[
            $(Metric { name: $name, kind: Kind::$kind, labels: &[$($label),*], meaning: $meaning },)+
        ];
    };
}

metrics_table! {
    BUILD_INFO = "evcharging_build_info" Gauge ["version"] "Always 1; which version runs.";
    RPC_DURATION = "evcharging_rpc_duration_seconds" Histogram ["method", "code"] "Calls that were answered, and how long that took; of a stream, its opening.";
    KAFKA_HANDLED = "evcharging_kafka_records_handled_total" Counter ["topic"] "Records whose work is durable.";
    KAFKA_BATCH_DURATION = "evcharging_kafka_batch_duration_seconds" Histogram ["topic"] "How long the work on a batch of records took.";
    KAFKA_LAG = "evcharging_kafka_consumer_lag_records" Gauge ["topic", "partition"] "Records of a partition that this replica reads and has not worked on yet.";
    KAFKA_SENT = "evcharging_kafka_records_sent_total" Counter ["topic", "outcome"] "Records that the brokers took (sent), or did not take in time (failed).";
    DEAD_LETTERS = "evcharging_dead_letters_total" Counter ["topic"] "Records of a topic that could not be used and were set aside.";
    BATCH_COMMANDS = "evcharging_batch_commands" Histogram [] "Commands in one transaction of session.";
    BATCH_DURATION = "evcharging_batch_duration_seconds" Histogram ["outcome"] "How long reading, deciding and committing a batch took.";
    LEADER = "evcharging_leader" Gauge [] "1 on the replica of session that does the background work, 0 on the others.";
    OUTBOX_EVENTS = "evcharging_outbox_events" Gauge [] "Events that are stored and wait for Kafka.";
    OUTBOX_OLDEST = "evcharging_outbox_oldest_seconds" Gauge [] "How long the oldest of them has waited.";
    CHARGE_POINTS = "evcharging_charge_points" Gauge ["status"] "Charge points of the network, by status.";
    SESSIONS = "evcharging_open_sessions" Gauge ["state"] "Sessions that have not ended, by state.";
    BILLED_ENERGY = "evcharging_billed_energy_milliwatthours_total" Counter [] "Energy that this replica billed.";
    BILLED_MONEY = "evcharging_billed_money_micros_total" Counter ["currency"] "Money that this replica billed, in millionths of the currency.";
    SESSIONS_ENDED = "evcharging_sessions_ended_total" Counter ["state", "reason"] "Sessions that this replica ended.";
    LINKS = "evcharging_links" Gauge [] "Charge points that are linked to this replica of cp-registry.";
    FRAMED_CONNECTIONS = "evcharging_framed_connections" Gauge ["party"] "Connections to this replica of the gateway, by who is at their other end.";
    FRAMES = "evcharging_frames_total" Counter ["direction", "message"] "Frames of the framed protocol that this replica of the gateway received or sent.";
    FRAMES_REFUSED = "evcharging_frames_refused_total" Counter ["reason"] "Frames that this replica of the gateway did not take.";
    OPEN_PAGES = "evcharging_open_pages" Gauge ["page"] "Pages that are open at this replica of the portal.";
    READINGS = "evcharging_meter_readings_total" Counter ["outcome"] "Meter readings: accepted, merged (a newer one of the same session was at hand), stale (told before), refused (they make no sense or came after the end).";
}

/// Describes them all to whoever collects them.
pub(crate) fn describe() {
    for Metric { name, kind, meaning, .. } in ALL {
        let unit = if name.ends_with("_seconds") { Unit::Seconds } else { Unit::Count };
        match kind {
            Kind::Counter => describe_counter!(*name, unit, *meaning),
            Kind::Gauge => describe_gauge!(*name, unit, *meaning),
            Kind::Histogram => describe_histogram!(*name, unit, *meaning),
        }
    }
    metrics::gauge!(BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1);
}

/// The table in Markdown, as docs/metrics.md shows it.
pub fn table() -> String {
    let mut text = "| Name | Kind | Labels | What it tells |\n|---|---|---|---|\n".to_owned();
    for Metric { name, kind, labels, meaning } in ALL {
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        let kind = format!("{kind:?}").to_lowercase();
        text.push_str(&format!("| `{name}` | {kind} | {} | {meaning} |\n", labels.join(", ")));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_is_the_code() {
        let documented = include_str!("../docs/metrics.md");
        assert!(documented.contains(&table()), "docs/metrics.md must hold:\n{}", table());
    }

    #[test]
    fn names_keep_the_conventions() {
        for Metric { name, kind, .. } in ALL {
            assert!(name.starts_with("evcharging_"), "{name}");
            assert_eq!(name.ends_with("_total"), *kind == Kind::Counter, "{name}");
        }
    }
}
