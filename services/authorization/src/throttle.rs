//! How often a password may be tried. Pure: the clock comes in as an argument.

use std::{
    collections::HashMap,
    net::IpAddr,
    time::{Duration, Instant},
};

/// The first wait once the free tries are used up; each further wrong try doubles it.
const FIRST_WAIT: Duration = Duration::from_secs(2);
/// The longest wait: a person is slowed down and never locked out.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// After so long without a wrong try, all is forgotten.
const MEMORY: Duration = Duration::from_secs(900);
/// What is remembered; the oldest is forgotten first.
const MOST_REMEMBERED: usize = 10_000;

/// What tries are counted by, each with the wrong ones that cost nothing but themselves. One address guesses at one name, or at many; many guess
/// at one name: that limit is loose, as somebody else's guesses must not keep the person out.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Counted {
    /// One name from one address.
    NameAt(String, String),
    /// All names from one address.
    Address(String),
    /// One name from everywhere.
    Name(String),
}

impl Counted {
    /// All that a try counts by.
    pub fn all(user_id: &str, client_address: &str) -> [Self; 3] {
        let address = network_of(client_address);
        let name = user_id.to_owned();
        [Self::NameAt(name.clone(), address.clone()), Self::Address(address), Self::Name(name)]
    }

    fn free_tries(&self) -> u32 {
        match self {
            Self::NameAt(..) => 5,
            Self::Address(_) => 30,
            Self::Name(_) => 100,
        }
    }
}

/// An address as it is counted: of IPv6, the half that is given out.
fn network_of(client_address: &str) -> String {
    match client_address.parse() {
        Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        _ => client_address.to_owned(),
    }
}

/// Wrong tries, and those that are not known to be right yet.
#[derive(Debug, Default)]
pub struct Throttle {
    tries: HashMap<Counted, Tries>,
}

#[derive(Debug)]
struct Tries {
    count: u32,
    last: Instant,
}

impl Throttle {
    /// How long the next try has to wait.
    pub fn wait(&self, counted: &Counted, now: Instant) -> Duration {
        let Some(Tries { count, last }) = self.tries.get(counted) else { return Duration::ZERO };
        let since = now.saturating_duration_since(*last);
        let Some(beyond) = count.checked_sub(counted.free_tries()).filter(|_| since <= MEMORY) else {
            return Duration::ZERO;
        };
        FIRST_WAIT.saturating_mul(1 << beyond.min(16)).min(LONGEST_WAIT).saturating_sub(since)
    }

    /// Counts a try before it is known to be wrong, so that many at a time count as many.
    pub fn count(&mut self, counted: &Counted, now: Instant) {
        if self.tries.len() >= MOST_REMEMBERED && !self.tries.contains_key(counted) {
            self.forget_some(now);
        }
        let tries = self.tries.entry(counted.clone()).or_insert(Tries { count: 0, last: now });
        if now.saturating_duration_since(tries.last) > MEMORY {
            tries.count = 0;
        }
        tries.count = tries.count.saturating_add(1);
        tries.last = now;
    }

    /// The try was not wrong: it counts no more. Others' do.
    pub fn take_back(&mut self, counted: &Counted) {
        if let Some(tries) = self.tries.get_mut(counted) {
            tries.count = tries.count.saturating_sub(1);
        }
    }

    /// The person knows the password: what was wrong before is forgotten.
    pub fn forgive(&mut self, counted: &Counted) {
        self.tries.remove(counted);
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

    fn name_at(name: &str) -> Counted {
        Counted::NameAt(name.to_owned(), "192.0.2.1".to_owned())
    }

    #[test]
    fn the_first_tries_are_free_and_each_further_one_waits_longer() {
        let (mut throttle, now, ana) = (Throttle::default(), Instant::now(), name_at("ana"));
        let waits: Vec<u64> = (0..12)
            .map(|_| {
                throttle.count(&ana, now);
                throttle.wait(&ana, now).as_secs()
            })
            .collect();
        assert_eq!(waits, [0, 0, 0, 0, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(throttle.wait(&name_at("bea"), now), Duration::ZERO);
        assert_eq!(throttle.wait(&ana, now + Duration::from_secs(59)), Duration::from_secs(1));
        assert_eq!(throttle.wait(&ana, now + Duration::from_secs(60)), Duration::ZERO);
    }

    #[test]
    fn somebody_elses_guesses_do_not_keep_a_person_out() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..50 {
            Counted::all("ana", "203.0.113.9").iter().for_each(|counted| throttle.count(counted, now));
        }
        let longest =
            |address: &str| Counted::all("ana", address).iter().map(|one| throttle.wait(one, now)).max();
        assert_eq!(longest("203.0.113.9"), Some(LONGEST_WAIT));
        assert_eq!(longest("192.0.2.1"), Some(Duration::ZERO));
    }

    #[test]
    fn a_right_try_of_ones_own_does_not_pay_for_guesses_at_others() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        let address = Counted::Address("203.0.113.9".to_owned());
        for _ in 0..40 {
            throttle.count(&address, now);
        }
        throttle.count(&address, now);
        throttle.take_back(&address);
        assert!(throttle.wait(&address, now) > Duration::ZERO);
    }

    #[test]
    fn neighbours_of_one_ipv6_network_are_one() {
        assert_eq!(network_of("2001:db8:1:2:3:4:5:6"), network_of("2001:db8:1:2:ffff::1"));
        assert_ne!(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
        assert_eq!(network_of("192.0.2.1"), "192.0.2.1");
    }

    #[test]
    fn a_long_time_makes_all_good() {
        let (mut throttle, now, ana) = (Throttle::default(), Instant::now(), name_at("ana"));
        for _ in 0..8 {
            throttle.count(&ana, now);
        }
        let later = now + MEMORY + Duration::from_secs(1);
        throttle.count(&ana, later);
        assert_eq!(throttle.wait(&ana, later), Duration::ZERO);
    }

    #[test]
    fn made_up_names_do_not_fill_the_memory() {
        let (mut throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..3 * MOST_REMEMBERED {
            throttle.count(&name_at(&number.to_string()), now + Duration::from_millis(number as u64 / 100));
        }
        assert!(throttle.tries.len() <= MOST_REMEMBERED);
        let newest = name_at(&(3 * MOST_REMEMBERED - 1).to_string());
        assert!(throttle.tries.contains_key(&newest), "the newest is kept");
    }
}
