//! Whether everything adds up: the rows, the events, what the meters said and what the drivers saw.

use std::collections::{BTreeMap, BTreeSet};

use evcharging_common::pb::events::v1::{Ticket, driver_notification::Notification};
use evcharging_testkit::Ledger;

use crate::{driving::Heard, history::History};

/// One session as the database has it.
struct Row {
    state: String,
    energy_mwh: i64,
    start_mwh: i64,
    cost_micros: i64,
    has_energy: bool,
}

async fn rows(ledger: &mut Ledger) -> BTreeMap<String, Row> {
    let found: Vec<(String, String, i64, i64, i64, i64)> = ledger
        .rows(
            "SELECT session_id, state, COALESCE(register_mwh - start_register_mwh, 0), COALESCE(start_register_mwh, 0), \
             COALESCE(cost_micros, -1), CASE WHEN start_register_mwh IS NULL THEN 0 ELSE 1 END::bigint FROM session_rows",
        )
        .await;
    let row = |(session_id, state, energy_mwh, start_mwh, cost_micros, has_energy)| {
        (session_id, Row { state, energy_mwh, start_mwh, cost_micros, has_energy: has_energy == 1 })
    };
    found.into_iter().map(row).collect()
}

/// What is wrong, a line each.
pub async fn problems(history: &History, heard: &Heard, ledger: &mut Ledger) -> Vec<String> {
    let mut problems: Vec<String> = ledger.broken_invariants().await.into_iter().map(str::to_owned).collect();
    let rows = rows(ledger).await;
    let tickets = tickets(history, &mut problems);
    check_rows(&rows, &tickets, history, &mut problems);
    for (session_id, ticket) in &tickets {
        match rows.get(session_id) {
            None => {
                problems.push(format!("a ticket tells of session {session_id}, which is not in the database"))
            }
            Some(row) if (row.energy_mwh, row.cost_micros) != (ticket.energy_mwh, ticket.cost_micros) => {
                problems.push(format!("the ticket of {session_id} is not what its row says"));
            }
            Some(_) => {}
        }
    }
    for session_id in &heard.authorized {
        if !rows.contains_key(session_id) {
            problems.push(format!(
                "a driver saw session {session_id} authorized, and the database does not know it"
            ));
        }
    }
    check_answers(history, heard, &rows, &mut problems);
    check_order(history, &mut problems);
    if history.dead_letters > 0 {
        problems.push(format!(
            "{} records went to dead_letters, though all were well-formed",
            history.dead_letters
        ));
    }
    problems
}

fn tickets<'a>(history: &'a History, problems: &mut Vec<String>) -> BTreeMap<String, &'a Ticket> {
    let mut tickets = BTreeMap::new();
    for told in &history.told {
        if let Notification::Ticket(ticket) = told
            && tickets.insert(ticket.session_id.clone(), ticket).is_some()
        {
            problems.push(format!("session {} has two tickets", ticket.session_id));
        }
    }
    tickets
}

fn check_rows(
    rows: &BTreeMap<String, Row>,
    tickets: &BTreeMap<String, &Ticket>,
    history: &History,
    problems: &mut Vec<String>,
) {
    let answered: BTreeSet<&str> = history
        .told
        .iter()
        .filter_map(|told| match told {
            Notification::AuthorizationResponse(answer) if answer.authorized => {
                Some(answer.session_id.as_str())
            }
            _ => None,
        })
        .collect();
    for (session_id, row) in rows {
        let is_billed = row.cost_micros >= 0;
        if is_billed != tickets.contains_key(session_id) {
            problems.push(format!(
                "session {session_id} is {} and billed: {is_billed}, but its ticket is not so",
                row.state
            ));
        }
        if !answered.contains(session_id.as_str()) {
            problems.push(format!("the driver of session {session_id} was never told that it is authorized"));
        }
        if !row.has_energy {
            continue;
        }
        // The register went through the monitor's reports too, but is never above what the engine published.
        let Some(metered) = history.metered.get(session_id) else {
            if row.energy_mwh > 0 {
                problems.push(format!(
                    "session {session_id} was billed {} mWh that no meter showed",
                    row.energy_mwh
                ));
            }
            continue;
        };
        if metered.start_mwh.is_some_and(|start_mwh| start_mwh != row.start_mwh) {
            problems.push(format!("session {session_id} began at another register than its meter"));
        }
        let shown_mwh = metered.highest_mwh - row.start_mwh;
        if row.energy_mwh > shown_mwh.max(0) {
            problems.push(format!(
                "session {session_id} was billed {} mWh, its meter showed {shown_mwh}",
                row.energy_mwh
            ));
        }
    }
}

