//! What energy costs. Pure, exact integer arithmetic; rounded once, when a session is billed.

use crate::{energy::MWH_PER_KWH, money::MICROS_PER_CENT};

/// The most energy of one session, in mWh (1 MWh): more than any vehicle takes, and far from any overflow.
pub const MAX_SESSION_ENERGY_MWH: i64 = 1_000_000_000;

/// Exact cost so far in micros, rounded down: what a display shows while energy flows.
pub fn running_cost_micros(energy_mwh: i64, price_micros_per_kwh: i64) -> i64 {
    narrow(i128::from(energy_mwh) * i128::from(price_micros_per_kwh) / i128::from(MWH_PER_KWH))
}

/// The billed cost in micros: a whole number of cents, rounded half to even from the exact product.
pub fn billed_cost_micros(energy_mwh: i64, price_micros_per_kwh: i64) -> i64 {
    let exact = i128::from(energy_mwh) * i128::from(price_micros_per_kwh);
    let cent = i128::from(MWH_PER_KWH) * i128::from(MICROS_PER_CENT);
    let (cents, rest) = (exact / cent, exact % cent);
    let round_up = match (rest * 2).cmp(&cent) {
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => cents % 2 == 1,
        std::cmp::Ordering::Greater => true,
    };
    narrow((cents + i128::from(round_up)) * i128::from(MICROS_PER_CENT))
}

/// The most energy whose billed cost a balance covers, in mWh, at most [`MAX_SESSION_ENERGY_MWH`].
///
/// The balance counts in whole cents: energy that costs at most that exactly never rounds to more.
pub fn affordable_energy_mwh(balance_micros: i64, price_micros_per_kwh: i64) -> i64 {
    if balance_micros <= 0 {
        return 0;
    }
    if price_micros_per_kwh <= 0 {
        return MAX_SESSION_ENERGY_MWH;
    }
    let whole_cents = balance_micros - balance_micros % MICROS_PER_CENT;
    let energy = i128::from(whole_cents) * i128::from(MWH_PER_KWH) / i128::from(price_micros_per_kwh);
    narrow(energy).min(MAX_SESSION_ENERGY_MWH)
}

/// Saturates: prices and energies are validated far below what could overflow.
fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn half_a_cent_rounds_to_the_even_cent() {
        // 1 kWh at 0.125, 0.135 and 0.145: 12.5, 13.5 and 14.5 cents.
        assert_eq!(billed_cost_micros(MWH_PER_KWH, 125_000), 120_000);
        assert_eq!(billed_cost_micros(MWH_PER_KWH, 135_000), 140_000);
        assert_eq!(billed_cost_micros(MWH_PER_KWH, 145_000), 140_000);
        assert_eq!(billed_cost_micros(MWH_PER_KWH, 145_001), 150_000);
    }

    proptest! {
        #[test]
        fn affordable_energy_never_costs_more_than_the_balance(
            balance_micros in 0_i64..1_000_000_000_000, price in 0_i64..10_000_000,
        ) {
            let energy_mwh = affordable_energy_mwh(balance_micros, price);
            prop_assert!(billed_cost_micros(energy_mwh, price) <= balance_micros);
        }

        #[test]
        fn the_bill_is_whole_cents_within_half_a_cent_of_the_exact_cost(
            energy_mwh in 0_i64..=MAX_SESSION_ENERGY_MWH, price in 0_i64..10_000_000,
        ) {
            let billed = billed_cost_micros(energy_mwh, price);
            prop_assert_eq!(billed % MICROS_PER_CENT, 0);
            let exact = i128::from(energy_mwh) * i128::from(price);
            let difference = (i128::from(billed) * i128::from(MWH_PER_KWH) - exact).abs();
            prop_assert!(difference * 2 <= i128::from(MICROS_PER_CENT) * i128::from(MWH_PER_KWH));
            prop_assert!((running_cost_micros(energy_mwh, price) - billed).abs() <= MICROS_PER_CENT / 2 + 1);
        }
    }
}
