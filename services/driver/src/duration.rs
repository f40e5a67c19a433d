//! Times as people write them: `4s`, `500ms`, `2m`, `1h`.

use std::time::Duration;

const LONGEST_MS: u64 = 24 * 60 * 60 * 1_000;

/// Reads a time of at most 24 hours, in whole units.
///
/// # Errors
/// Says what is wrong: no number, no unit, or too long.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time such as 30s, 500ms, 2m or 1h");
    let trimmed = text.trim();
    let unit_at = trimmed.find(|character: char| !character.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = trimmed.split_at(unit_at);
    let unit_ms: u64 = match unit.trim_start() {
        "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    if number.is_empty() {
        return Err(wrong());
    }
    // A number that does not even fit is too long as well.
    let milliseconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(unit_ms));
    milliseconds
        .filter(|milliseconds| *milliseconds <= LONGEST_MS)
        .map(Duration::from_millis)
        .ok_or_else(|| format!("{text:?} is longer than 24h"))
}

/// Reads a time of at least a second.
///
/// # Errors
/// As [`parse_duration`], or when it is shorter.
pub(crate) fn parse_request_timeout(text: &str) -> Result<Duration, String> {
    let timeout = parse_duration(text)?;
    if timeout < Duration::from_secs(1) {
        return Err(format!("{text:?} is shorter than 1s: no request could be answered in time"));
    }
    Ok(timeout)
}

/// A time for people: `500 ms`, `14 s`, `2 min 5 s`, `1 h 0 min`.
pub(crate) fn format_duration(duration_ms: i64) -> String {
    let seconds = duration_ms / 1_000;
    match duration_ms {
        ..1_000 => format!("{duration_ms} ms"),
        1_000..60_000 => format!("{seconds} s"),
        60_000..3_600_000 => format!("{} min {} s", seconds / 60, seconds % 60),
        3_600_000.. => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        for (text, milliseconds, written) in [
            ("500ms", 500, "500 ms"),
            ("4s", 4_000, "4 s"),
            ("90 s", 90_000, "1 min 30 s"),
            ("2m", 120_000, "2 min 0 s"),
            ("24h", 86_400_000, "24 h 0 min"),
            ("0s", 0, "0 ms"),
        ] {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
            assert_eq!(format_duration(i64::try_from(milliseconds).unwrap_or(-1)), written);
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "4", "s", "-4s", "4.5s", "4 days", "25h", "99999999999999999999s"] {
            assert!(parse_duration(text).is_err(), "{text:?}");
        }
        assert!(parse_request_timeout("999ms").is_err());
        assert_eq!(parse_request_timeout("1s"), Ok(Duration::from_secs(1)));
    }
}
