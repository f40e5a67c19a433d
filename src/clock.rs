//! Instants on the wire and in the database: UTC, in milliseconds since 1970.

use std::time::{Duration, Instant};

use chrono::{DateTime, SecondsFormat, Utc};

/// The clock may be set back by so much without a word: that is how it is kept right.
const TOLERANCE: Duration = Duration::from_secs(2);

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

/// Notices when the clock is set back: deadlines that were written down before are further away by as much.
#[derive(Debug)]
pub struct ClockWatch {
    looked_at: Instant,
    showed_ms: i64,
}

impl ClockWatch {
    /// Begins to watch.
    pub fn start() -> Self {
        Self { looked_at: Instant::now(), showed_ms: now_ms() }
    }

    /// By how much the clock was set back since the last look.
    pub fn look(&mut self) -> Option<Duration> {
        let before = std::mem::replace(self, Self::start());
        set_back(self.looked_at - before.looked_at, self.showed_ms - before.showed_ms)
    }
}

/// A clock that went on by `shown_ms` in that time.
fn set_back(elapsed: Duration, shown_ms: i64) -> Option<Duration> {
    let elapsed_ms = i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX);
    let lacks = Duration::from_millis(u64::try_from(elapsed_ms.saturating_sub(shown_ms)).ok()?);
    (lacks > TOLERANCE).then_some(lacks)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_back_is_noticed_and_one_that_goes_a_little_wrong_is_not() {
        let second = Duration::from_secs(1);
        for (shown_ms, expected) in
            [(1_000, None), (-900, None), (-3_599_000, Some(Duration::from_secs(3_600))), (3_600_000, None)]
        {
            assert_eq!(set_back(second, shown_ms), expected, "{shown_ms}");
        }
    }
}
