//! Standard output and error of a command.

use std::io::Write;

use evcharging_common::error::Error;
use serde::Serialize;

/// Writes a line to standard output. A reader that has seen enough (`| head`) is no error.
pub(crate) fn print(line: &str) {
    drop(writeln!(std::io::stdout().lock(), "{line}"));
}

/// Writes a message as one line of proto3 JSON.
pub(crate) fn print_json<T: Serialize>(message: &T) -> Result<(), Error> {
    print(&serde_json::to_string(message).map_err(Error::internal)?);
    Ok(())
}

/// Writes a remark to standard error, apart from what another program may read.
pub(crate) fn remark(line: &str) {
    drop(writeln!(std::io::stderr().lock(), "{line}"));
}

/// A word of the protocol for people: `out of service`; `-` for one that this version does not know.
pub(crate) fn word<W: TryFrom<i32> + std::fmt::Display>(number: i32) -> String {
    W::try_from(number).map_or_else(|_| "-".to_owned(), |word| lower(&word.to_string()))
}

/// An UPPER_SNAKE name for people.
pub(crate) fn lower(name: &str) -> String {
    name.to_lowercase().replace('_', " ")
}

/// What came over the network must not command the terminal.
pub(crate) fn plain(text: &str) -> String {
    if text.is_empty() { "-".to_owned() } else { text.replace(char::is_control, " ") }
}
