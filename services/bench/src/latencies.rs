//! Latencies, and calls on a schedule that yields them.

use std::{future::Future, time::Duration};

use evcharging_common::error::Error;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::table::thousandths;

const WARMING_UP: Duration = Duration::from_secs(1);

/// Many latencies, shortest first.
#[derive(Debug, Default)]
pub struct Latencies(Vec<Duration>);

impl FromIterator<Duration> for Latencies {
    fn from_iter<T: IntoIterator<Item = Duration>>(latencies: T) -> Self {
        let mut latencies = Vec::from_iter(latencies);
        latencies.sort_unstable();
        Self(latencies)
    }
}

impl Latencies {
    /// The shortest that so many of a hundred do not exceed.
    pub fn percentile(&self, percent: usize) -> Duration {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or_default()
    }
}

/// Milliseconds with one digit after the point.
pub fn milliseconds(duration: Duration) -> String {
    format!("{} ms", thousandths(duration.as_micros()))
}

/// Begins so many calls, one after the other at a rate; each is timed from when it should have begun. Those of the first second are made and
/// not told: they meet what was measured before.
///
/// # Errors
/// That of a call.
pub async fn at_a_rate<F>(
    calls_per_second: u32,
    calls: usize,
    call: impl Fn(usize) -> F,
) -> Result<Latencies, Error>
where
    F: Future<Output = Result<(), Error>> + Send + 'static,
{
    let mut schedule = interval(Duration::from_secs(1) / calls_per_second.max(1));
    schedule.set_missed_tick_behavior(MissedTickBehavior::Burst);
    let began = Instant::now();
    let mut running = JoinSet::new();
    for number in 0..calls {
        let due: Instant = schedule.tick().await;
        let calling = call(number);
        let is_told = due - began >= WARMING_UP;
        running.spawn(async move { calling.await.map(|()| is_told.then(|| due.elapsed())) });
    }
    let timed = running.join_all().await;
    timed.into_iter().flat_map(Result::transpose).collect()
}
