//! One dead letter: where it lies, what it holds. Pure.

use std::{fmt, str::FromStr};

use evcharging_common::{
    clock::{self, format_instant},
    error::Error,
    pb::events::v1::DeadLetter,
};
use rdkafka::message::{Header, OwnedHeaders};

use crate::{output::plain, tables::Tabular};

/// The most of a value that the list shows, in characters.
const SHOWN: usize = 60;

/// Where a letter lies in its topic; written `PARTITION:OFFSET`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub(super) partition: i32,
    pub(super) offset: i64,
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.partition, self.offset)
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || format!("{text:?} is no letter such as 0:17");
        let (partition, offset) = text.split_once(':').ok_or_else(wrong)?;
        Ok(Self {
            partition: partition.parse().map_err(|_| wrong())?,
            offset: offset.parse().map_err(|_| wrong())?,
        })
    }
}

/// A record that could not be used.
#[derive(Debug, Clone)]
pub(super) struct Letter {
    pub place: Place,
    pub record: DeadLetter,
}

impl Letter {
    /// Whether it came from this topic, or any when none is named.
    pub(super) fn is_of(&self, topic: Option<&str>) -> bool {
        topic.is_none_or(|topic| self.record.source_topic == topic)
    }

    /// When it was set aside, in milliseconds since 1970.
    pub(super) fn rejected_at_ms(&self) -> i64 {
        self.record.rejected_at.as_ref().map_or(0, clock::from_timestamp)
    }

    /// A value that was cut can't be sent again.
    ///
    /// # Errors
    /// FAILED_PRECONDITION when it was.
    pub(super) fn check_whole(&self) -> Result<(), Error> {
        let kept = i64::try_from(self.record.value.len()).unwrap_or(i64::MAX);
        if self.record.value_bytes <= kept {
            return Ok(());
        }
        let message = format!(
            "{} can't be sent again: of its {} bytes only {kept} were kept",
            self.place, self.record.value_bytes
        );
        Err(Error::failed_precondition("DEAD_LETTER_CUT", message))
    }

    /// The headers that it had. With its own id it is known again, should it have had an effect after all.
    pub(super) fn headers(&self) -> OwnedHeaders {
        let mut headers = OwnedHeaders::new();
        for (key, value) in [
            ("content-type", &self.record.content_type),
            ("ce_id", &self.record.event_id),
            ("traceparent", &self.record.traceparent),
        ] {
            if !value.is_empty() {
                headers = headers.insert(Header { key, value: Some(value.as_str()) });
            }
        }
        headers
    }
}

impl Tabular for Letter {
    const NAME: &'static str = "dead letters";
    const HEADER: &'static [&'static str] = &["letter", "set aside", "from", "key", "why", "value"];

    fn row(&self) -> Vec<String> {
        let record = &self.record;
        let value: String = String::from_utf8_lossy(&record.value).chars().take(SHOWN).collect();
        vec![
            self.place.to_string(),
            format_instant(self.rejected_at_ms()),
            format!("{} {}:{}", plain(&record.source_topic), record.source_partition, record.source_offset),
            plain(&String::from_utf8_lossy(&record.key)),
            plain(&record.reason),
            plain(&value),
        ]
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn letter(value: &[u8], value_bytes: i64) -> Letter {
        let record = DeadLetter {
            source_topic: "driver_events".to_owned(),
            value: value.to_vec(),
            value_bytes,
            ..DeadLetter::default()
        };
        Letter { place: "1:17".parse().unwrap(), record }
    }

    #[test]
    fn a_place_reads_as_it_is_written() {
        assert_eq!("0:17".parse::<Place>().unwrap().to_string(), "0:17");
        for wrong in ["", "17", "a:1", "0:", "0:x"] {
            assert!(wrong.parse::<Place>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_was_cut_is_not_sent_again_and_a_value_can_not_command_the_terminal() {
        assert_eq!(letter(b"{}", 2).check_whole(), Ok(()));
        assert!(letter(b"{}", 3).check_whole().unwrap_err().message.contains("1:17 can't be sent again"));
        assert_eq!(letter(b"\x1b[2J", 4).row()[5], " [2J");
    }

    #[test]
    fn it_is_chosen_by_where_it_came_from() {
        assert!(letter(b"", 0).is_of(None) && letter(b"", 0).is_of(Some("driver_events")));
        assert!(!letter(b"", 0).is_of(Some("cp_telemetry")));
    }
}
