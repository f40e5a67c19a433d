//! Power over the last hour. Pure.

use std::collections::VecDeque;

use evcharging_common::pb::portal::v1::PowerPoint;

/// How far back power is known.
const KEPT_MS: i64 = 3_600_000;

/// Points of the last hour, oldest first, no closer to each other than a step.
#[derive(Debug)]
pub struct PowerHistory {
    step_ms: i64,
    points: VecDeque<PowerPoint>,
}

impl PowerHistory {
    /// Nothing yet.
    pub fn with_step(step_ms: i64) -> Self {
        Self { step_ms, points: VecDeque::new() }
    }

    /// Notes what is supplied at an instant, unless the last point is too close; tells the point when it was kept. A change to or from nothing is
    /// kept however close it is.
    pub fn note(&mut self, at_ms: i64, power_w: i64) -> Option<PowerPoint> {
        if let Some(last) = self.points.back() {
            let is_edge = (last.power_w == 0) != (power_w == 0);
            if at_ms < last.at_ms || (at_ms - last.at_ms < self.step_ms && !is_edge) {
                return None;
            }
        }
        let point = PowerPoint { at_ms, power_w };
        self.points.push_back(point);
        while self.points.front().is_some_and(|first| first.at_ms < at_ms - KEPT_MS) {
            self.points.pop_front();
        }
        Some(point)
    }

    /// The points of the last hour before `now_ms`.
    pub fn points(&self, now_ms: i64) -> Vec<PowerPoint> {
        self.points.iter().filter(|point| point.at_ms >= now_ms - KEPT_MS).copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_kept_in_steps_with_its_edges() {
        let mut history = PowerHistory::with_step(10_000);
        for second in 0..2 * 3_600 {
            history.note(second * 1_000, 22_000);
        }
        assert_eq!(history.note(7_200_000 + 1_000, 0), Some(PowerPoint { at_ms: 7_201_000, power_w: 0 }));
        assert_eq!(history.note(7_201_000 + 1_000, 0), None);
        assert_eq!(history.note(7_000_000, 5), None, "what comes late changes nothing");
        let points = history.points(7_201_000);
        assert_eq!(points.len(), 360);
        assert!(points.windows(2).all(|pair| pair[0].at_ms < pair[1].at_ms));
        assert!(points[0].at_ms >= 7_201_000 - KEPT_MS);
    }
}
