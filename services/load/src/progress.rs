//! How far the load is, on standard error.

use std::{
    io::{IsTerminal, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// Charges so far.
#[derive(Default)]
pub struct Counts {
    /// Sent on their way.
    pub begun: AtomicU64,
    /// With a ticket.
    pub completed: AtomicU64,
    /// Refused, broken or too late.
    pub failed: AtomicU64,
}

/// How wide the bar is, in characters.
const BAR: u128 = 30;

/// Tells once a second: a bar on a terminal, else a line every ten seconds.
pub async fn tell(counts: Arc<Counts>, duration: Duration) {
    let began = Instant::now();
    let is_terminal = std::io::stderr().is_terminal();
    let mut interval = tokio::time::interval(Duration::from_secs(if is_terminal { 1 } else { 10 }));
    loop {
        interval.tick().await;
        let done = (began.elapsed().as_millis() * BAR / duration.as_millis().max(1)).min(BAR);
        let bar: String = (0..BAR).map(|at| if at < done { '█' } else { '░' }).collect();
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (begun, completed, failed) =
            (count(&counts.begun), count(&counts.completed), count(&counts.failed));
        let (first, last) = if is_terminal { ("\r", "  ") } else { ("", "\n") };
        let seconds = began.elapsed().as_secs();
        let line = format!(
            "{first}{bar} {seconds:4} s  {begun} begun, {completed} completed, {failed} failed{last}"
        );
        // Nobody looks any more.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

/// How many a second, with one digit after the point.
pub fn rate(count: u64, seconds: u64) -> String {
    let tenths = count.saturating_mul(10) / seconds.max(1);
    format!("{}.{} a second", tenths / 10, tenths % 10)
}
