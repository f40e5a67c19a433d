//! What a charge point says, checked. Pure.

use evcharging_common::{
    clock, ids,
    pb::{
        events::v1::{self as pb, cp_telemetry::Telemetry},
        session::v1::{EndSupplyRequest, MeterItem},
    },
    vocabulary::FaultKind,
};

/// More than any charge point supplies.
const MAX_POWER_W: i64 = 1_000_000;

/// A checked record.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// A start of supply (seq 0) or a reading.
    Meter(MeterItem),
    /// The end of a supply, by a fault or otherwise.
    End(EndSupplyRequest),
    /// A fault of a charge point that supplied nothing. Whether a charge point is broken is its monitor's word alone: the monitor
    /// also says when it is whole again.
    IdleFault,
}

impl Reading {
    /// Checks a record.
    ///
    /// # Errors
    /// Says for people what makes no sense in it.
    pub fn check(event: pb::CpTelemetry, now_ms: i64) -> Result<Self, String> {
        let at_ms = |timestamp: &Option<pbjson_types::Timestamp>| {
            timestamp.as_ref().map_or(now_ms, clock::from_timestamp)
        };
        match event.telemetry {
            Some(Telemetry::SessionStarted(started)) => {
                let measured_at_ms = at_ms(&started.started_at);
                let pb::SupplyStarted { session_id, cp_id, register_mwh, .. } = started;
                let item = MeterItem { session_id, cp_id, seq: 0, register_mwh, power_w: 0, measured_at_ms };
                meter(item)
            }
            Some(Telemetry::Consumption(consumption)) => {
                let measured_at_ms = at_ms(&consumption.measured_at);
                let pb::Consumption { session_id, cp_id, seq, register_mwh, power_w, .. } = consumption;
                if seq < 1 {
                    return Err(format!("seq is {seq}; readings are counted from 1"));
                }
                meter(MeterItem { session_id, cp_id, seq, register_mwh, power_w, measured_at_ms })
            }
            Some(Telemetry::SupplyEnd(end)) => {
                check_id("session_id", &end.session_id)?;
                check_id("cp_id", &end.cp_id)?;
                check_register(end.register_mwh)?;
                let ended_at_ms = at_ms(&end.ended_at);
                let pb::SupplyEnd { session_id, cp_id, register_mwh, reason, .. } = end;
                Ok(Self::End(EndSupplyRequest { session_id, cp_id, register_mwh, reason, ended_at_ms }))
            }
            Some(Telemetry::Fault(fault)) => {
                check_id("cp_id", &fault.cp_id)?;
                check_register(fault.register_mwh)?;
                fault.kind.parse::<FaultKind>().map_err(|error| format!("kind: {error}"))?;
                if fault.session_id.is_empty() {
                    return Ok(Self::IdleFault);
                }
                check_id("session_id", &fault.session_id)?;
                let ended_at_ms = at_ms(&fault.at);
                let pb::Fault { session_id, cp_id, register_mwh, .. } = fault;
                let reason = "FAULT".to_owned();
                Ok(Self::End(EndSupplyRequest { session_id, cp_id, register_mwh, reason, ended_at_ms }))
            }
            None => Err("the record names nothing that happened".to_owned()),
        }
    }
}

fn meter(item: MeterItem) -> Result<Reading, String> {
    check_id("session_id", &item.session_id)?;
    check_id("cp_id", &item.cp_id)?;
    check_register(item.register_mwh)?;
    if !(0..=MAX_POWER_W).contains(&item.power_w) {
        return Err(format!("power_w is {}; it must be 0 to {MAX_POWER_W}", item.power_w));
    }
    Ok(Reading::Meter(item))
}

fn check_id(field: &str, id: &str) -> Result<(), String> {
    ids::check(field, id).map_err(|error| error.message)
}

fn check_register(register_mwh: i64) -> Result<(), String> {
    if register_mwh < 0 {
        Err(format!("register_mwh is {register_mwh}; it must not be negative"))
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consumption(change: impl Fn(&mut pb::Consumption)) -> Result<Reading, String> {
        let mut consumption = pb::Consumption {
            session_id: "s1".into(),
            cp_id: "MAD-01".into(),
            seq: 1,
            register_mwh: 5,
            power_w: 22_000,
            measured_at: None,
        };
        change(&mut consumption);
        Reading::check(consumption.into(), 77)
    }

    #[test]
    fn a_reading_that_makes_sense_is_taken_with_the_time_of_its_arrival() {
        let Ok(Reading::Meter(item)) = consumption(|_| ()) else { panic!("refused") };
        assert_eq!((item.seq, item.register_mwh, item.measured_at_ms), (1, 5, 77));
    }

    #[test]
    fn what_makes_no_sense_says_which_field() {
        for (field, outcome) in [
            ("session_id", consumption(|reading| reading.session_id.clear())),
            ("cp_id", consumption(|reading| reading.cp_id = "MAD 01".into())),
            ("seq", consumption(|reading| reading.seq = 0)),
            ("register_mwh", consumption(|reading| reading.register_mwh = -1)),
            ("power_w", consumption(|reading| reading.power_w = 2_000_000)),
        ] {
            assert!(outcome.as_ref().is_err_and(|problem| problem.contains(field)), "{field}: {outcome:?}");
        }
        let fault = pb::Fault { cp_id: "MAD-01".into(), kind: "BORED".into(), ..Default::default() };
        assert!(Reading::check(fault.into(), 0).is_err_and(|problem| problem.contains("BORED")));
    }

    #[test]
    fn a_fault_ends_the_supply_and_nothing_else() {
        let fault = |session_id: &str| {
            let (cp_id, kind, session_id) = ("MAD-01".into(), "ENGINE_KO".into(), session_id.into());
            Reading::check(
                pb::Fault { cp_id, kind, session_id, register_mwh: 9, ..Default::default() }.into(),
                0,
            )
        };
        assert!(
            matches!(fault("s1"), Ok(Reading::End(end)) if end.reason == "FAULT" && end.register_mwh == 9)
        );
        assert_eq!(fault(""), Ok(Reading::IdleFault));
    }
}
