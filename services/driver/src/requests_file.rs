//! The file of requests: a charge a line, checked whole before anything is sent.

use std::{fs::File, io::Read, path::Path};

use evcharging_common::{energy, ids, pricing::MAX_SESSION_ENERGY_MWH};
use serde::Serialize;

use crate::duration::parse_duration;

const MAX_FILE_BYTES: u64 = 1024 * 1024;
const MAX_LINES: usize = 10_000;

/// One charge that the driver wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Request {
    /// Its line in the file, from 1.
    pub line: usize,
    /// Where; `None` for any charge point that is available.
    pub cp_id: Option<String>,
    /// When the driver stops.
    pub target: Target,
}

/// When a driver stops its charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Target {
    /// When the vehicle is full or the balance used up.
    Full,
    /// After this energy.
    EnergyMwh(i64),
    /// After this time of supply.
    TimeMs(i64),
}

/// A line that can't be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrongLine {
    line: usize,
    reason: String,
}

/// Reads a file of requests.
///
/// # Errors
/// A text for people that lists everything that is wrong.
pub(crate) fn read(path: &Path) -> Result<Vec<Request>, String> {
    let shown = path.display();
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes))
        .map_err(|error| format!("{shown} can't be read: {error}"))?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MAX_FILE_BYTES) {
        return Err(format!("{shown} is larger than {MAX_FILE_BYTES} bytes; split it"));
    }
    let text =
        String::from_utf8(bytes).map_err(|_| format!("{shown} is no text in UTF-8; save it as such"))?;
    if text.lines().count() > MAX_LINES {
        return Err(format!("{shown} has more than {MAX_LINES} lines; split it"));
    }
    let requests = parse(&text).map_err(|wrong| {
        let count =
            if wrong.len() == 1 { "1 line is".to_owned() } else { format!("{} lines are", wrong.len()) };
        let mut message = format!("{shown}: {count} wrong, nothing was sent");
        for WrongLine { line, reason } in wrong {
            message.push_str(&format!("\n  line {line}: {reason}"));
        }
        message
    })?;
    if requests.is_empty() {
        return Err(format!("{shown} holds no request; write a line such as `MAD-01 2kWh` or `any 30s`"));
    }
    Ok(requests)
}

/// Reads every line, or tells each one that is wrong.
pub(crate) fn parse(text: &str) -> Result<Vec<Request>, Vec<WrongLine>> {
    let (mut requests, mut wrong) = (Vec::new(), Vec::new());
    // Editors of some systems begin a file with a byte order mark.
    for (index, whole) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        let line = index + 1;
        let content = whole.split('#').next().unwrap_or_default().trim();
        if content.is_empty() {
            continue;
        }
        match parse_line(line, content) {
            Ok(request) => requests.push(request),
            Err(reason) => wrong.push(WrongLine { line, reason }),
        }
    }
    if wrong.is_empty() { Ok(requests) } else { Err(wrong) }
}

fn parse_line(line: usize, content: &str) -> Result<Request, String> {
    let (cp_id, target) = content.split_once(char::is_whitespace).unwrap_or((content, ""));
    let target = parse_target(target.trim())?;
    if cp_id.eq_ignore_ascii_case("any") {
        return Ok(Request { line, cp_id: None, target });
    }
    if !ids::is_valid(cp_id) {
        return Err(format!(
            "{cp_id:?} is no charge point's id (1 to {} of A-Z a-z 0-9 . _ : -) and not `any`",
            ids::MAX_ID_BYTES
        ));
    }
    Ok(Request { line, cp_id: Some(cp_id.to_owned()), target })
}

fn parse_target(text: &str) -> Result<Target, String> {
    if text.is_empty() {
        return Ok(Target::Full);
    }
    if text.ends_with("Wh") {
        let energy_mwh = energy::parse_energy(text)?;
        if energy_mwh > MAX_SESSION_ENERGY_MWH {
            return Err(format!(
                "{text:?} is more than one charge may take ({})",
                energy::format_energy(MAX_SESSION_ENERGY_MWH)
            ));
        }
        return Ok(Target::EnergyMwh(energy_mwh));
    }
    let time = parse_duration(text).map_err(|reason| {
        let is_a_time =
            text.ends_with(['s', 'm', 'h']) && text.starts_with(|first: char| first.is_ascii_digit());
        if is_a_time { reason } else { format!("{text:?} is no energy such as 2kWh and no time such as 30s") }
    })?;
    if time.is_zero() {
        return Err(format!("{text:?} is no time to charge"));
    }
    Ok(Target::TimeMs(i64::try_from(time.as_millis()).unwrap_or(i64::MAX)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use std::io::Write;

    use super::*;

    fn request(line: usize, cp_id: Option<&str>, target: Target) -> Request {
        Request { line, cp_id: cp_id.map(str::to_owned), target }
    }

    #[test]
    fn a_file_is_read_in_its_order() {
        let text =
            "\u{feff}# my week\n\nMAD-01 2kWh\r\n  any\t30s  # anywhere\nBCN-01\nANY 0.3 kWh\nMAD-01 500ms\n";
        let expected = vec![
            request(3, Some("MAD-01"), Target::EnergyMwh(2_000_000)),
            request(4, None, Target::TimeMs(30_000)),
            request(5, Some("BCN-01"), Target::Full),
            request(6, None, Target::EnergyMwh(300_000)),
            request(7, Some("MAD-01"), Target::TimeMs(500)),
        ];
        assert_eq!(parse(text), Ok(expected));
    }

    #[test]
    fn every_wrong_line_is_told_with_its_number() {
        let text = "MAD-01\nMAD/02 2kWh\nMAD-03 2kW\nMAD-04 0kWh\nMAD-05 0s\nMAD-06 2kWh 30s\nMAD-07 25h\nMAD-08 2000kWh\n";
        let wrong = parse(text).expect_err("wrong lines");
        assert_eq!(wrong.iter().map(|wrong| wrong.line).collect::<Vec<_>>(), [2, 3, 4, 5, 6, 7, 8]);
        for (index, part) in [
            (0, "no charge point's id"),
            (1, "no energy such as 2kWh and no time"),
            (2, "no energy"),
            (3, "no time to charge"),
            (5, "longer than 24h"),
            (6, "more than one charge"),
        ] {
            assert!(wrong[index].reason.contains(part), "{:?}", wrong[index]);
        }
    }

    fn read_content(content: &[u8]) -> Result<Vec<Request>, String> {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        read(file.path())
    }

    #[test]
    fn a_file_that_is_no_file_of_requests_says_why() {
        for (content, part) in [
            (&b"# nothing\n"[..], "holds no request"),
            (b"\xff\xfe", "UTF-8"),
            (b"MAD-01 x\n", "1 line is wrong, nothing was sent\n  line 1: \"x\""),
            (&b"any\n".repeat(MAX_LINES + 1), "more than 10000 lines"),
            (&b"# 345678901234567\n".repeat(65_536), "larger than"),
        ] {
            let error = read_content(content).expect_err("refused");
            assert!(error.contains(part), "{error}");
        }
        assert!(
            read(Path::new("/no/such/file")).expect_err("absent").contains("/no/such/file can't be read")
        );
    }

    #[test]
    fn the_example_in_the_repository_is_read() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/requests.txt");
        let requests = read(&path).unwrap();
        assert!(requests.len() >= 5 && requests.iter().any(|request| request.cp_id.is_none()));
    }
}
