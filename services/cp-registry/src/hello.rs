//! Who a monitor says that it is. Pure.

use evcharging_common::{
    error::{Error, ErrorCode},
    ids,
    money::MICROS_PER_UNIT,
    pb::cp_registry::v1::Hello,
};

/// The highest price of a kWh: 100 units of the currency.
const MAX_PRICE_MICROS: i64 = 100 * MICROS_PER_UNIT;
/// The most power of a charge point: 1 MW.
const MAX_POWER_W: i64 = 1_000_000;
const MAX_LOCATION_CHARS: usize = 128;
const MIN_KEY_CHARS: usize = 8;
const MAX_KEY_CHARS: usize = 128;

/// Checks every field of a Hello.
///
/// # Errors
/// REQUEST_INVALID with a violation for each field that is wrong. The key itself is in no text.
pub fn validate(hello: &Hello) -> Result<(), Error> {
    let mut violations = match ids::check("hello.cp_id", &hello.cp_id) {
        Ok(()) => Vec::new(),
        Err(error) => error.violations,
    };
    let mut require = |holds: bool, field: &str, problem: String| {
        if !holds {
            violations.push((format!("hello.{field}"), problem));
        }
    };
    let location_chars = hello.location.chars().count();
    require(
        (1..=MAX_LOCATION_CHARS).contains(&location_chars) && !hello.location.chars().any(char::is_control),
        "location",
        format!("must be 1 to {MAX_LOCATION_CHARS} printable characters"),
    );
    require(
        (0..=MAX_PRICE_MICROS).contains(&hello.price_micros_per_kwh),
        "price_micros_per_kwh",
        format!("must be 0 to {MAX_PRICE_MICROS}"),
    );
    require((1..=MAX_POWER_W).contains(&hello.max_power_w), "max_power_w", format!("must be 1 to {MAX_POWER_W}"));
    require(
        (MIN_KEY_CHARS..=MAX_KEY_CHARS).contains(&hello.key.chars().count()),
        "key",
        format!("must be {MIN_KEY_CHARS} to {MAX_KEY_CHARS} characters"),
    );
    if violations.is_empty() {
        return Ok(());
    }
    let texts: Vec<String> = violations.iter().map(|(field, problem)| format!("{field} {problem}")).collect();
    let mut error = Error::new(ErrorCode::InvalidArgument, "REQUEST_INVALID", texts.join("; "));
    error.violations = violations;
    Err(error)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    fn hello() -> Hello {
        Hello {
            cp_id: "MAD-01".to_owned(),
            location: "Madrid, Gran Vía 1".to_owned(),
            price_micros_per_kwh: 450_000,
            max_power_w: 22_000,
            key: "12345678".to_owned(),
        }
    }

    #[test]
    fn the_bounds_themselves_are_valid() {
        assert_eq!(validate(&hello()), Ok(()));
        let least = Hello {
            location: "x".to_owned(),
            price_micros_per_kwh: 0,
            max_power_w: 1,
            ..hello()
        };
        assert_eq!(validate(&least), Ok(()));
        let most = Hello {
            location: "ñ".repeat(128),
            price_micros_per_kwh: 100_000_000,
            max_power_w: 1_000_000,
            key: "k".repeat(128),
            ..hello()
        };
        assert_eq!(validate(&most), Ok(()));
    }

    #[test]
    fn what_is_outside_is_named_and_the_key_is_not_told() {
        let wrong = Hello {
            cp_id: "MAD 01".to_owned(),
            location: String::new(),
            price_micros_per_kwh: -1,
            max_power_w: 0,
            key: "secret".to_owned(),
        };
        let error = validate(&wrong).unwrap_err();
        let fields: Vec<&str> = error.violations.iter().map(|(field, _)| field.as_str()).collect();
        let expected =
            ["hello.cp_id", "hello.location", "hello.price_micros_per_kwh", "hello.max_power_w", "hello.key"];
        assert_eq!(fields, expected);
        assert!(!error.message.contains("secret"));
    }

    #[test]
    fn too_much_is_refused_like_too_little() {
        for wrong in [
            Hello { location: "x".repeat(129), ..hello() },
            Hello { location: "two\nlines".to_owned(), ..hello() },
            Hello { price_micros_per_kwh: 100_000_001, ..hello() },
            Hello { max_power_w: 1_000_001, ..hello() },
            Hello { key: "k".repeat(129), ..hello() },
        ] {
            assert_eq!(validate(&wrong).unwrap_err().violations.len(), 1);
        }
    }
}
