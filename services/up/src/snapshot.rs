//! How the network stands right now, and what it did since it started, read from the database like everybody else does.

use std::collections::BTreeMap;

use evcharging_common::{
    energy::format_energy,
    error::Error,
    money::format_money,
    pb::types::v1 as pb,
    read_model::{ChargePointFilter, Filter, PageRequest, ReadModel},
    vocabulary::{ChargePointStatus, SimulatedErrorKind},
};

const PAGE_SIZE: u32 = 1_000;

/// How the network stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// Charge points by status.
    pub by_status: BTreeMap<ChargePointStatus, usize>,
    /// Charge points that have a link, or that an operator keeps from having one.
    pub settled: usize,
    /// Charge points that have a link.
    pub connected: usize,
    /// Sessions that have not ended.
    pub open_sessions: usize,
    /// Power that flows, in watts.
    pub power_w: i64,
    /// What has been billed since the start.
    pub billed: Billed,
    /// Energy of the open sessions so far, in mWh.
    pub open_energy_mwh: i64,
    /// Its cost, in micro-units.
    pub open_cost_micros: i64,
}

/// Sums over tickets.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Billed {
    /// How many.
    pub tickets: usize,
    /// Energy, in mWh.
    pub energy_mwh: i64,
    /// Cost, in micro-units.
    pub cost_micros: i64,
}

impl Snapshot {
    /// Energy since the start, in mWh.
    pub fn energy_mwh(&self) -> i64 {
        self.billed.energy_mwh + self.open_energy_mwh
    }

    /// Money since the start, in micro-units.
    pub fn cost_micros(&self) -> i64 {
        self.billed.cost_micros + self.open_cost_micros
    }

    /// One line for people.
    pub fn line(&self) -> String {
        let statuses: Vec<String> = self
            .by_status
            .iter()
            .rev()
            .map(|(status, count)| format!("{count} {}", status.as_str().to_lowercase().replace('_', " ")))
            .collect();
        // Cents are enough for a display: running costs have six digits.
        let cost_micros = self.cost_micros() - self.cost_micros() % evcharging_common::money::MICROS_PER_CENT;
        format!(
            "CPs: {} | {} kW | sessions: {} open, {} billed | {}, {} since start",
            statuses.join(", "),
            self.power_w / 1_000,
            self.open_sessions,
            self.billed.tickets,
            format_energy(self.energy_mwh()),
            format_money(cost_micros),
        )
    }

    fn add_charge_point(&mut self, charge_point: &pb::ChargePoint) {
        if let Ok(status) = ChargePointStatus::try_from(charge_point.status) {
            *self.by_status.entry(status).or_default() += 1;
        }
        let kept_offline = charge_point.simulated_error == Some(SimulatedErrorKind::Offline.into());
        self.connected += usize::from(charge_point.connected);
        self.settled += usize::from(charge_point.connected || kept_offline);
    }

    fn add_open_session(&mut self, session: &pb::Session) {
        self.open_sessions += 1;
        self.power_w += session.power_w;
        self.open_energy_mwh += session.energy_mwh;
        self.open_cost_micros += session.cost_micros;
    }
}

/// Takes snapshots.
pub struct Snapshots {
    read_model: ReadModel,
    newest_ticket: Option<String>,
    billed: Billed,
}

impl Snapshots {
    /// Counts from now on.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn from_now(read_model: ReadModel) -> Result<Self, Error> {
        let newest = read_model.tickets(&Filter::default(), &PageRequest::first(1)).await?;
        let newest_ticket = newest.items.into_iter().next().map(|ticket| ticket.session_id);
        Ok(Self { read_model, newest_ticket, billed: Billed::default() })
    }

    /// How the network stands.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn take(&mut self) -> Result<Snapshot, Error> {
        self.count_new_tickets().await?;
        let mut snapshot = Snapshot { billed: self.billed.clone(), ..Snapshot::default() };
        let mut page = PageRequest::first(PAGE_SIZE);
        loop {
            let found = self.read_model.charge_points(&ChargePointFilter::default(), &page).await?;
            found.items.iter().for_each(|charge_point| snapshot.add_charge_point(charge_point));
            page.after = found.next_page_token;
            if page.after.is_empty() {
                break;
            }
        }
        for session in open_sessions(&self.read_model).await? {
            snapshot.add_open_session(&session);
        }
        Ok(snapshot)
    }

    /// Tickets come newest first: those before the newest one of last time are new.
    async fn count_new_tickets(&mut self) -> Result<(), Error> {
        let mut new = Vec::new();
        let mut page = PageRequest::first(PAGE_SIZE);
        'pages: loop {
            let found = self.read_model.tickets(&Filter::default(), &page).await?;
            for ticket in found.items {
                if Some(&ticket.session_id) == self.newest_ticket.as_ref() {
                    break 'pages;
                }
                new.push(ticket);
            }
            page.after = found.next_page_token;
            if page.after.is_empty() {
                break;
            }
        }
        if let Some(newest) = new.first() {
            self.newest_ticket = Some(newest.session_id.clone());
        }
        for ticket in new {
            self.billed.tickets += 1;
            self.billed.energy_mwh += ticket.energy_mwh;
            self.billed.cost_micros += ticket.cost_micros;
        }
        Ok(())
    }
}

/// Every session that has not ended.
///
/// # Errors
/// When the database fails.
pub async fn open_sessions(read_model: &ReadModel) -> Result<Vec<pb::Session>, Error> {
    let filter = Filter { open_only: true, ..Filter::default() };
    let mut page = PageRequest::first(PAGE_SIZE);
    let mut sessions = Vec::new();
    loop {
        let found = read_model.sessions(&filter, &page).await?;
        sessions.extend(found.items);
        page.after = found.next_page_token;
        if page.after.is_empty() {
            return Ok(sessions);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_reads_by_itself() {
        let mut snapshot = Snapshot {
            billed: Billed { tickets: 4, energy_mwh: 10_000_000, cost_micros: 4_500_000 },
            ..Snapshot::default()
        };
        for (status, connected) in [
            (ChargePointStatus::Available, true),
            (ChargePointStatus::Available, true),
            (ChargePointStatus::Charging, true),
            (ChargePointStatus::OutOfService, false),
        ] {
            snapshot.add_charge_point(&pb::ChargePoint {
                status: status.into(),
                connected,
                ..pb::ChargePoint::default()
            });
        }
        snapshot.add_open_session(&pb::Session {
            power_w: 48_000,
            energy_mwh: 500_000,
            cost_micros: 225_123,
            ..pb::Session::default()
        });
        assert_eq!(
            snapshot.line(),
            "CPs: 2 available, 1 charging, 1 out of service | 48 kW | \
             sessions: 1 open, 4 billed | 10.500 kWh, 4.72 EUR since start"
        );
        assert_eq!((snapshot.connected, snapshot.settled), (3, 3));
    }
}
