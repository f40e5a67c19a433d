//! What was measured, as a table.

use std::fmt;

use comfy_table::presets;

/// Rows of what was measured. Each is said on standard error as soon as it is known: a whole run takes minutes.
#[derive(Default)]
pub struct Table {
    rows: Vec<[String; 3]>,
}

impl Table {
    /// Adds a figure; `aim` is empty where there is none.
    pub fn add(&mut self, what: impl Into<String>, measured: impl Into<String>, aim: &str) {
        let row = [what.into(), measured.into(), aim.to_owned()];
        eprintln!("  {}: {}", row[0], row[1]);
        self.rows.push(row);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(["what", "measured", "aim"]);
        for row in &self.rows {
            table.add_row(row);
        }
        write!(formatter, "{table}")
    }
}

/// A count with separators: `12,345`.
pub fn grouped(count: u128) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// How many a second.
pub fn per_second(count: usize, duration: std::time::Duration) -> String {
    grouped(count as u128 * 1_000 / duration.as_millis().max(1))
}

/// Thousandths with one digit after the point: `12.3` for 12,345.
pub fn thousandths(count: u128) -> String {
    format!("{}.{}", count / 1_000, count % 1_000 / 100)
}
