#![allow(clippy::unwrap_used, clippy::expect_used)]

use super::*;

const GOOD: &str = r#"# A comment.
[[charge_points]]
id = "MAD-01"
location = "Gran Vía 1, Madrid"
price = "0.45"
max_power_kw = 50
vehicle_energy = "30kWh"

[[charge_points]]
id = "MAD-02"
location = "Gran Vía 2, Madrid"
price = "0.5 EUR"
max_power_w = 7400

[[drivers]]
id = "ana"
name = "Ana García"
balance = "50"

[[drivers]]
id = "bob"
balance = "0"
"#;

fn refused(from: &str, to: &str) -> (usize, String) {
    assert!(GOOD.contains(from), "{from:?} is not in the good file");
    parse(&GOOD.replacen(from, to, 1)).expect_err(to)
}

#[test]
fn a_good_file_is_read_exactly() {
    let plan = parse(GOOD).unwrap();
    assert_eq!(
        plan.charge_points[0],
        PlannedChargePoint {
            cp_id: "MAD-01".into(),
            location: "Gran Vía 1, Madrid".into(),
            price_micros_per_kwh: 450_000,
            max_power_w: 50_000,
            vehicle_energy_mwh: 30_000_000,
        }
    );
    assert_eq!(plan.charge_points[1].max_power_w, 7_400);
    assert_eq!(plan.charge_points[1].vehicle_energy_mwh, 40_000_000);
    assert_eq!(plan.drivers[0].name, "Ana García");
    assert_eq!(plan.drivers[0].balance_micros, 50_000_000);
    assert_eq!((plan.drivers[1].name.as_str(), plan.drivers[1].balance_micros), ("bob", 0));
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    for (from, to, line, reason) in [
        (r#"price = "0.45""#, r#"prize = "0.45""#, 5, "unknown field `prize`"),
        (r#"price = "0.45""#, "price = 0.45", 5, "expected a string in quotes"),
        (r#"price = "0.45""#, r#"price = "-1""#, 5, "price \"-1\" is no amount"),
        (r#"price = "0.45""#, r#"price = "11""#, 5, "price must be at most 10.00 EUR"),
        (r#"price = "0.45""#, r#"price = "0.45"#, 5, ""),
        ("max_power_kw = 50", "max_power_kw = 0", 6, "power must be 1 to 1000 kW"),
        ("max_power_kw = 50", "max_power_kw = 9223372036854775807", 6, "power must be"),
        ("max_power_kw = 50", "max_power_w = 1\nmax_power_kw = 50", 6, "not both"),
        ("max_power_kw = 50\n", "", 2, "MAD-01 has no max_power_kw"),
        (r#""30kWh""#, r#""40""#, 7, "vehicle_energy \"40\" is no energy"),
        (r#""30kWh""#, r#""1001kWh""#, 7, "at most 1000kWh"),
        (r#"id = "MAD-02""#, r#"id = "MAD-01""#, 10, "\"MAD-01\" is also on line 3"),
        (r#"id = "MAD-02""#, r#"id = "MAD 02""#, 10, "id \"MAD 02\" must be 1 to 48"),
        (r#""Gran Vía 2, Madrid""#, r#"" ""#, 11, "location must be 1 to 100 characters"),
        (r#"id = "bob""#, r#"id = "ana""#, 21, "\"ana\" is also on line 16"),
        (r#"balance = "50""#, r#"balance = "x""#, 18, "balance \"x\" is no amount"),
        ("[[drivers]]", "[[chargers]]", 15, "unknown field `chargers`"),
        ("# A comment.", "prices = 1", 1, "unknown field `prices`"),
    ] {
        let (found_line, found_reason) = refused(from, to);
        assert_eq!(found_line, line, "{to}: {found_reason}");
        assert!(found_reason.contains(reason), "{to}: {found_reason}");
    }
}

#[test]
fn a_missing_key_is_named_with_the_line_of_its_table() {
    let (line, reason) = refused("id = \"MAD-02\"\n", "");
    assert_eq!(line, 9, "{reason}");
    assert!(reason.contains("missing field `id`"), "{reason}");
}

#[test]
fn a_file_without_charge_points_is_refused() {
    assert!(parse("").unwrap_err().1.contains("[[charge_points]]"));
}

#[test]
fn an_error_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("network.toml");
    assert!(read(&path).unwrap_err().message.contains("network.toml"));
    std::fs::write(&path, "\n\nnonsense").unwrap();
    let message = read(&path).unwrap_err().message;
    assert!(message.contains("network.toml, line 3: "), "{message}");
}

#[test]
fn the_example_that_we_ship_is_good() {
    let plan = read(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/network.toml"))).unwrap();
    assert!(!plan.charge_points.is_empty() && !plan.drivers.is_empty());
}