/// Each request has its answer, and nobody was told of a session that there is not.
fn check_answers(history: &History, heard: &Heard, rows: &BTreeMap<String, Row>, problems: &mut Vec<String>) {
    let mut answered = BTreeSet::new();
    for told in &history.told {
        let session_id = match told {
            Notification::AuthorizationResponse(answer) => {
                answered.insert(answer.request_id.as_str());
                &answer.session_id
            }
            Notification::SessionStarted(told) => &told.session_id,
            Notification::ConsumptionUpdate(told) => &told.session_id,
            Notification::SupplyError(told) => &told.session_id,
            Notification::Ticket(told) => &told.session_id,
            Notification::ReservationExpired(told) => &told.session_id,
            Notification::CpError(_) | Notification::CpFixed(_) => continue,
        };
        if !session_id.is_empty() && !rows.contains_key(session_id) {
            problems.push(format!("a driver was told of session {session_id}, which is not in the database"));
        }
    }
    for request_id in &heard.requests {
        if !answered.contains(request_id.as_str()) {
            problems.push(format!("the request {request_id} was never answered"));
        }
    }
    if !rows.values().any(|row| row.cost_micros >= 0) {
        problems.push("nothing was billed at all".to_owned());
    }
}

/// The start comes after the authorization and before the bill; energy never goes back, and the bill is not below it.
fn check_order(history: &History, problems: &mut Vec<String>) {
    #[derive(Default)]
    struct Seen {
        authorized: bool,
        energy_mwh: i64,
        ticket: bool,
    }
    let mut sessions: BTreeMap<&str, Seen> = BTreeMap::new();
    for told in &history.told {
        match told {
            Notification::AuthorizationResponse(answer) if answer.authorized => {
                sessions.entry(&answer.session_id).or_default().authorized = true;
            }
            Notification::SessionStarted(started) => {
                let seen = sessions.entry(&started.session_id).or_default();
                if !seen.authorized || seen.ticket {
                    problems.push(format!(
                        "the driver of {} was told of its start at the wrong time",
                        started.session_id
                    ));
                }
            }
            Notification::ConsumptionUpdate(update) => {
                let seen = sessions.entry(&update.session_id).or_default();
                if update.energy_mwh < seen.energy_mwh {
                    problems.push(format!("the energy that was told of {} went back", update.session_id));
                }
                seen.energy_mwh = update.energy_mwh;
            }
            Notification::Ticket(ticket) => {
                let seen = sessions.entry(&ticket.session_id).or_default();
                if ticket.energy_mwh < seen.energy_mwh {
                    problems
                        .push(format!("the ticket of {} is below what was told before", ticket.session_id));
                }
                seen.ticket = true;
            }
            _ => {}
        }
    }
}

/// How much happened.
pub async fn summary(history: &History, heard: &Heard, ledger: &mut Ledger) -> String {
    let (mut billed, mut exact) = (0, 0);
    let rows = rows(ledger).await;
    for (session_id, row) in rows.iter().filter(|(_, row)| row.cost_micros >= 0) {
        let end_mwh = history.metered.get(session_id).and_then(|metered| metered.end_mwh);
        billed += 1;
        exact += usize::from(end_mwh == Some(row.energy_mwh + row.start_mwh));
    }
    format!(
        "{} requests ({} not answered in time), {} sessions, {billed} billed ({exact} to the register's end), {} tickets seen in time, \
         {} notifications sent again",
        heard.requests.len(),
        heard.unanswered,
        rows.len(),
        heard.tickets,
        history.repeated
    )
}
