//! The live line on a terminal, or a log line now and then when the output goes elsewhere.

use std::{
    io::{IsTerminal, Write},
    time::Duration,
};

use evcharging_common::shutdown::CancellationToken;
use tokio::time::MissedTickBehavior;

use crate::snapshot::{Snapshot, Snapshots};

const ON_A_TERMINAL: Duration = Duration::from_secs(1);
const ELSEWHERE: Duration = Duration::from_secs(30);

/// Prints to standard output. A reader that went away is no reason to stop.
pub fn print(text: &str) {
    let mut output = std::io::stdout().lock();
    drop(output.write_all(text.as_bytes()).and_then(|()| output.flush()));
}

/// Shows how the network stands until the token is cancelled.
pub async fn show(mut snapshots: Snapshots, shutdown: CancellationToken) {
    let on_a_terminal = std::io::stdout().is_terminal();
    let mut ticks = tokio::time::interval(if on_a_terminal { ON_A_TERMINAL } else { ELSEWHERE });
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while shutdown.run_until_cancelled(ticks.tick()).await.is_some() {
        match snapshots.take().await {
            Ok(snapshot) if on_a_terminal => print(&live_line(&snapshot.line(), terminal_columns())),
            Ok(snapshot) => log(&snapshot),
            Err(error) => tracing::debug!(%error, "the network's status can't be read right now"),
        }
    }
    if on_a_terminal {
        print("\x1b[J");
    }
}

fn log(snapshot: &Snapshot) {
    tracing::info!(
        connected = snapshot.connected,
        open_sessions = snapshot.open_sessions,
        power_w = snapshot.power_w,
        billed_sessions = snapshot.billed.tickets,
        energy_mwh = snapshot.energy_mwh(),
        cost_micros = snapshot.cost_micros(),
        "{}",
        snapshot.line()
    );
}

/// Writes the line below the cursor and goes back up: a log line that comes between two of these stands by itself.
fn live_line(line: &str, columns: usize) -> String {
    // A line that wraps would leave its first part behind.
    let cut: String = line.chars().take(columns.saturating_sub(1)).collect();
    format!("\x1b[J\n{cut}\x1b[1A\r")
}

fn terminal_columns() -> usize {
    rustix::termios::tcgetwinsize(std::io::stdout())
        .ok()
        .map(|size| usize::from(size.ws_col))
        .filter(|columns| *columns > 0)
        .unwrap_or(80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_live_line_never_wraps() {
        assert_eq!(live_line("ñandú runs", 6), "\x1b[J\nñandú\x1b[1A\r");
        assert_eq!(live_line("short", 80), "\x1b[J\nshort\x1b[1A\r");
    }
}
