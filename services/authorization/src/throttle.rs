//! How often a password may be tried. Pure: the clock comes in as an argument.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

/// Wrong tries that cost nothing but themselves.
const FREE_TRIES: u32 = 5;
/// The first wait after that; each further wrong try doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait: an account is slowed down and never locked, or anybody could lock anybody out.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// After so long without a wrong try, all is forgotten.
const MEMORY: Duration = Duration::from_secs(900);
/// Names or addresses that are remembered; the oldest are forgotten first.
const MOST_REMEMBERED: usize = 10_000;

/// Wrong tries by name or by address.
#[derive(Debug, Default)]
pub struct Throttle {
    tries: HashMap<String, Tries>,
}

#[derive(Debug)]
struct Tries {
    wrong: u32,
    last: Instant,
}

impl Tries {
    fn wait(&self) -> Duration {
        let Some(beyond) = self.wrong.checked_sub(FREE_TRIES) else { return Duration::ZERO };
        FIRST_WAIT.saturating_mul(1 << beyond.min(16)).min(LONGEST_WAIT)
    }
}

impl Throttle {
    /// How long the next try has to wait.
    pub fn wait(&self, key: &str, now: Instant) -> Duration {
        let Some(tries) = self.tries.get(key) else { return Duration::ZERO };
        let since = now.saturating_duration_since(tries.last);
        if since > MEMORY { Duration::ZERO } else { tries.wait().saturating_sub(since) }
    }

    /// A try was wrong. It counts before it is known to be, so that many at a time count as many; a right one is forgiven.
    pub fn count(&mut self, key: &str, now: Instant) {
        if self.tries.len() >= MOST_REMEMBERED && !self.tries.contains_key(key) {
            self.forget_some(now);
        }
        let tries = self.tries.entry(key.to_owned()).or_insert(Tries { wrong: 0, last: now });
        if now.saturating_duration_since(tries.last) > MEMORY {
            tries.wrong = 0;
        }
        tries.wrong = tries.wrong.saturating_add(1);
        tries.last = now;
    }

    /// A try was right: what was wrong before is forgotten.
    pub fn forgive(&mut self, key: &str) {
        self.tries.remove(key);
    }

    fn forget_some(&mut self, now: Instant) {
        self.tries.retain(|_, tries| now.saturating_duration_since(tries.last) <= MEMORY);
        if self.tries.len() >= MOST_REMEMBERED {
            let mut lasts: Vec<Instant> = self.tries.values().map(|tries| tries.last).collect();
            let (_, median, _) = lasts.select_nth_unstable(MOST_REMEMBERED / 2);
            let median = *median;
            self.tries.retain(|_, tries| tries.last > median);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_tries_are_free_and_each_further_one_waits_longer() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let waits: Vec<u64> = (0..13)
            .map(|_| {
                throttle.count("ana", now);
                throttle.wait("ana", now).as_secs()
            })
            .collect();
        assert_eq!(waits, [0, 0, 0, 0, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
        assert_eq!(throttle.wait("bea", now), Duration::ZERO);
        assert_eq!(throttle.wait("ana", now + Duration::from_secs(59)), Duration::from_secs(1));
        assert_eq!(throttle.wait("ana", now + Duration::from_secs(60)), Duration::ZERO);
    }

    #[test]
    fn a_right_try_and_a_long_time_make_all_good() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..8 {
            throttle.count("ana", now);
            throttle.count("bea", now);
        }
        throttle.forgive("ana");
        assert_eq!(throttle.wait("ana", now), Duration::ZERO);
        let later = now + MEMORY + Duration::from_secs(1);
        throttle.count("bea", later);
        assert_eq!(throttle.wait("bea", later), Duration::ZERO);
    }

    #[test]
    fn made_up_names_do_not_fill_the_memory() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..3 * MOST_REMEMBERED {
            throttle.count(&number.to_string(), now + Duration::from_millis(number as u64 / 100));
        }
        assert!(throttle.tries.len() <= MOST_REMEMBERED);
        assert!(throttle.tries.contains_key(&(3 * MOST_REMEMBERED - 1).to_string()), "the newest is kept");
    }
}
