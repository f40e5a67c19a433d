//! The heart: `decide(world, command, now) -> (changes, reply)`. No I/O, no clock, no randomness.

mod charge_points;
mod drivers;
mod ending;
mod faults;
mod meter;
mod reserving;
mod starting;
mod stopping;
#[cfg(test)]
mod tests;

use evcharging_common::error::Error;

use crate::{
    command::{Command, Reply},
    entities::{ChargePoint, Driver, Session},
    world::{Draft, Finished, World},
};

/// Times and amounts that decisions go by.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How long a charge point is held for a start.
    pub reservation_ms: i64,
    /// How long a connected charge point may take to begin.
    pub start_timeout_ms: i64,
    /// How long the final register may take to come.
    pub stop_timeout_ms: i64,
    /// How long a session outlives its charge point's link. Longer than the charge point itself waits before it stops the supply,
    /// so that its exact register comes first.
    pub link_grace_ms: i64,
    /// The least balance for a new charge.
    pub minimum_balance_micros: i64,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            reservation_ms: 30_000,
            start_timeout_ms: 10_000,
            stop_timeout_ms: 10_000,
            link_grace_ms: 8_000,
            minimum_balance_micros: 1_000_000,
        }
    }
}

/// Decides one command.
///
/// # Errors
/// The command can't be done in this world. Nothing has changed then.
pub fn decide(
    world: &World,
    command: &Command,
    rules: &Rules,
    now_ms: i64,
    traceparent: &str,
) -> Result<(Finished, Reply), Error> {
    let mut draft = Draft::new(world, now_ms, traceparent);
    let reply = match command {
        Command::Reserve(reserve) => reserving::reserve(&mut draft, rules, reserve)?,
        Command::CancelReservation { session_id } => stopping::cancel_reservation(&mut draft, session_id)?,
        Command::StartCharging(charge) => starting::start(&mut draft, rules, charge)?,
        Command::StopCharging(stop) => stopping::stop_charging(&mut draft, rules, stop)?,
        Command::RecordMeter(readings) => meter::record(&mut draft, readings),
        Command::EndSupply(end) => ending::end_supply(&mut draft, end)?,
        Command::ExpireSession { session_id } => ending::expire(&mut draft, session_id)?,
        Command::TerminateSession { session_id } => ending::terminate(&mut draft, session_id)?,
        Command::RegisterChargePoint(register) => charge_points::register(&mut draft, rules, register)?,
        Command::RenewPresence { presences, lease_ms } => {
            charge_points::renew(&mut draft, presences, *lease_ms)
        }
        Command::Disconnect { cp_id, link_id } => {
            charge_points::disconnect(&mut draft, rules, cp_id, link_id)?
        }
        Command::ExpirePresence { cp_id } => charge_points::expire_presence(&mut draft, rules, cp_id)?,
        Command::SetInService { cp_id, in_service, operator_id } => {
            charge_points::set_in_service(&mut draft, rules, cp_id, *in_service, operator_id)?
        }
        Command::ReportFault(report) => faults::report(&mut draft, report)?,
        Command::ClearFault { cp_id } => faults::clear(&mut draft, cp_id)?,
        Command::SimulateError { cp_id, kind, operator_id } => {
            faults::simulate(&mut draft, rules, cp_id, *kind, operator_id)?
        }
        Command::FixError { cp_id, operator_id } => faults::fix(&mut draft, cp_id, operator_id)?,
        Command::CreateDriver { driver_id, name } => drivers::create(&mut draft, driver_id, name)?,
        Command::SetDriverBlocked { driver_id, blocked, operator_id } => {
            drivers::set_blocked(&mut draft, driver_id, *blocked, operator_id)?
        }
        Command::TopUp { top_up_id, driver_id, amount_micros, operator_id } => {
            drivers::top_up(&mut draft, top_up_id, driver_id, *amount_micros, operator_id)?
        }
    };
    let finished = draft.finish();
    let reply = finished.refresh(reply);
    Ok((finished, reply))
}

impl Finished {
    /// A reply shows what it speaks of as it is once everything followed from the decision.
    fn refresh(&self, reply: Reply) -> Reply {
        match reply {
            Reply::Reserved(session) => Reply::Reserved(Box::new(self.session_or(*session))),
            Reply::Session(session) => Reply::Session(Box::new(self.session_or(*session))),
            Reply::ChargePoint(charge_point, session) => Reply::ChargePoint(
                Box::new(self.charge_point_or(*charge_point)),
                session.map(|session| Box::new(self.session_or(*session))),
            ),
            Reply::Driver(driver) => Reply::Driver(self.driver_or(driver)),
            Reply::Refused { .. } | Reply::Meter(_) | Reply::LostLinks(_) | Reply::Done => reply,
        }
    }
}

fn known_charge_point<'d>(draft: &'d Draft<'_>, cp_id: &str) -> Result<&'d ChargePoint, Error> {
    draft
        .charge_point(cp_id)
        .ok_or_else(|| Error::not_found("CP_UNKNOWN", format!("there is no charge point {cp_id}")))
}

fn known_driver<'d>(draft: &'d Draft<'_>, driver_id: &str) -> Result<&'d Driver, Error> {
    draft
        .driver(driver_id)
        .ok_or_else(|| Error::not_found("DRIVER_UNKNOWN", format!("there is no driver {driver_id}")))
}

fn known_session<'d>(draft: &'d Draft<'_>, session_id: &str) -> Result<&'d Session, Error> {
    draft
        .session(session_id)
        .ok_or_else(|| Error::not_found("SESSION_UNKNOWN", format!("there is no session {session_id}")))
}

/// The reply that shows a charge point and what happens there.
fn charge_point_reply(draft: &Draft<'_>, cp_id: &str) -> Result<Reply, Error> {
    let charge_point = known_charge_point(draft, cp_id)?.clone();
    Ok(Reply::ChargePoint(Box::new(charge_point), draft.session_at(cp_id).cloned().map(Box::new)))
}

/// The reply that shows a session.
fn session_reply(draft: &Draft<'_>, session_id: &str) -> Result<Reply, Error> {
    Ok(Reply::Session(Box::new(known_session(draft, session_id)?.clone())))
}
