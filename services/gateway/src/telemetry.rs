//! What a charge point's frames say on Kafka's topic cp_telemetry. Pure, but for the clock that the records bear.

use evcharging_common::{
    clock,
    pb::events::v1::{Consumption, CpTelemetry, SupplyEnd, SupplyStarted},
};

/// Why a supply may end besides having been told to.
const REASONS: [&str; 4] = ["LIMIT_REACHED", "VEHICLE_FULL", "FAULT", "NOT_SUPPLYING"];

/// A reading, or the start of a supply when `seq` is 0.
pub fn reading(cp_id: &str, session_id: &str, seq: i64, register_mwh: i64, power_w: i64) -> CpTelemetry {
    let (session_id, cp_id) = (session_id.to_owned(), cp_id.to_owned());
    let at = Some(clock::to_timestamp(clock::now_ms()));
    if seq == 0 {
        SupplyStarted { session_id, cp_id, register_mwh, started_at: at }.into()
    } else {
        Consumption { session_id, cp_id, seq, register_mwh, power_w, measured_at: at }.into()
    }
}

/// The end of a supply with its last register.
pub fn end(cp_id: &str, session_id: &str, register_mwh: i64, reason: Option<&str>) -> CpTelemetry {
    // Other words are for people.
    let reason = reason.filter(|reason| REASONS.contains(reason)).unwrap_or("STOPPED");
    SupplyEnd {
        session_id: session_id.to_owned(),
        cp_id: cp_id.to_owned(),
        register_mwh,
        reason: reason.to_owned(),
        ended_at: Some(clock::to_timestamp(clock::now_ms())),
    }
    .into()
}

#[cfg(test)]
mod tests {
    use evcharging_common::pb::events::v1::cp_telemetry::Telemetry;

    use super::*;

    #[test]
    fn the_first_reading_is_the_start_of_the_supply() {
        assert!(matches!(reading("MAD-01", "s-1", 0, 5, 0).telemetry, Some(Telemetry::SessionStarted(_))));
        let Some(Telemetry::Consumption(next)) = reading("MAD-01", "s-1", 1, 6, 7).telemetry else {
            panic!("a reading")
        };
        assert_eq!((next.seq, next.register_mwh, next.power_w), (1, 6, 7));
    }

    #[test]
    fn an_end_has_a_reason_that_the_network_knows() {
        for (said, told) in [
            (Some("VEHICLE_FULL"), "VEHICLE_FULL"),
            (Some("the plug was pulled"), "STOPPED"),
            (None, "STOPPED"),
        ] {
            let Some(Telemetry::SupplyEnd(end)) = end("MAD-01", "s-1", 9, said).telemetry else {
                panic!("an end")
            };
            assert_eq!((end.reason.as_str(), end.register_mwh), (told, 9));
        }
    }
}
