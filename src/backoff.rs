//! Waits between retries: exponential with full jitter, bounded.

use std::time::Duration;

use rand::RngExt;

/// The waits of one series of retries. A success ends the series: start anew or [`Backoff::reset`].
#[derive(Debug, Clone)]
pub struct Backoff {
    first: Duration,
    most: Duration,
    next: Duration,
}

impl Backoff {
    /// Waits up to `first`, then up to twice as long each time, never over `most`.
    pub fn new(first: Duration, most: Duration) -> Self {
        Self { first, most, next: first }
    }

    /// For a peer on the network that may be restarting: 100 ms to 2 s.
    pub fn reconnect() -> Self {
        Self::new(Duration::from_millis(100), Duration::from_secs(2))
    }

    /// How long to wait before the next try: between half and all of the current bound.
    pub fn next_wait(&mut self) -> Duration {
        let bound = self.next;
        self.next = (bound * 2).min(self.most);
        let half_ms = u64::try_from(bound.as_millis() / 2).unwrap_or(u64::MAX);
        Duration::from_millis(half_ms + rand::rng().random_range(0..=half_ms))
    }

    /// Sleeps for [`Backoff::next_wait`].
    pub async fn wait(&mut self) {
        tokio::time::sleep(self.next_wait()).await;
    }

    /// Begins a new series.
    pub fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_bound_and_start_anew() {
        let mut backoff = Backoff::new(Duration::from_millis(100), Duration::from_millis(400));
        for bound_ms in [100, 200, 400, 400] {
            let wait = backoff.next_wait().as_millis();
            assert!((bound_ms / 2..=bound_ms).contains(&wait), "{wait} for {bound_ms}");
        }
        backoff.reset();
        assert!(backoff.next_wait() <= Duration::from_millis(100));
    }
}
