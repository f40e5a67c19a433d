//! The user's own network as a TOML file: read whole and checked before anything starts, refused with line and reason.

use std::{collections::HashMap, path::Path};

use evcharging_common::{
    energy::parse_energy,
    error::{Error, ErrorCode},
    ids,
    money::{MICROS_PER_UNIT, format_money, parse_money},
    pricing::MAX_SESSION_ENERGY_MWH,
};
use serde::Deserialize;
use toml::Spanned;

use crate::{
    config::{MAX_CHARGE_POINTS, MAX_DRIVERS},
    plan::{MAX_POWER_W, Plan, PlannedChargePoint, PlannedDriver, VEHICLE_ENERGY_MWH},
};

/// Larger files are refused unread: the largest network allowed fits many times.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;
/// Shorter than ids elsewhere: a driver's id goes into the id of its first top-up.
const MAX_ID_BYTES: usize = 48;
const MAX_TEXT_CHARS: usize = 100;
const MIN_POWER_W: i64 = 1_000;
const MAX_PRICE_MICROS: i64 = 10 * MICROS_PER_UNIT;
const MAX_BALANCE_MICROS: i64 = 1_000_000 * MICROS_PER_UNIT;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworkFile {
    #[serde(default)]
    charge_points: Vec<Spanned<ChargePointEntry>>,
    #[serde(default)]
    drivers: Vec<Spanned<DriverEntry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ChargePointEntry {
    id: Spanned<String>,
    location: Spanned<String>,
    price: Spanned<String>,
    max_power_kw: Option<Spanned<i64>>,
    max_power_w: Option<Spanned<i64>>,
    vehicle_energy: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DriverEntry {
    id: Spanned<String>,
    name: Option<Spanned<String>>,
    balance: Spanned<String>,
}

/// What is wrong, and at which byte.
struct Problem {
    at: usize,
    text: String,
}

/// Reads a network file.
///
/// # Errors
/// Names file, line and reason.
pub fn read(path: &Path) -> Result<Plan, Error> {
    let unreadable = |error: std::io::Error| refusal(format!("cannot read {}: {error}", path.display()));
    let size = std::fs::metadata(path).map_err(unreadable)?.len();
    if size > MAX_FILE_BYTES {
        return Err(refusal(format!("{} is larger than {MAX_FILE_BYTES} bytes", path.display())));
    }
    parse(&std::fs::read_to_string(path).map_err(unreadable)?)
        .map_err(|(line, reason)| refusal(format!("{}, line {line}: {reason}", path.display())))
}

fn refusal(message: String) -> Error {
    Error::new(ErrorCode::InvalidArgument, "NETWORK_FILE_INVALID", message)
}

/// Reads the text of a network file; the error is line and reason.
fn parse(text: &str) -> Result<Plan, (usize, String)> {
    let file: NetworkFile = toml::from_str(text).map_err(|error| {
        let hint = if error.message().ends_with("expected a string") { " in quotes" } else { "" };
        (line_at(text, error.span().map_or(0, |span| span.start)), format!("{}{hint}", error.message()))
    })?;
    check(file, text).map_err(|problem| (line_at(text, problem.at), problem.text))
}

fn check(file: NetworkFile, text: &str) -> Result<Plan, Problem> {
    let too_many = |what, most| Problem { at: 0, text: format!("there are more than {most} {what}") };
    if file.charge_points.is_empty() {
        return Err(Problem { at: 0, text: "there is no charge point: add a [[charge_points]]".to_owned() });
    }
    if file.charge_points.len() > usize::try_from(MAX_CHARGE_POINTS).unwrap_or(usize::MAX) {
        return Err(too_many("charge points", MAX_CHARGE_POINTS));
    }
    if file.drivers.len() > usize::try_from(MAX_DRIVERS).unwrap_or(usize::MAX) {
        return Err(too_many("drivers", MAX_DRIVERS));
    }
    refuse_duplicates(file.charge_points.iter().map(|entry| &entry.get_ref().id), text)?;
    refuse_duplicates(file.drivers.iter().map(|entry| &entry.get_ref().id), text)?;
    Ok(Plan {
        charge_points: file.charge_points.into_iter().map(charge_point).collect::<Result<_, _>>()?,
        drivers: file.drivers.into_iter().map(driver).collect::<Result<_, _>>()?,
    })
}

fn charge_point(entry: Spanned<ChargePointEntry>) -> Result<PlannedChargePoint, Problem> {
    let table_at = entry.span().start;
    let entry = entry.into_inner();
    let max_power_w = match (&entry.max_power_kw, &entry.max_power_w) {
        (Some(kilowatts), None) => power(kilowatts, kilowatts.get_ref().saturating_mul(1_000))?,
        (None, Some(watts)) => power(watts, *watts.get_ref())?,
        (Some(_), Some(watts)) => return Err(problem(watts, "give max_power_kw or max_power_w, not both")),
        (None, None) => {
            let text = format!("charge point {} has no max_power_kw", entry.id.get_ref());
            return Err(Problem { at: table_at, text });
        }
    };
    Ok(PlannedChargePoint {
        cp_id: id(&entry.id)?,
        location: words("location", &entry.location)?,
        price_micros_per_kwh: amount("price", &entry.price, MAX_PRICE_MICROS)?,
        max_power_w,
        vehicle_energy_mwh: entry.vehicle_energy.as_ref().map_or(Ok(VEHICLE_ENERGY_MWH), vehicle_energy)?,
    })
}

fn driver(entry: Spanned<DriverEntry>) -> Result<PlannedDriver, Problem> {
    let entry = entry.into_inner();
    let driver_id = id(&entry.id)?;
    let name = entry.name.as_ref().map(|name| words("name", name)).transpose()?;
    Ok(PlannedDriver {
        name: name.unwrap_or_else(|| driver_id.clone()),
        driver_id,
        balance_micros: amount("balance", &entry.balance, MAX_BALANCE_MICROS)?,
    })
}

fn refuse_duplicates<'a>(ids: impl Iterator<Item = &'a Spanned<String>>, text: &str) -> Result<(), Problem> {
    let mut first_at: HashMap<&str, usize> = HashMap::new();
    for id in ids {
        if let Some(first) = first_at.insert(id.get_ref(), id.span().start) {
            let text = format!("id {:?} is also on line {}", id.get_ref(), line_at(text, first));
            return Err(problem(id, text));
        }
    }
    Ok(())
}

fn id(id: &Spanned<String>) -> Result<String, Problem> {
    let text = id.get_ref();
    if ids::is_valid(text) && text.len() <= MAX_ID_BYTES {
        return Ok(text.clone());
    }
    Err(problem(id, format!("id {text:?} must be 1 to {MAX_ID_BYTES} of A-Z a-z 0-9 . _ : -")))
}

fn words(field: &str, value: &Spanned<String>) -> Result<String, Problem> {
    let text = value.get_ref().trim();
    if text.is_empty() || text.chars().count() > MAX_TEXT_CHARS || text.chars().any(char::is_control) {
        let reason = format!("{field} must be 1 to {MAX_TEXT_CHARS} characters on one line");
        return Err(problem(value, reason));
    }
    Ok(text.to_owned())
}

fn amount(field: &str, value: &Spanned<String>, most_micros: i64) -> Result<i64, Problem> {
    let micros =
        parse_money(value.get_ref()).map_err(|reason| problem(value, format!("{field} {reason}")))?;
    if micros > most_micros {
        return Err(problem(value, format!("{field} must be at most {}", format_money(most_micros))));
    }
    Ok(micros)
}

fn power(value: &Spanned<i64>, watts: i64) -> Result<i64, Problem> {
    if (MIN_POWER_W..=MAX_POWER_W).contains(&watts) {
        return Ok(watts);
    }
    Err(problem(value, format!("power must be {} to {} kW", MIN_POWER_W / 1_000, MAX_POWER_W / 1_000)))
}

fn vehicle_energy(value: &Spanned<String>) -> Result<i64, Problem> {
    let energy_mwh =
        parse_energy(value.get_ref()).map_err(|reason| problem(value, format!("vehicle_energy {reason}")))?;
    if energy_mwh > MAX_SESSION_ENERGY_MWH {
        return Err(problem(value, "vehicle_energy must be at most 1000kWh"));
    }
    Ok(energy_mwh)
}

fn problem<T>(value: &Spanned<T>, text: impl Into<String>) -> Problem {
    Problem { at: value.span().start, text: text.into() }
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

#[cfg(test)]
#[path = "network_file_tests.rs"]
mod tests;
