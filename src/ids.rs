//! Ids that people and machines choose: checked at every door, so that they are safe in topics, tables and terminals.

use crate::error::Error;

/// The longest id, in bytes.
pub const MAX_ID_BYTES: usize = 64;

/// Whether `id` is 1 to 64 of `A-Z a-z 0-9 . _ : -`.
pub fn is_valid(id: &str) -> bool {
    (1..=MAX_ID_BYTES).contains(&id.len())
        && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b':' | b'-'))
}

/// Checks an id that came through a door.
///
/// # Errors
/// INVALID_ARGUMENT with a violation of `field`.
pub fn check(field: &str, id: &str) -> Result<(), Error> {
    if is_valid(id) {
        return Ok(());
    }
    let problem = if id.is_empty() {
        "must be given".to_owned()
    } else {
        format!("must be 1 to {MAX_ID_BYTES} of A-Z a-z 0-9 . _ : -")
    };
    Err(Error::invalid_argument(field, problem))
}

/// Reads an id that was given as a flag.
///
/// # Errors
/// Says what an id looks like.
pub fn parse(text: &str) -> Result<String, String> {
    check("the id", text).map(|()| text.to_owned()).map_err(|error| error.message)
}

/// A new id that grows with time (UUID version 7).
pub fn new_id() -> String {
    uuid::Uuid::now_v7().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_short_and_plain() {
        for id in ["MAD-01", "driver1", "a", "r:1_2.3", &"x".repeat(64)] {
            assert!(is_valid(id), "{id}");
        }
        for id in ["", "a b", "ñ", "a/b", "a\n", "a#b", &"x".repeat(65)] {
            assert!(!is_valid(id), "{id}");
        }
    }
}
