//! Starts of supply and readings. The register is cumulative: a lost, doubled or late reading changes nothing that is billed.

use evcharging_common::{clock, pb::events::v1 as pb};

use crate::{
    command::{MeterReading, Reply},
    session_state::{SessionInput, Transition, transition},
    world::Draft,
};

pub(super) fn record(draft: &mut Draft<'_>, readings: &[MeterReading]) -> Reply {
    let outcomes = readings.iter().map(|reading| record_one(draft, reading).err().map(str::to_owned));
    Reply::Meter(outcomes.collect())
}

/// Takes one reading, or says why it does not count.
fn record_one(draft: &mut Draft<'_>, reading: &MeterReading) -> Result<(), &'static str> {
    if reading.register_mwh < 0 {
        return Err("REGISTER_NEGATIVE");
    }
    let now_ms = draft.now_ms;
    let session = draft.session(&reading.session_id).ok_or("SESSION_UNKNOWN")?;
    if session.cp_id != reading.cp_id {
        return Err("WRONG_CP");
    }
    let begins = match transition(session.state, SessionInput::Supplied, session.was_supplied()) {
        Transition::To(next) => Some(next),
        Transition::Stay => None,
        Transition::Refused => return Err("SESSION_NOT_STARTED"),
        Transition::Late => return Err("SESSION_ENDED"),
    };
    if session.was_supplied() && reading.seq <= session.meter_seq {
        return Err("STALE");
    }
    if session.register_mwh.is_some_and(|register_mwh| reading.register_mwh < register_mwh) {
        return Err("REGISTER_FELL");
    }

    let first = !session.was_supplied();
    let session = draft.session_mut(&reading.session_id).ok_or("SESSION_UNKNOWN")?;
    session.register_mwh = Some(reading.register_mwh);
    session.meter_seq = reading.seq;
    session.power_w = reading.power_w;
    if first {
        session.start_register_mwh = Some(reading.register_mwh);
        session.started_at_ms = Some(now_ms);
    }
    if let Some(next) = begins {
        session.state = next;
        session.deadline_ms = None;
        let session = session.clone();
        draft.send_for::<pb::DriverNotification>(
            &session,
            &session.driver_id,
            pb::SessionStarted {
                session_id: session.session_id.clone(),
                driver_id: session.driver_id.clone(),
                cp_id: session.cp_id.clone(),
                started_at: Some(clock::to_timestamp(now_ms)),
                energy_limit_mwh: session.energy_limit_mwh,
            },
        );
        draft.audit_session("STARTED", &session, "charge_point", format!("{} supplies", session.cp_id));
    }
    Ok(())
}
