//! Checking the first message of a link.

use evcharging_common::{error::Error, ids, money::MICROS_PER_UNIT, pb::cp_registry::v1::Hello};

/// The longest location, in characters.
const MAX_LOCATION_CHARS: usize = 128;
/// The highest price of a kWh: 100 units of the currency.
const MAX_PRICE_MICROS: i64 = 100 * MICROS_PER_UNIT;
/// The most power: 1 MW.
const MAX_POWER_W: i64 = 1_000_000;

/// Checks who a monitor says that it is.
///
/// # Errors
/// INVALID_ARGUMENT with the field that is wrong.
pub fn check(hello: &Hello) -> Result<(), Error> {
    ids::check("hello.cp_id", &hello.cp_id)?;
    let location_chars = hello.location.chars().count();
    if !(1..=MAX_LOCATION_CHARS).contains(&location_chars) || hello.location.chars().any(char::is_control) {
        let problem = format!("must be 1 to {MAX_LOCATION_CHARS} printable characters");
        return Err(Error::invalid_argument("hello.location", problem));
    }
    if !(0..=MAX_PRICE_MICROS).contains(&hello.price_micros_per_kwh) {
        let problem = format!("must be 0 to {MAX_PRICE_MICROS}");
        return Err(Error::invalid_argument("hello.price_micros_per_kwh", problem));
    }
    if !(1..=MAX_POWER_W).contains(&hello.max_power_w) {
        return Err(Error::invalid_argument("hello.max_power_w", format!("must be 1 to {MAX_POWER_W}")));
    }
    if !(8..=128).contains(&hello.key.chars().count()) {
        return Err(Error::invalid_argument("hello.key", "must be 8 to 128 characters"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_checked() {
        type Change = dyn Fn(&mut Hello);
        let good = Hello {
            cp_id: "MAD-01".into(),
            location: "Madrid".into(),
            price_micros_per_kwh: 400_000,
            max_power_w: 50_000,
            key: "12345678".into(),
        };
        assert_eq!(check(&good), Ok(()));
        let wrong: [(&str, &Change); 5] = [
            ("cp_id", &|hello| hello.cp_id.clear()),
            ("location", &|hello| hello.location = "a\nb".into()),
            ("price", &|hello| hello.price_micros_per_kwh = -1),
            ("power", &|hello| hello.max_power_w = 0),
            ("key", &|hello| hello.key = "short".into()),
        ];
        for (field, change) in wrong {
            let mut hello = good.clone();
            change(&mut hello);
            let error = check(&hello).expect_err(field);
            assert!(error.violations[0].0.contains(field), "{error}");
        }
    }
}
