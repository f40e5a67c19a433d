//! How long the steps took.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use comfy_table::{CellAlignment, Table, presets};

/// A step of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// From when it should have asked to the answer.
    Authorized,
    /// From when it should have asked to energy that flows.
    Supplied,
    /// From the stop to the ticket.
    Ticket,
}

const STEPS: [(Step, &str); 3] = [
    (Step::Authorized, "request to answer"),
    (Step::Supplied, "request to energy"),
    (Step::Ticket, "stop to ticket"),
];
const PER_MILLE: [(usize, &str); 5] =
    [(500, "p50"), (900, "p90"), (990, "p99"), (999, "p99.9"), (1_000, "most")];

/// Every latency of a run.
#[derive(Default)]
pub struct Latencies {
    noted: [Mutex<Vec<Duration>>; 3],
}

impl Latencies {
    /// Notes one.
    pub fn note(&self, step: Step, latency: Duration) {
        for (place, (of, _)) in self.noted.iter().zip(STEPS) {
            if of == step {
                place.lock().unwrap_or_else(PoisonError::into_inner).push(latency);
            }
        }
    }

    /// A table in milliseconds.
    pub fn table(&self) -> String {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        let names = PER_MILLE.iter().map(|(_, name)| format!("{name}, ms"));
        table.set_header(["step".to_owned(), "times".to_owned()].into_iter().chain(names));
        for (place, (_, name)) in self.noted.iter().zip(STEPS) {
            let mut latencies = place.lock().unwrap_or_else(PoisonError::into_inner).clone();
            latencies.sort_unstable();
            let cells =
                PER_MILLE.iter().map(|(per_mille, _)| milliseconds(percentile(&latencies, *per_mille)));
            table.add_row([name.to_owned(), latencies.len().to_string()].into_iter().chain(cells));
        }
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        table.to_string()
    }
}

/// The smallest latency that so many of a thousand do not exceed.
fn percentile(sorted: &[Duration], per_mille: usize) -> Duration {
    let rank = (sorted.len() * per_mille).div_ceil(1_000).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn milliseconds(latency: Duration) -> String {
    let tenths = latency.as_micros() / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_latencies() {
        let latencies: Vec<Duration> = (1..=1_000).map(Duration::from_millis).collect();
        for (per_mille, ms) in [(500, 500), (990, 990), (999, 999), (1_000, 1_000)] {
            assert_eq!(percentile(&latencies, per_mille), Duration::from_millis(ms));
        }
        assert_eq!(percentile(&latencies[..1], 500), Duration::from_millis(1));
        assert_eq!(percentile(&[], 990), Duration::ZERO);
    }
}
