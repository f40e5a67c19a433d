//! The network's status, put together from its pages.

use std::collections::BTreeMap;

use evcharging_common::pb::events::v1::NetworkStatusUpdate;

use crate::step::ChargePoint;

/// Collects pages until the network is whole.
#[derive(Debug, Default)]
pub(crate) struct PageCollector {
    pages: BTreeMap<i32, Vec<ChargePoint>>,
}

impl PageCollector {
    /// Takes a page; the charge points by id once every page was seen.
    pub fn add(&mut self, update: NetworkStatusUpdate) -> Option<Vec<ChargePoint>> {
        let pages = update.pages.max(1);
        // A network that shrank has no use for the pages it had.
        self.pages.retain(|page, _| *page < pages);
        if (0..pages).contains(&update.page) {
            let charge_points = update.charge_points.into_iter().map(ChargePoint::from).collect();
            self.pages.insert(update.page, charge_points);
        }
        if i32::try_from(self.pages.len()) != Ok(pages) {
            return None;
        }
        let mut charge_points: Vec<_> = std::mem::take(&mut self.pages).into_values().flatten().collect();
        charge_points.sort_by(|left, right| left.cp_id.cmp(&right.cp_id));
        Some(charge_points)
    }
}

#[cfg(test)]
mod tests {
    use evcharging_common::pb::events::v1::ChargePointSummary;

    use super::*;

    fn page(page: i32, pages: i32, cp_id: &str) -> NetworkStatusUpdate {
        let summary = ChargePointSummary { cp_id: cp_id.to_owned(), ..ChargePointSummary::default() };
        NetworkStatusUpdate { page, pages, taken_at: None, charge_points: vec![summary] }
    }

    #[test]
    fn pages_make_a_network_in_any_order_and_however_often() {
        let mut collector = PageCollector::default();
        for (number, cp_id) in [(2, "C"), (0, "A"), (2, "C"), (9, "X"), (-1, "X")] {
            assert_eq!(collector.add(page(number, 3, cp_id)), None);
        }
        let network = collector.add(page(1, 3, "B")).unwrap_or_default();
        let cp_ids: Vec<_> = network.iter().map(|charge_point| charge_point.cp_id.as_str()).collect();
        assert_eq!(cp_ids, ["A", "B", "C"]);
    }

    #[test]
    fn a_network_that_shrank_is_whole_with_fewer_pages() {
        let mut collector = PageCollector::default();
        assert_eq!(collector.add(page(1, 2, "B")), None);
        assert_eq!(collector.add(page(0, 1, "A")).map(|network| network.len()), Some(1));
    }
}
