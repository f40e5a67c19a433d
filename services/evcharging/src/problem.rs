//! How an error is told to a person, once, before the program ends.

use std::fmt::Write;

use evcharging_common::error::Error;

/// The error as lines of text.
pub fn describe(error: &Error) -> String {
    let mut text = format!("error: {}\n", error.message);
    for (field, problem) in &error.violations {
        let line = format!("{field} {problem}");
        if line != error.message {
            // Writing into a String can't fail.
            let _ = writeln!(text, "  {line}");
        }
    }
    let untold_cause = error.cause.as_ref().filter(|cause| !error.message.contains(cause.as_str()));
    if let Some(cause) = untold_cause {
        let _ = writeln!(text, "  because: {cause}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_wrong_field_is_told_once_and_several_each() {
        let mut error = Error::invalid_argument("--cp-id", "must be given");
        assert_eq!(describe(&error), "error: --cp-id must be given\n");
        error.violations.push(("--key".into(), "is too short".into()));
        assert_eq!(describe(&error), "error: --cp-id must be given\n  --key is too short\n");
    }

    #[test]
    fn a_cause_is_told_unless_the_message_has_it() {
        let error = Error::unavailable("cannot listen: port in use", "port in use");
        assert_eq!(describe(&error), "error: cannot listen: port in use\n");
        assert!(describe(&Error::internal("the disk is full")).contains("because: the disk is full"));
    }
}
