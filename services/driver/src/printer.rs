//! Shows steps: live on a terminal, plain when piped, one JSON object a line for machines.

use std::io::{IsTerminal, Write};

use serde::Serialize;

use crate::{
    step::Step,
    step_text::{lines, time_of_day},
};

/// Readings come each second; a log needs fewer.
const PLAIN_READING_INTERVAL_MS: i64 = 5_000;
/// Back to the line's begin, and clear all of it.
const CLEAR_LINE: &str = "\r\x1b[2K";

/// How steps are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// With one live line that is written again.
    Terminal,
    /// Line by line.
    Plain,
    /// One JSON object a line.
    Json,
}

impl Style {
    /// The style that suits standard output.
    pub fn of_stdout(json: bool) -> Self {
        match (json, std::io::stdout().is_terminal()) {
            (true, _) => Self::Json,
            (false, true) => Self::Terminal,
            (false, false) => Self::Plain,
        }
    }
}

/// The charge that a step belongs to.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ChargeReference {
    /// Its line in the file.
    pub line: usize,
    /// Its request.
    pub request_id: String,
}

#[derive(Serialize)]
struct JsonLine<'a> {
    at_ms: i64,
    driver_id: &'a str,
    #[serde(flatten)]
    charge: Option<&'a ChargeReference>,
    #[serde(flatten)]
    step: &'a Step,
}

/// Writes steps to one place.
pub(crate) struct Printer {
    style: Style,
    driver_id: String,
    out: Box<dyn Write + Send>,
    live_line: bool,
    last_reading_at_ms: Option<i64>,
}

impl Printer {
    pub fn new(style: Style, driver_id: &str, out: Box<dyn Write + Send>) -> Self {
        Self { style, driver_id: driver_id.to_owned(), out, live_line: false, last_reading_at_ms: None }
    }

    /// Shows a step that happens now.
    pub fn show(&mut self, charge: Option<&ChargeReference>, step: &Step, now_ms: i64) {
        let style = self.style;
        let text = match style {
            Style::Json => {
                let line = JsonLine { at_ms: now_ms, driver_id: &self.driver_id, charge, step };
                // Only text, numbers and lists: nothing in there can fail.
                serde_json::to_string(&line).unwrap_or_default() + "\n"
            }
            Style::Terminal if matches!(step, Step::Consumption { .. }) => {
                self.live_line = true;
                format!("{CLEAR_LINE}{}", timed(step, now_ms).join(" "))
            }
            Style::Plain if matches!(step, Step::Consumption { .. }) && !self.is_reading_due(now_ms) => {
                return;
            }
            Style::Terminal | Style::Plain => {
                let clear = if std::mem::take(&mut self.live_line) { CLEAR_LINE } else { "" };
                format!("{clear}{}\n", timed(step, now_ms).join("\n"))
            }
        };
        if matches!(step, Step::SupplyStarted { .. }) {
            self.last_reading_at_ms = None;
        }
        self.write(&text);
    }

    /// Leaves the terminal as a shell expects it.
    pub fn finish(&mut self) {
        if std::mem::take(&mut self.live_line) {
            self.write("\n");
        }
    }

    fn is_reading_due(&mut self, now_ms: i64) -> bool {
        let due = self.last_reading_at_ms.is_none_or(|last_ms| now_ms >= last_ms + PLAIN_READING_INTERVAL_MS);
        if due {
            self.last_reading_at_ms = Some(now_ms);
        }
        due
    }

    /// A reader that went away must not cost the driver its charge.
    fn write(&mut self, text: &str) {
        drop(self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()));
    }
}

/// The lines of a step, with its time on the first. What came over the network must not command the terminal.
fn timed(step: &Step, now_ms: i64) -> Vec<String> {
    let time = time_of_day(now_ms);
    let indent = " ".repeat(time.len());
    let lines = lines(step).into_iter().enumerate();
    lines
        .map(|(index, line)| {
            let before = if index == 0 { &time } else { &indent };
            format!("{before}  {}", line.replace(char::is_control, " "))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn reading(energy_mwh: i64) -> Step {
        Step::Consumption {
            cp_id: "MAD-01".into(),
            session_id: "s-1".into(),
            power_w: 22_000,
            energy_mwh,
            cost_micros: 10_000,
        }
    }

    fn shown(style: Style, steps: &[(i64, Step)]) -> String {
        let buffer = Buffer::default();
        let mut printer = Printer::new(style, "driver1", Box::new(buffer.clone()));
        let charge = ChargeReference { line: 3, request_id: "r-1".into() };
        for (at_ms, step) in steps {
            printer.show(Some(&charge), step, *at_ms);
        }
        printer.finish();
        String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_terminal_has_one_live_line_that_gives_way_to_steps() {
        let steps = [(1_000, reading(1_000)), (2_000, reading(2_000)), (3_000, Step::MessagingUnavailable)];
        let text = shown(Style::Terminal, &steps);
        assert_eq!(text.matches(CLEAR_LINE).count(), 3);
        assert_eq!(text.matches('\n').count(), 1);
        assert!(text.ends_with("\r\x1b[2K00:00:03Z  messaging unavailable, still trying\n"), "{text:?}");
        assert!(
            shown(Style::Terminal, &steps[..1]).ends_with('\n'),
            "the shell's prompt gets a line of its own"
        );
    }

    #[test]
    fn plain_lines_show_readings_every_five_seconds_and_no_control_characters() {
        let mut steps: Vec<_> = (0..10).map(|second| (second * 1_000, reading(second * 1_000))).collect();
        steps.push((11_000, Step::Failed { reason: "X".into(), message: "a\x1b[2Jb".into() }));
        let text = shown(Style::Plain, &steps);
        assert_eq!(text.lines().count(), 3, "{text}");
        assert!(text.ends_with("00:00:11Z  failed: a [2Jb\n"), "{text:?}");
    }

    #[test]
    fn json_is_one_object_a_line_with_every_reading() {
        let steps = [(1_000, reading(1_000)), (2_000, reading(2_000)), (3_000, Step::MessagingBack)];
        let text = shown(Style::Json, &steps);
        let objects: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let expected = serde_json::json!({
            "at_ms": 2_000, "driver_id": "driver1", "line": 3, "request_id": "r-1", "step": "consumption",
            "cp_id": "MAD-01", "session_id": "s-1", "power_w": 22_000, "energy_mwh": 2_000, "cost_micros": 10_000,
        });
        assert_eq!(objects[1], expected);
        assert_eq!(objects[2]["step"], "messaging_back");
    }
}
