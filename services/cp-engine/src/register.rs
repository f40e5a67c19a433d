//! The meter's cumulative register. Pure.

/// Milliwatt-milliseconds in a milliwatt-hour: energy is summed in these, so that no part of it is ever rounded away.
pub const MW_MS_PER_MWH: i64 = 3_600_000;

/// All energy that ever flowed. It never goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Register {
    mwh: i64,
    /// What is not yet a whole mWh.
    remainder_mw_ms: i64,
}

impl Register {
    /// A register that begins with `mwh`.
    pub fn new(mwh: i64) -> Self {
        Self { mwh, remainder_mw_ms: 0 }
    }

    /// Adds energy that flowed, in milliwatt-milliseconds, never negative.
    pub fn add(&mut self, energy_mw_ms: i64) {
        let sum_mw_ms = self.remainder_mw_ms + energy_mw_ms;
        self.mwh += sum_mw_ms / MW_MS_PER_MWH;
        self.remainder_mw_ms = sum_mw_ms % MW_MS_PER_MWH;
    }

    /// The whole milliwatt-hours.
    pub fn mwh(&self) -> i64 {
        self.mwh
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_part_of_a_milliwatt_hour_is_lost(
            first_mwh in 0_i64..1_000_000_000,
            energies_mw_ms in prop::collection::vec(0_i64..100_000_000_000, 0..200),
        ) {
            let mut register = Register::new(first_mwh);
            let mut last_mwh = first_mwh;
            for energy_mw_ms in &energies_mw_ms {
                register.add(*energy_mw_ms);
                prop_assert!(register.mwh() >= last_mwh);
                last_mwh = register.mwh();
            }
            let sum_mw_ms: i64 = energies_mw_ms.iter().sum();
            prop_assert_eq!(register.mwh(), first_mwh + sum_mw_ms / MW_MS_PER_MWH);
            prop_assert_eq!(register.remainder_mw_ms, sum_mw_ms % MW_MS_PER_MWH);
        }
    }
}
