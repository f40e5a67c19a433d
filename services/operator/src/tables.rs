//! Tables for people. Pure.

use comfy_table::{CellAlignment, LineStyle, Table, presets};
use evcharging_common::{
    clock::format_instant,
    energy::{format_energy, format_power},
    money::format_money,
    pb::types::v1::{AuditEvent, ChargePoint, Driver, Session, Ticket},
    vocabulary::{ChargePointStatus, EndReason, FaultKind, SessionState, SimulatedErrorKind},
};

use crate::output::{lower, plain, word};

/// Something of which there are lists.
pub(crate) trait Tabular {
    /// What many of them are called.
    const NAME: &'static str;
    /// The columns' names; those of numbers begin with `>`.
    const HEADER: &'static [&'static str];
    /// One cell for each column.
    fn row(&self) -> Vec<String>;
}

/// A table with a header, numbers at the right.
pub(crate) fn table<T: Tabular>(items: &[T]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING.header_separator(LineStyle::none().fill('─').junction('─')));
    table.set_header(T::HEADER.iter().map(|name| name.trim_start_matches('>')));
    for item in items {
        table.add_row(item.row());
    }
    for (index, name) in T::HEADER.iter().enumerate() {
        if let Some(column) = table.column_mut(index)
            && name.starts_with('>')
        {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.trim_fmt()
}

impl Tabular for ChargePoint {
    const NAME: &'static str = "charge points";
    const HEADER: &'static [&'static str] =
        &["charge point", "status", "since", ">price/kWh", ">max. power", "location", "driver", "note"];

    fn row(&self) -> Vec<String> {
        vec![
            plain(&self.cp_id),
            word::<ChargePointStatus>(self.status),
            format_instant(self.status_since_ms),
            format_money(self.price_micros_per_kwh),
            format_power(self.max_power_w),
            plain(&self.location),
            plain(&self.driver_id),
            note(self),
        ]
    }
}

/// What the status alone does not tell.
pub(crate) fn note(charge_point: &ChargePoint) -> String {
    let mut notes = Vec::new();
    if let Some(kind) = charge_point.fault_kind {
        let message = &charge_point.fault_message;
        let why = if message.is_empty() { String::new() } else { format!(": {}", plain(message)) };
        notes.push(format!("{}{why}", word::<FaultKind>(kind)));
    }
    if let Some(kind) = charge_point.simulated_error {
        notes.push(format!("simulated: {}", word::<SimulatedErrorKind>(kind)));
    }
    let offline = charge_point.status == i32::from(ChargePointStatus::Offline);
    if !charge_point.connected && !offline {
        notes.push("not connected".to_owned());
    }
    plain(&notes.join("; "))
}

impl Tabular for Session {
    const NAME: &'static str = "sessions";
    const HEADER: &'static [&'static str] =
        &["session", "driver", "charge point", "state", "reserved", ">energy", ">cost", ">power", "end"];

    fn row(&self) -> Vec<String> {
        vec![
            plain(&self.session_id),
            plain(&self.driver_id),
            plain(&self.cp_id),
            word::<SessionState>(self.state),
            format_instant(self.created_at_ms),
            format_energy(self.energy_mwh),
            format_money(self.cost_micros),
            format_power(self.power_w),
            word::<EndReason>(self.end_reason),
        ]
    }
}

impl Tabular for Ticket {
    const NAME: &'static str = "tickets";
    const HEADER: &'static [&'static str] =
        &["session", "driver", "charge point", "ended", ">seconds", ">energy", ">cost", ">balance", "end"];

    fn row(&self) -> Vec<String> {
        vec![
            plain(&self.session_id),
            plain(&self.driver_id),
            plain(&self.cp_id),
            format_instant(self.ended_at_ms),
            (self.duration_ms / 1_000).to_string(),
            format_energy(self.energy_mwh),
            format_money(self.cost_micros),
            format_money(self.balance_micros),
            word::<EndReason>(self.end_reason),
        ]
    }
}

impl Tabular for Driver {
    const NAME: &'static str = "drivers";
    const HEADER: &'static [&'static str] = &["driver", "name", ">balance", "may charge", "open session"];

    fn row(&self) -> Vec<String> {
        let may_charge = if self.blocked { "no, blocked" } else { "yes" };
        vec![
            plain(&self.driver_id),
            plain(&self.name),
            format_money(self.balance_micros),
            may_charge.to_owned(),
            plain(&self.open_session_id),
        ]
    }
}

impl Tabular for AuditEvent {
    const NAME: &'static str = "events";
    const HEADER: &'static [&'static str] =
        &[">event", "at", "what", "by", "charge point", "driver", "message", "session"];

    fn row(&self) -> Vec<String> {
        vec![
            self.event_id.to_string(),
            format_instant(self.at_ms),
            lower(&plain(&self.kind)),
            plain(&self.actor),
            plain(&self.cp_id),
            plain(&self.driver_id),
            plain(&self.message),
            plain(&self.session_id),
        ]
    }
}
