//! Steps as text for people. Pure.

use evcharging_common::{
    clock,
    energy::{format_energy, format_power},
    money::{MICROS_PER_CENT, format_money},
};

use crate::{
    duration::format_duration,
    requests_file::Target,
    step::{ChargePoint, Step, Ticket},
    summary::Summary,
};

/// The lines of a step, without the time at which it happened.
pub(crate) fn lines(step: &Step) -> Vec<String> {
    let line = match step {
        Step::NetworkStatus { charge_points } => return network(charge_points),
        Step::NetworkStatusMissing { message } => message.clone(),
        Step::Requested { cp_id, target, .. } => {
            format!("asks for {}{}", cp_id.as_deref().unwrap_or("any charge point"), target_text(*target))
        }
        Step::Authorized { cp_id, reserved_until_ms: Some(until_ms), .. } => {
            format!("authorized: {cp_id} is reserved until {}", time_of_day(*until_ms))
        }
        Step::Authorized { cp_id, reserved_until_ms: None, .. } => format!("authorized at {cp_id}"),
        Step::Refused { reason, message } => format!("refused: {message} ({reason})"),
        Step::SupplyStarted { cp_id, energy_limit_mwh, .. } => {
            format!("{cp_id} supplies energy, at most {}", format_energy(*energy_limit_mwh))
        }
        Step::Consumption { power_w, energy_mwh, cost_micros, .. } => {
            let cents = cost_micros - cost_micros % MICROS_PER_CENT;
            format!(
                "{:>9}  {:>11}  {:>10}",
                format_power(*power_w),
                format_energy(*energy_mwh),
                format_money(cents)
            )
        }
        Step::NoReading { since_ms } => {
            format!("no reading since {}; the charge may go on all the same", time_of_day(*since_ms))
        }
        Step::Stopping { message } | Step::StopAsked { message } => message.clone(),
        Step::SupplyError { reason, message, ticket_follows, .. } => {
            let follows = if *ticket_follows { "; the ticket follows" } else { "" };
            format!("the supply failed: {message} ({reason}){follows}")
        }
        Step::ReservationExpired { cp_id } => {
            format!("the reservation of {cp_id} ended before the charge began")
        }
        Step::CpError { cp_id, kind, message } => format!("{cp_id} has a problem: {message} ({kind})"),
        Step::CpFixed { cp_id, message } => format!("{cp_id} is whole again: {message}"),
        Step::Ticket(ticket) => return ticket_block(ticket),
        Step::Failed { message, .. } => format!("failed: {message}"),
        Step::Cancelled { message } => format!("cancelled: {message}"),
        Step::MessagingUnavailable => "messaging unavailable, still trying".to_owned(),
        Step::MessagingBack => "messaging is back".to_owned(),
        Step::Summary(summary) => return summary_block(summary),
    };
    vec![line]
}

/// The time of day of an instant, in UTC: `12:30:59Z`.
pub(crate) fn time_of_day(instant_ms: i64) -> String {
    let instant = clock::format_instant(instant_ms);
    instant.rsplit(' ').next().unwrap_or_default().to_owned()
}

fn target_text(target: Target) -> String {
    match target {
        Target::Full => String::new(),
        Target::EnergyMwh(energy_mwh) => format!(", {}", format_energy(energy_mwh)),
        Target::TimeMs(time_ms) => format!(", {}", format_duration(time_ms)),
    }
}

/// A word of the protocol for people: `target reached`.
fn words(word: &str) -> String {
    word.to_lowercase().replace('_', " ")
}

fn ticket_block(ticket: &Ticket) -> Vec<String> {
    let rows = [
        (
            "charged",
            format!("{} in {}", format_energy(ticket.energy_mwh), format_duration(ticket.duration_ms)),
        ),
        ("at", ticket.cp_id.clone()),
        ("cost", format_money(ticket.cost_micros)),
        ("ended", format!("{}, {}", clock::format_instant(ticket.ended_at_ms), words(&ticket.end_reason))),
        ("balance", format_money(ticket.balance_micros)),
        ("session", ticket.session_id.clone()),
        ("trace", ticket.trace_id.clone()),
    ];
    let rows = rows.iter().filter(|(_, value)| !value.is_empty());
    std::iter::once("ticket".to_owned())
        .chain(rows.map(|(name, value)| format!("  {name:<8} {value}")))
        .collect()
}

fn network(charge_points: &[ChargePoint]) -> Vec<String> {
    let mut rows = vec![["charge point", "status", "price/kWh", "since", "location"].map(str::to_owned)];
    rows.extend(charge_points.iter().map(|charge_point| {
        [
            charge_point.cp_id.clone(),
            words(&charge_point.status),
            format_money(charge_point.price_micros_per_kwh),
            clock::format_instant(charge_point.since_ms),
            charge_point.location.clone(),
        ]
    }));
    std::iter::once(format!("the network has {} charge points", charge_points.len()))
        .chain(aligned(&rows))
        .collect()
}

