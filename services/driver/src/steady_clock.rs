//! A clock in UTC that never jumps while a charge lasts: deadlines hold when somebody sets the system's clock.

use std::time::Duration;

use evcharging_common::clock;
use tokio::time::Instant;

/// Counts on from the instant at which it was made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SteadyClock {
    started_at_ms: i64,
    started: Instant,
}

impl SteadyClock {
    pub fn start() -> Self {
        Self { started_at_ms: clock::now_ms(), started: Instant::now() }
    }

    /// Now, in milliseconds since 1970 (UTC).
    pub fn now_ms(&self) -> i64 {
        self.started_at_ms + i64::try_from(self.started.elapsed().as_millis()).unwrap_or(i64::MAX)
    }

    /// Sleeps until an instant of this clock.
    pub async fn sleep_until(&self, at_ms: i64) {
        let wait_ms = u64::try_from(at_ms - self.now_ms()).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
    }
}
