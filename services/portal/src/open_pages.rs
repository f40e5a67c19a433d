//! How many pages are open, for the metrics.

use evcharging_common::metric;
use metrics::Gauge;

use crate::cookie::Page;

/// One page that is open, until this is dropped.
pub struct OpenPage(Gauge);

impl OpenPage {
    /// Counts one.
    pub fn count(page: Page) -> Self {
        let page = match page {
            Page::Driver => "driver",
            Page::Operator => "operator",
        };
        let gauge = metrics::gauge!(metric::OPEN_PAGES, "page" => page);
        gauge.increment(1);
        Self(gauge)
    }
}

impl Drop for OpenPage {
    fn drop(&mut self) {
        self.0.decrement(1);
    }
}