fn summary_block(summary: &Summary) -> Vec<String> {
    let mut rows = vec![["line", "charge point", "result", "energy", "cost", "why"].map(str::to_owned)];
    for charge in &summary.charges {
        let outcome = &charge.outcome;
        let billed = |text: String| if outcome.energy_mwh > 0 { text } else { "-".to_owned() };
        rows.push([
            charge.line.to_string(),
            outcome.cp_id.clone().unwrap_or_else(|| "any".to_owned()),
            outcome.result.as_str().to_owned(),
            billed(format_energy(outcome.energy_mwh)),
            billed(format_money(outcome.cost_micros)),
            if outcome.message.contains(' ') { outcome.message.clone() } else { words(&outcome.message) },
        ]);
    }
    let total = format!(
        "{} of {} charges completed, {} for {}",
        summary.completed,
        summary.charges.len(),
        format_energy(summary.energy_mwh),
        format_money(summary.cost_micros)
    );
    std::iter::once(total).chain(aligned(&rows)).collect()
}

/// Rows in columns as wide as their widest cell.
fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> Vec<String> {
    let mut widths = [0; COLUMNS];
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |row: &[String; COLUMNS]| {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        format!("  {}", cells.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::{ChargeResult, LineOutcome, Outcome};

    #[test]
    fn a_reading_fits_one_line_and_shows_whole_cents() {
        let step = Step::Consumption {
            cp_id: "MAD-01".into(),
            session_id: "s".into(),
            power_w: 22_050,
            energy_mwh: 123_456,
            cost_micros: 55_123,
        };
        assert_eq!(lines(&step), ["  22.0 kW    0.123 kWh    0.05 EUR"]);
    }

    #[test]
    fn a_ticket_reads_like_a_bill() {
        let ticket = Ticket {
            session_id: "0190".into(),
            cp_id: "MAD-01".into(),
            energy_mwh: 300_000,
            cost_micros: 140_000,
            currency: "EUR".into(),
            duration_ms: 14_200,
            ended_at_ms: 0,
            end_reason: "TARGET_REACHED".into(),
            balance_micros: 49_860_000,
            ..Ticket::default()
        };
        let expected = [
            "ticket",
            "  charged  0.300 kWh in 14 s",
            "  at       MAD-01",
            "  cost     0.14 EUR",
            "  ended    1970-01-01 00:00:00Z, target reached",
            "  balance  49.86 EUR",
            "  session  0190",
        ];
        assert_eq!(lines(&Step::Ticket(ticket)), expected);
    }

    #[test]
    fn the_summary_is_a_table_with_totals() {
        let outcome = |cp_id: Option<&str>, result, message: &str, energy_mwh, cost_micros| Outcome {
            cp_id: cp_id.map(str::to_owned),
            result,
            message: message.to_owned(),
            energy_mwh,
            cost_micros,
        };
        let charges = vec![
            outcome(Some("MAD-01"), ChargeResult::Completed, "TARGET_REACHED", 300_000, 140_000),
            outcome(None, ChargeResult::Refused, "none is free (NO_CP_AVAILABLE)", 0, 0),
        ];
        let charges = charges.into_iter().enumerate();
        let charges = charges.map(|(index, outcome)| LineOutcome { line: index + 9, outcome }).collect();
        let summary = Summary {
            charges,
            completed: 1,
            energy_mwh: 300_000,
            cost_micros: 140_000,
            currency: "EUR",
            exit_code: 1,
        };
        let expected = [
            "1 of 2 charges completed, 0.300 kWh for 0.14 EUR",
            "  line  charge point  result     energy     cost      why",
            "  9     MAD-01        completed  0.300 kWh  0.14 EUR  target reached",
            "  10    any           refused    -          -         none is free (NO_CP_AVAILABLE)",
        ];
        assert_eq!(lines(&Step::Summary(summary)), expected);
    }

    #[test]
    fn requests_say_what_is_wanted() {
        for (cp_id, target, expected) in [
            (Some("MAD-01"), Target::EnergyMwh(2_000_000), "asks for MAD-01, 2.000 kWh"),
            (None, Target::TimeMs(90_000), "asks for any charge point, 1 min 30 s"),
            (None, Target::Full, "asks for any charge point"),
        ] {
            let cp_id = cp_id.map(str::to_owned);
            assert_eq!(lines(&Step::Requested { cp_id, target, expires_at_ms: 0 }), [expected]);
        }
    }
}
