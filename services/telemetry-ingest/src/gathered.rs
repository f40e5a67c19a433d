//! The readings of a batch, gathered: the register is cumulative, so the newest reading of a session makes up for those between the first
//! and itself. Pure.

use std::collections::HashMap;

use evcharging_common::pb::session::v1::MeterItem;

/// What is left of the readings that were added, in their order. `R` is what each came with.
#[derive(Debug)]
pub struct Gathered<R> {
    items: Vec<(MeterItem, R)>,
    /// The last of each session that is not in doubt.
    last: HashMap<String, Last>,
}

/// Where it stands, and whether the next may take its place.
#[derive(Debug)]
struct Last {
    place: usize,
    is_replaceable: bool,
}

impl<R> Gathered<R> {
    /// None yet.
    pub fn new() -> Self {
        Self { items: Vec::new(), last: HashMap::new() }
    }

    /// Adds a reading.
    pub fn add(&mut self, item: MeterItem, came_with: R) {
        // The first stays: it may be the one that tells session where the register began.
        let mut is_replaceable = false;
        if let Some(last) = self.last.get_mut(&item.session_id)
            && let Some(before) = self.items.get_mut(last.place)
        {
            let is_elsewhere = item.cp_id != before.0.cp_id;
            if !is_elsewhere && item.seq <= before.0.seq {
                // Delivered again: nothing is wrong with it, and nothing new in it.
                return;
            }
            if is_elsewhere || item.register_mwh < before.0.register_mwh {
                // For session to judge, and to refuse, after what came before it and before what comes next.
                last.is_replaceable = false;
                self.items.push((item, came_with));
                return;
            }
            if last.is_replaceable {
                *before = (item, came_with);
                return;
            }
            is_replaceable = true;
        }
        self.last.insert(item.session_id.clone(), Last { place: self.items.len(), is_replaceable });
        self.items.push((item, came_with));
    }

    /// How many are left.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Those that are left.
    pub fn take(&mut self) -> Vec<(MeterItem, R)> {
        self.last.clear();
        std::mem::take(&mut self.items)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What session keeps of a session: a reading counts when it is newer and its register has not fallen.
    #[derive(Debug, Default, PartialEq)]
    struct Kept {
        start_register_mwh: Option<i64>,
        register_mwh: i64,
        seq: i64,
        power_w: i64,
    }

    impl Kept {
        fn take(&mut self, item: &MeterItem) {
            let is_first = self.start_register_mwh.is_none();
            if item.cp_id != "MAD-01"
                || (!is_first && item.seq <= self.seq)
                || item.register_mwh < self.register_mwh
            {
                return;
            }
            self.start_register_mwh.get_or_insert(item.register_mwh);
            (self.register_mwh, self.seq, self.power_w) = (item.register_mwh, item.seq, item.power_w);
        }
    }

    fn item(session: u8, seq: i64, register_mwh: i64, is_at_home: bool) -> MeterItem {
        let cp_id = if is_at_home { "MAD-01" } else { "BCN-01" }.to_owned();
        let session_id = format!("s{session}");
        MeterItem { session_id, cp_id, seq, register_mwh, power_w: seq * 10, measured_at_ms: seq }
    }

    proptest! {
        #[test]
        fn what_is_left_leads_to_the_same_as_all_of_them(
            readings in prop::collection::vec((0..3_u8, 0..12_i64, 0..3_i64, prop::bool::weighted(0.95)), 0..60),
        ) {
            // Registers as charge points measure them, with one now and then that fell, doubled, late and from elsewhere.
            let items = readings.iter().map(|(session, seq, less, is_at_home)| {
                item(*session, *seq, (seq * 100 - less / 2 * 150).max(0), *is_at_home)
            });
            let mut gathered = Gathered::new();
            let mut by_all: HashMap<String, Kept> = HashMap::new();
            for item in items {
                by_all.entry(item.session_id.clone()).or_default().take(&item);
                gathered.add(item, ());
            }
            let mut by_left: HashMap<String, Kept> = HashMap::new();
            for (item, ()) in gathered.take() {
                by_left.entry(item.session_id.clone()).or_default().take(&item);
            }
            for (session_id, all) in by_all {
                let left = by_left.remove(&session_id).unwrap_or_default();
                prop_assert_eq!(left.start_register_mwh, all.start_register_mwh);
                prop_assert!(left.register_mwh >= all.register_mwh || left.seq >= all.seq, "{left:?} {all:?}");
            }
        }
    }

    #[test]
    fn only_the_newest_of_a_session_is_left_beside_its_first() {
        let mut gathered = Gathered::new();
        for seq in 0..100 {
            gathered.add(item(1, seq, seq * 10, true), seq);
            gathered.add(item(2, seq + 1, seq, true), seq);
        }
        // Delivered once more.
        gathered.add(item(1, 50, 500, true), 50);
        let left: Vec<_> =
            gathered.take().into_iter().map(|(item, of)| (item.session_id, item.seq, of)).collect();
        let expected = [("s1", 0, 0), ("s2", 1, 0), ("s1", 99, 99), ("s2", 100, 99)];
        assert_eq!(left, expected.map(|(session_id, seq, of)| (session_id.to_owned(), seq, of)));
        assert_eq!(gathered.len(), 0);
    }

    #[test]
    fn a_register_that_fell_is_left_to_session() {
        let mut gathered = Gathered::new();
        for (seq, register_mwh) in [(1, 500), (2, 400), (3, 600)] {
            gathered.add(item(1, seq, register_mwh, true), ());
        }
        let left: Vec<i64> = gathered.take().into_iter().map(|(item, ())| item.register_mwh).collect();
        assert_eq!(left, [500, 400, 600]);
    }
}
