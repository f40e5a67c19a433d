//! Drivers and their accounts.

use evcharging_common::{
    error::{Error, ErrorCode},
    money,
};

use super::known_driver;
use crate::{
    command::Reply,
    entities::{Driver, LedgerEntry},
    world::Draft,
};

/// The most that a balance may come to: far from any overflow.
const MAX_BALANCE_MICROS: i64 = 1_000_000 * money::MICROS_PER_UNIT;

pub(super) fn create(draft: &mut Draft<'_>, driver_id: &str, name: &str) -> Result<Reply, Error> {
    if let Some(known) = draft.driver(driver_id) {
        if known.name != name {
            let message = format!("driver {driver_id} exists with another name");
            return Err(Error::new(ErrorCode::AlreadyExists, "DRIVER_EXISTS", message));
        }
        return Ok(Reply::Driver(known.clone()));
    }
    let driver = Driver {
        driver_id: driver_id.to_owned(),
        name: name.to_owned(),
        blocked: false,
        balance_micros: 0,
        session_id: None,
        version: 0,
    };
    draft.insert_driver(driver.clone());
    draft.audit_driver("DRIVER_CREATED", driver_id, "operator", format!("driver {driver_id}"));
    Ok(Reply::Driver(driver))
}

pub(super) fn set_blocked(
    draft: &mut Draft<'_>,
    driver_id: &str,
    blocked: bool,
    operator_id: &str,
) -> Result<Reply, Error> {
    if known_driver(draft, driver_id)?.blocked != blocked {
        if let Some(driver) = draft.driver_mut(driver_id) {
            driver.blocked = blocked;
        }
        let kind = if blocked { "DRIVER_BLOCKED" } else { "DRIVER_UNBLOCKED" };
        draft.audit_driver(kind, driver_id, operator_id, format!("{driver_id} by {operator_id}"));
    }
    Ok(Reply::Driver(known_driver(draft, driver_id)?.clone()))
}

pub(super) fn top_up(
    draft: &mut Draft<'_>,
    top_up_id: &str,
    driver_id: &str,
    amount_micros: i64,
    operator_id: &str,
) -> Result<Reply, Error> {
    let balance_micros = known_driver(draft, driver_id)?.balance_micros.saturating_add(amount_micros);
    if balance_micros > MAX_BALANCE_MICROS {
        let message = format!("the balance would be over {}", money::format_money(MAX_BALANCE_MICROS));
        return Err(Error::failed_precondition("BALANCE_TOO_HIGH", message));
    }
    if let Some(driver) = draft.driver_mut(driver_id) {
        driver.balance_micros = balance_micros;
    }
    draft.add_ledger_entry(LedgerEntry {
        driver_id: driver_id.to_owned(),
        kind: "TOP_UP",
        amount_micros,
        balance_micros,
        session_id: None,
        top_up_id: Some(top_up_id.to_owned()),
        at_ms: draft.now_ms,
    });
    draft.audit_driver(
        "TOPPED_UP",
        driver_id,
        operator_id,
        format!("{driver_id} {}", money::format_money(amount_micros)),
    );
    Ok(Reply::Driver(known_driver(draft, driver_id)?.clone()))
}
