//! Energy in integer milliwatt-hours (mWh) and power in watts.

use crate::money::parse_decimal;

/// Milliwatt-hours in a kilowatt-hour.
pub const MWH_PER_KWH: i64 = 1_000_000;

/// Energy for people: `1.234 kWh`.
pub fn format_energy(energy_mwh: i64) -> String {
    let sign = if energy_mwh < 0 { "-" } else { "" };
    let watt_hours = energy_mwh.unsigned_abs() / 1_000;
    format!("{sign}{}.{:03} kWh", watt_hours / 1_000, watt_hours % 1_000)
}

/// Power for people: `22.0 kW`.
pub fn format_power(power_w: i64) -> String {
    format!("{}.{} kW", power_w / 1_000, (power_w % 1_000) / 100)
}

/// Reads an energy such as `2kWh`, `0.3 kWh` or `500Wh` into mWh, without a float in between.
///
/// # Errors
/// Says what is wrong: no unit, not a number, zero, too many decimals, or too large.
pub fn parse_energy(text: &str) -> Result<i64, String> {
    let wrong = || format!("{text:?} is no energy such as 2kWh or 500Wh");
    let trimmed = text.trim();
    let (number, decimals) = if let Some(number) = trimmed.strip_suffix("kWh") {
        (number, 6)
    } else if let Some(number) = trimmed.strip_suffix("Wh") {
        (number, 3)
    } else {
        return Err(wrong());
    };
    parse_decimal(number.trim_end(), decimals).filter(|energy_mwh| *energy_mwh > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn energies_are_read_and_written_exactly() {
        for (text, energy_mwh) in
            [("2kWh", 2_000_000), ("0.3 kWh", 300_000), ("500Wh", 500_000), ("0.001Wh", 1)]
        {
            assert_eq!(parse_energy(text), Ok(energy_mwh), "{text}");
        }
        assert_eq!(format_energy(1_234_567), "1.234 kWh");
        assert_eq!(format_power(22_050), "22.0 kW");
    }

    #[test]
    fn what_is_no_energy_is_refused() {
        for text in ["", "2", "kWh", "-2kWh", "0kWh", "0.0001Wh", "2 MWh", "9999999999999999kWh"] {
            assert!(parse_energy(text).is_err(), "{text:?}");
        }
    }
}
