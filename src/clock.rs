//! Instants on the wire and in the database: UTC, in milliseconds since 1970.

use chrono::{DateTime, SecondsFormat, Utc};

/// Now, in milliseconds since 1970 (UTC).
pub fn now_ms() -> i64 {
    Utc::now().timestamp_millis()
}

/// An instant as protobuf's own timestamp, for events.
pub fn to_timestamp(instant_ms: i64) -> pbjson_types::Timestamp {
    pbjson_types::Timestamp {
        seconds: instant_ms.div_euclid(1_000),
        // The remainder is under 1,000, so the product fits.
        nanos: i32::try_from(instant_ms.rem_euclid(1_000)).unwrap_or(0) * 1_000_000,
    }
}

/// A protobuf timestamp as milliseconds since 1970.
pub fn from_timestamp(timestamp: &pbjson_types::Timestamp) -> i64 {
    timestamp.seconds.saturating_mul(1_000).saturating_add(i64::from(timestamp.nanos / 1_000_000))
}

/// An instant for people: `2026-01-31 12:30:59Z`.
pub fn format_instant(instant_ms: i64) -> String {
    DateTime::<Utc>::from_timestamp_millis(instant_ms).map_or_else(
        || instant_ms.to_string(),
        |instant| instant.to_rfc3339_opts(SecondsFormat::Secs, true).replace('T', " "),
    )
}
