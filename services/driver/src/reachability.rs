//! Whether Kafka can be reached, as far as a driver can tell. Pure.

/// How long a message may wait before messaging counts as unavailable.
const PATIENCE_MS: i64 = 3_000;

/// A change that the driver is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Kafka is away.
    Lost,
    /// Kafka is back.
    Back,
}

/// Tells each outage once and its end once.
#[derive(Debug, Default)]
pub(crate) struct Reachability {
    away: bool,
    waiting_since_ms: Option<i64>,
}

impl Reachability {
    /// Something was delivered or heard.
    pub fn on_contact(&mut self) -> Option<Change> {
        self.waiting_since_ms = None;
        std::mem::take(&mut self.away).then_some(Change::Back)
    }

    /// Time went by, while something waits for Kafka or its client has lost every broker (`waiting`), or not.
    pub fn on_tick(&mut self, waiting: bool, now_ms: i64) -> Option<Change> {
        if !waiting {
            self.waiting_since_ms = None;
            return None;
        }
        let since_ms = *self.waiting_since_ms.get_or_insert(now_ms);
        if self.away || now_ms < since_ms + PATIENCE_MS {
            return None;
        }
        self.away = true;
        Some(Change::Lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_is_told_once_and_so_is_its_end() {
        let mut reachability = Reachability::default();
        assert_eq!(reachability.on_tick(true, 0), None);
        assert_eq!(reachability.on_tick(true, 2_999), None);
        assert_eq!(reachability.on_tick(true, 3_000), Some(Change::Lost));
        assert_eq!(reachability.on_tick(true, 60_000), None);
        assert_eq!(reachability.on_tick(false, 61_000), None);
        assert_eq!(reachability.on_tick(true, 70_000), None);
        assert_eq!(reachability.on_contact(), Some(Change::Back));
        assert_eq!(reachability.on_contact(), None);
    }

    #[test]
    fn a_short_wait_is_not_worth_a_word() {
        let mut reachability = Reachability::default();
        assert_eq!(reachability.on_tick(true, 0), None);
        assert_eq!(reachability.on_contact(), None);
        assert_eq!(reachability.on_tick(true, 2_000), None);
        assert_eq!(reachability.on_tick(false, 4_000), None);
        assert_eq!(reachability.on_tick(true, 5_000), None);
        assert_eq!(reachability.on_tick(true, 8_000), Some(Change::Lost));
    }
}
