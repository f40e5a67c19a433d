//! How many pages are open: bounded for each person, and told to the metrics.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use evcharging_common::{
    error::{Error, ErrorCode},
    metric,
};
use metrics::Gauge;

use crate::cookie::Page;

/// Pages that one person may have open at a replica. A control room with a screen for everybody logs in with one name.
const MOST_OF_ONE: usize = 1_000;
/// Pages of everybody.
const MOST: usize = 20_000;

/// Counts the pages that are open. Cheap to clone.
#[derive(Clone, Default)]
pub struct OpenPages {
    by_user: Arc<Mutex<HashMap<String, usize>>>,
}

/// One page that is open, until this is dropped.
pub struct OpenPage {
    pages: OpenPages,
    user_id: String,
    gauge: Gauge,
}

impl OpenPages {
    /// Counts one.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when the person has too many, or all have.
    pub fn open(&self, page: Page, user_id: &str) -> Result<OpenPage, Error> {
        let mut by_user = self.lock();
        let everybodys: usize = by_user.values().sum();
        let own = by_user.entry(user_id.to_owned()).or_default();
        if *own >= MOST_OF_ONE || everybodys >= MOST {
            let message = "too many pages are open; close one of them";
            return Err(Error::new(ErrorCode::ResourceExhausted, "TOO_MANY_PAGES", message));
        }
        *own += 1;
        let page = match page {
            Page::Driver => "driver",
            Page::Operator => "operator",
        };
        let gauge = metrics::gauge!(metric::OPEN_PAGES, "page" => page);
        gauge.increment(1);
        Ok(OpenPage { pages: self.clone(), user_id: user_id.to_owned(), gauge })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.by_user.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        self.gauge.decrement(1);
        let mut by_user = self.pages.lock();
        if let Some(own) = by_user.get_mut(&self.user_id) {
            *own -= 1;
            if *own == 0 {
                by_user.remove(&self.user_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn one_person_can_not_take_all_the_room_and_closed_pages_give_it_back() {
        let pages = OpenPages::default();
        let mut open: Vec<OpenPage> =
            (0..MOST_OF_ONE).map(|_| pages.open(Page::Driver, "ana").unwrap()).collect();
        assert!(pages.open(Page::Driver, "ana").is_err());
        drop(pages.open(Page::Driver, "bea").unwrap());
        open.pop();
        pages.open(Page::Driver, "ana").unwrap();
        drop(open);
        assert!(pages.lock().is_empty());
    }
}
