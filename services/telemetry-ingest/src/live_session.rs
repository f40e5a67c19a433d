//! One session that is being supplied: its running energy and cost, and its last readings. Pure.

use std::collections::VecDeque;

use evcharging_common::{
    pb::{
        telemetry::v1::{LiveSession as LiveSessionMessage, SeriesPoint},
        types::v1::Session,
    },
    pricing,
};

/// Readings that a series keeps: two minutes.
const SERIES_POINTS: usize = 120;

/// A live session.
#[derive(Debug, Clone, PartialEq)]
pub struct LiveSession {
    message: LiveSessionMessage,
    price_micros_per_kwh: i64,
    energy_limit_mwh: i64,
    start_register_mwh: Option<i64>,
    register_mwh: i64,
    series: VecDeque<SeriesPoint>,
}

impl LiveSession {
    /// Begins with what the session service knows of a session.
    pub fn new(session: Session) -> Self {
        Self {
            price_micros_per_kwh: session.price_micros_per_kwh,
            energy_limit_mwh: session.energy_limit_mwh,
            start_register_mwh: session.start_register_mwh,
            register_mwh: session.register_mwh.unwrap_or_default(),
            message: LiveSessionMessage {
                session_id: session.session_id,
                driver_id: session.driver_id,
                cp_id: session.cp_id,
                energy_mwh: session.energy_mwh,
                cost_micros: session.cost_micros,
                currency: session.currency,
                power_w: session.power_w,
                measured_at_ms: session.started_at_ms.unwrap_or(session.created_at_ms),
                ended: false,
            },
            series: VecDeque::new(),
        }
    }

    /// Takes a reading that counted. The register is cumulative and never goes back.
    pub fn read(&mut self, register_mwh: i64, power_w: i64, measured_at_ms: i64) {
        let start_mwh = *self.start_register_mwh.get_or_insert(register_mwh);
        self.register_mwh = self.register_mwh.max(register_mwh);
        let message = &mut self.message;
        message.energy_mwh = (self.register_mwh - start_mwh).clamp(0, self.energy_limit_mwh);
        message.cost_micros = pricing::running_cost_micros(message.energy_mwh, self.price_micros_per_kwh);
        message.power_w = power_w;
        message.measured_at_ms = measured_at_ms;
        if self.series.len() == SERIES_POINTS {
            self.series.pop_front();
        }
        self.series.push_back(SeriesPoint { measured_at_ms, power_w, energy_mwh: message.energy_mwh });
    }

    /// No more readings will come.
    pub fn end(&mut self) {
        self.message.ended = true;
        self.message.power_w = 0;
    }

    /// The session as watchers see it.
    pub fn message(&self) -> &LiveSessionMessage {
        &self.message
    }

    /// Its last readings, oldest first.
    pub fn series(&self) -> Vec<SeriesPoint> {
        self.series.iter().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session() -> LiveSession {
        LiveSession::new(Session {
            session_id: "s1".into(),
            price_micros_per_kwh: 400_000,
            energy_limit_mwh: 2_000_000,
            ..Session::default()
        })
    }

    #[test]
    fn energy_and_cost_follow_the_register_from_its_first_value() {
        let mut live = session();
        live.read(5_000, 0, 1);
        assert_eq!((live.message().energy_mwh, live.message().cost_micros), (0, 0));
        live.read(1_005_000, 22_000, 2);
        assert_eq!((live.message().energy_mwh, live.message().cost_micros), (1_000_000, 400_000));
    }

    #[test]
    fn a_lower_register_changes_no_energy_and_the_limit_is_never_passed() {
        let mut live = session();
        live.read(0, 0, 1);
        live.read(1_500_000, 9, 2);
        live.read(1_000_000, 9, 3);
        assert_eq!(live.message().energy_mwh, 1_500_000);
        live.read(9_000_000, 9, 4);
        assert_eq!(live.message().energy_mwh, 2_000_000);
    }

    #[test]
    fn what_was_supplied_before_this_replica_looked_counts_too() {
        let known = Session {
            price_micros_per_kwh: 400_000,
            energy_limit_mwh: 2_000_000,
            start_register_mwh: Some(1_000),
            register_mwh: Some(501_000),
            ..Session::default()
        };
        let mut live = LiveSession::new(known);
        live.read(1_001_000, 1, 1);
        assert_eq!(live.message().energy_mwh, 1_000_000);
    }

    #[test]
    fn the_series_keeps_the_newest() {
        let mut live = session();
        for second in 0..200 {
            live.read(second, 1, second);
        }
        let series = live.series();
        assert_eq!((series.len(), series[0].measured_at_ms, series[119].measured_at_ms), (120, 80, 199));
    }
}
