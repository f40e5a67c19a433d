//! What the pages of each driver are told at once: one place for each driver who has a page open.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use evcharging_common::pb::portal::v1::{Notice, Reading};
use tokio::sync::watch;

/// Notices that a slow page still gets.
const MOST_NOTICES: usize = 8;

/// News of one driver. A page that is slow sees the newest of each and all the notices there are room for.
#[derive(Debug, Clone, Default)]
pub struct News {
    /// Grows whenever something of the driver's changed that has to be asked for.
    pub changes: u64,
    /// The newest reading of its charge.
    pub reading: Option<Reading>,
    /// With their numbers.
    pub notices: Vec<(u64, Notice)>,
}

/// The drivers who have a page open. Cheap to clone.
#[derive(Clone, Default)]
pub struct Drivers {
    watched: Arc<Mutex<HashMap<String, watch::Sender<News>>>>,
}

impl Drivers {
    /// News of a driver from now on.
    pub fn listen(&self, driver_id: &str) -> watch::Receiver<News> {
        let mut watched = self.lock();
        watched.entry(driver_id.to_owned()).or_insert_with(|| watch::channel(News::default()).0).subscribe()
    }

    /// Something of the driver's changed.
    pub fn touch(&self, driver_id: &str) {
        self.tell(driver_id, |news| news.changes += 1);
    }

    /// A reading of the driver's charge.
    pub fn read(&self, driver_id: &str, reading: Reading) {
        self.tell(driver_id, |news| news.reading = Some(reading));
    }

    /// Something that the driver must hear.
    pub fn notify(&self, driver_id: &str, notice: Notice) {
        self.tell(driver_id, |news| {
            news.changes += 1;
            let number = news.notices.last().map_or(1, |(number, _)| number + 1);
            news.notices.push((number, notice));
            let surplus = news.notices.len().saturating_sub(MOST_NOTICES);
            news.notices.drain(..surplus);
        });
    }

    /// Forgets the drivers whose pages are closed.
    pub fn forget_closed(&self) {
        self.lock().retain(|_, sender| sender.receiver_count() > 0);
    }

    fn tell(&self, driver_id: &str, change: impl FnOnce(&mut News)) {
        if let Some(sender) = self.lock().get(driver_id) {
            sender.send_modify(change);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, watch::Sender<News>>> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_page_hears_of_its_own_driver_and_a_slow_one_gets_the_newest() {
        let drivers = Drivers::default();
        let mut anas = drivers.listen("ana");
        let beas = drivers.listen("bea");
        for power_w in 1..=3 {
            drivers.read("ana", Reading { power_w, ..Reading::default() });
        }
        for number in 0..20 {
            drivers.notify("ana", Notice { message: number.to_string(), ..Notice::default() });
        }
        assert!(anas.has_changed().unwrap() && !beas.has_changed().unwrap());
        let news = anas.borrow_and_update().clone();
        assert_eq!(news.reading.unwrap().power_w, 3);
        assert_eq!(news.notices.len(), MOST_NOTICES);
        assert_eq!(news.notices.last().unwrap().0, 20, "numbers go on");
    }

    #[test]
    fn drivers_without_a_page_take_no_room() {
        let drivers = Drivers::default();
        drivers.touch("nobody");
        drop(drivers.listen("ana"));
        drivers.forget_closed();
        assert!(drivers.lock().is_empty());
    }
}
