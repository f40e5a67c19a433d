//! Money in integer micro-units of the currency: 1 EUR is 1,000,000 micros.

/// The one currency of a network (ISO 4217).
pub const CURRENCY: &str = "EUR";

/// Micro-units in one unit of the currency.
pub const MICROS_PER_UNIT: i64 = 1_000_000;

/// Micro-units in a cent.
pub const MICROS_PER_CENT: i64 = 10_000;

/// Money for people: `12.34 EUR`, with more digits only where there are any.
pub fn format_money(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let units = micros.unsigned_abs() / MICROS_PER_UNIT.unsigned_abs();
    let rest = micros.unsigned_abs() % MICROS_PER_UNIT.unsigned_abs();
    let mut digits = format!("{rest:06}");
    while digits.len() > 2 && digits.ends_with('0') {
        digits.pop();
    }
    format!("{sign}{units}.{digits} {CURRENCY}")
}

/// Reads an amount such as `20`, `0.45` or `12.5 EUR` into micros, without a float in between.
///
/// # Errors
/// Says what is wrong: not a number, more than six decimals, another currency, or too large.
pub fn parse_money(text: &str) -> Result<i64, String> {
    let number = text.trim().trim_end_matches(CURRENCY).trim_end();
    parse_decimal(number, 6).ok_or_else(|| format!("{text:?} is no amount such as 20 or 12.50 EUR"))
}

/// Reads a non-negative decimal number with at most `decimals` decimals, scaled by ten to that power.
pub(crate) fn parse_decimal(text: &str, decimals: usize) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || fraction.len() > decimals {
        return None;
    }
    let scale = 10_i64.checked_pow(u32::try_from(decimals).ok()?)?;
    let fraction_scale = 10_i64.checked_pow(u32::try_from(decimals - fraction.len()).ok()?)?;
    whole
        .parse::<i64>()
        .ok()?
        .checked_mul(scale)?
        .checked_add(fraction.parse::<i64>().ok()?.checked_mul(fraction_scale)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_and_written_exactly() {
        for (text, micros, written) in [
            ("20", 20_000_000, "20.00 EUR"),
            ("0.45", 450_000, "0.45 EUR"),
            ("12.5 EUR", 12_500_000, "12.50 EUR"),
            ("0.000001", 1, "0.000001 EUR"),
        ] {
            assert_eq!(parse_money(text), Ok(micros), "{text}");
            assert_eq!(format_money(micros), written);
        }
        assert_eq!(format_money(-1_230_000), "-1.23 EUR");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for text in ["", "-1", "1.2.3", "1e3", "0.0000001", "5 USD", "99999999999999999999", "."] {
            assert!(parse_money(text).is_err(), "{text:?}");
        }
    }
}
