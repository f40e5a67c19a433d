//! How energy flows into one vehicle: power ramps up, holds, tapers toward the end, and stops exactly there. Pure.

use crate::register::MW_MS_PER_MWH;

/// Power is constant for this long, then looked at anew.
const STEP_MS: i64 = 100;
/// How long the power takes to ramp up.
const RAMP_MS: i64 = 3_000;
/// The taper begins when what is left would flow in this time at full power.
const TAPER_MS: i64 = 3_000;
/// The taper never falls under full power divided by this, or the end would never come.
const TAPER_FLOOR: i64 = 4;
/// Milliwatts in a watt.
const MW_PER_W: i64 = 1_000;

/// The flow of energy into one vehicle.
#[derive(Debug, Clone)]
pub struct Supply {
    max_power_w: i64,
    target_mw_ms: i64,
    supplied_mw_ms: i64,
    started_at_ms: i64,
    elapsed_ms: i64,
    power_w: i64,
}

impl Supply {
    /// A flow of up to `max_power_w` that ends at `target_mwh`; `now_ms` is on the caller's monotonic clock.
    pub fn new(max_power_w: i64, target_mwh: i64, now_ms: i64) -> Self {
        Self {
            max_power_w,
            target_mw_ms: target_mwh * MW_MS_PER_MWH,
            supplied_mw_ms: 0,
            started_at_ms: now_ms,
            elapsed_ms: 0,
            power_w: 0,
        }
    }

    /// Lets energy flow until `now_ms` or until the target is reached, and returns how much did, in milliwatt-milliseconds.
    pub fn advance_to(&mut self, now_ms: i64) -> i64 {
        let before_mw_ms = self.supplied_mw_ms;
        while self.at_ms() < now_ms && !self.is_complete() {
            let step_ms = STEP_MS.min(now_ms - self.at_ms());
            self.elapsed_ms += step_ms;
            self.power_w = self.power_of_this_step_w();
            let energy_mw_ms = self.power_w * MW_PER_W * step_ms;
            self.supplied_mw_ms += energy_mw_ms.min(self.target_mw_ms - self.supplied_mw_ms);
        }
        self.supplied_mw_ms - before_mw_ms
    }

    fn power_of_this_step_w(&self) -> i64 {
        let ramp_w = self.max_power_w * self.elapsed_ms.min(RAMP_MS) / RAMP_MS;
        let left_w = (self.target_mw_ms - self.supplied_mw_ms) / (MW_PER_W * TAPER_MS);
        let taper_w = left_w.max(self.max_power_w / TAPER_FLOOR);
        ramp_w.min(taper_w).max(1)
    }

    /// Whether the target is reached.
    pub fn is_complete(&self) -> bool {
        self.supplied_mw_ms == self.target_mw_ms
    }

    /// Until when energy has flowed, on the caller's monotonic clock.
    pub fn at_ms(&self) -> i64 {
        self.started_at_ms + self.elapsed_ms
    }

    /// When it began, on the caller's monotonic clock.
    pub fn started_at_ms(&self) -> i64 {
        self.started_at_ms
    }

    /// Power now, in watts.
    pub fn power_w(&self) -> i64 {
        self.power_w
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn power_ramps_up_holds_and_tapers() {
        let mut supply = Supply::new(22_000, 500_000, 0);
        let mut powers_w = Vec::new();
        while !supply.is_complete() {
            supply.advance_to(supply.at_ms() + 1_000);
            powers_w.push(supply.power_w());
        }
        assert_eq!(powers_w[..4], [7_333, 14_666, 22_000, 22_000]);
        let falling = powers_w[powers_w.len() - 5..].windows(2).all(|pair| pair[1] <= pair[0]);
        assert!(falling && powers_w.last() == Some(&5_500), "{powers_w:?}");
    }

    #[test]
    fn energy_is_power_over_time() {
        let mut supply = Supply::new(3_600, 1_000_000, 0);
        supply.advance_to(RAMP_MS);
        // 3.6 kW for ten seconds are 10 Wh.
        assert_eq!(supply.advance_to(RAMP_MS + 10_000), 10_000 * MW_MS_PER_MWH);
    }

    proptest! {
        #[test]
        fn the_target_is_reached_exactly_and_never_passed(
            max_power_w in 1_i64..400_000,
            target_mwh in 1_i64..100_000,
            steps_ms in prop::collection::vec(0_i64..5_000, 0..100),
        ) {
            let mut supply = Supply::new(max_power_w, target_mwh, 17);
            let (mut now_ms, mut flowed_mw_ms) = (17, 0);
            for step_ms in steps_ms {
                now_ms += step_ms;
                let energy_mw_ms = supply.advance_to(now_ms);
                prop_assert!(energy_mw_ms >= 0);
                prop_assert!(energy_mw_ms <= max_power_w * MW_PER_W * step_ms);
                flowed_mw_ms += energy_mw_ms;
                prop_assert!(flowed_mw_ms <= target_mwh * MW_MS_PER_MWH);
                prop_assert!(supply.power_w() <= max_power_w);
            }
            let slowest_mw = (max_power_w / TAPER_FLOOR).max(1) * MW_PER_W;
            let longest_ms = RAMP_MS + target_mwh * MW_MS_PER_MWH / slowest_mw + STEP_MS;
            flowed_mw_ms += supply.advance_to(now_ms + longest_ms);
            prop_assert!(supply.is_complete());
            prop_assert_eq!(flowed_mw_ms, target_mwh * MW_MS_PER_MWH);
        }

        #[test]
        fn asking_more_often_changes_no_energy(now_ms in 0_i64..60_000) {
            let (mut once, mut often) = (Supply::new(22_000, 100_000, 0), Supply::new(22_000, 100_000, 0));
            once.advance_to(now_ms);
            for step_ms in 0..=now_ms / STEP_MS {
                often.advance_to(step_ms * STEP_MS);
            }
            often.advance_to(now_ms);
            prop_assert_eq!(once.supplied_mw_ms, often.supplied_mw_ms);
        }
    }
}
