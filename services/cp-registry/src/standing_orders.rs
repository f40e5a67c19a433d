//! What a charge point that connects must be told, and which later commands are news to it. Pure.

use evcharging_common::{
    pb::{
        cp_registry::v1::Welcome,
        events::v1::{CentralCommand, SetFaultCommand, StartCommand, StopCommand, central_command::Command},
        session::v1::RegisterChargePointResponse,
    },
    vocabulary::{EndReason, SessionState, SimulatedErrorKind},
};

/// How often a heartbeat is expected, in milliseconds.
pub const HEARTBEAT_INTERVAL_MS: i64 = 2_000;

/// What a charge point should be doing as it connects: the welcome, then the commands in order.
pub fn on_connect(answer: &RegisterChargePointResponse) -> (Welcome, Vec<CentralCommand>) {
    let mut welcome = Welcome { heartbeat_interval_ms: HEARTBEAT_INTERVAL_MS, session_id: String::new() };
    let mut commands = Vec::new();
    let Some(charge_point) = &answer.charge_point else { return (welcome, commands) };
    let mut say = |command| {
        commands.push(CentralCommand {
            cp_id: charge_point.cp_id.clone(),
            version: charge_point.version,
            command: Some(command),
            traceparent: answer.traceparent.clone(),
        });
    };
    if let Some(session) = &answer.session {
        match SessionState::try_from(session.state) {
            Ok(SessionState::Starting | SessionState::Charging) => {
                welcome.session_id.clone_from(&session.session_id);
                say(Command::Start(StartCommand {
                    session_id: session.session_id.clone(),
                    driver_id: session.driver_id.clone(),
                    energy_limit_mwh: session.energy_limit_mwh,
                }));
            }
            Ok(SessionState::Stopping) => say(Command::Stop(StopCommand {
                session_id: session.session_id.clone(),
                reason: EndReason::try_from(session.end_reason)
                    .map_or_else(|_| String::new(), |reason| reason.to_string()),
            })),
            _ => {}
        }
    }
    let simulated = charge_point.simulated_error.and_then(|kind| SimulatedErrorKind::try_from(kind).ok());
    if simulated == Some(SimulatedErrorKind::Fault) {
        say(Command::SetFault(SetFaultCommand { kind: SimulatedErrorKind::Fault.to_string() }));
    }
    (welcome, commands)
}

/// Whether a command means that the link must be cut.
pub fn cuts_link(command: &CentralCommand) -> bool {
    matches!(&command.command, Some(Command::SetFault(fault)) if fault.kind == SimulatedErrorKind::Offline.as_str())
}

/// Remembers the newest version that was said on a link.
#[derive(Debug)]
pub struct SaidVersion(i64);

impl SaidVersion {
    /// What was said at the connect.
    pub fn new(version: i64) -> Self {
        Self(version)
    }

    /// Whether a command of this version is to be said. An older one is not: what it asks was overtaken. The same one is:
    /// doing it twice changes nothing.
    pub fn advance(&mut self, version: i64) -> bool {
        let is_news = version >= self.0;
        if is_news {
            self.0 = version;
        }
        is_news
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use evcharging_common::pb::types::v1 as types;

    use super::*;

    fn answer(state: Option<SessionState>, simulated: Option<SimulatedErrorKind>) -> RegisterChargePointResponse {
        let charge_point = types::ChargePoint {
            cp_id: "MAD-01".to_owned(),
            version: 7,
            simulated_error: simulated.map(Into::into),
            ..types::ChargePoint::default()
        };
        let session = state.map(|state| types::Session {
            session_id: "s-1".to_owned(),
            driver_id: "driver1".to_owned(),
            energy_limit_mwh: 2_000_000,
            state: state.into(),
            end_reason: EndReason::OperatorStopped.into(),
            ..types::Session::default()
        });
        RegisterChargePointResponse { charge_point: Some(charge_point), session, traceparent: "trace".to_owned() }
    }

    fn start() -> Command {
        Command::Start(StartCommand {
            session_id: "s-1".to_owned(),
            driver_id: "driver1".to_owned(),
            energy_limit_mwh: 2_000_000,
        })
    }

    fn set_fault(kind: &str) -> Command {
        Command::SetFault(SetFaultCommand { kind: kind.to_owned() })
    }

    #[test]
    fn every_state_has_its_orders() {
        let stop =
            Command::Stop(StopCommand { session_id: "s-1".to_owned(), reason: "OPERATOR_STOPPED".to_owned() });
        for state in SessionState::ALL.iter().copied().map(Some).chain([None]) {
            let (welcome, commands) = on_connect(&answer(state, None));
            let (session_id, expected) = match state {
                Some(SessionState::Starting | SessionState::Charging) => ("s-1", vec![start()]),
                Some(SessionState::Stopping) => ("", vec![stop.clone()]),
                _ => ("", vec![]),
            };
            assert_eq!(welcome.session_id, session_id, "{state:?}");
            assert_eq!(welcome.heartbeat_interval_ms, 2_000);
            let said: Vec<Command> = commands.iter().filter_map(|command| command.command.clone()).collect();
            assert_eq!(said, expected, "{state:?}");
            assert!(commands.iter().all(|command| command.version == 7 && command.traceparent == "trace"));
        }
    }

    #[test]
    fn a_simulated_fault_is_said_again_after_the_session() {
        let (_, commands) = on_connect(&answer(Some(SessionState::Charging), Some(SimulatedErrorKind::Fault)));
        let said: Vec<Command> = commands.into_iter().filter_map(|command| command.command).collect();
        assert_eq!(said, [start(), set_fault("FAULT")]);
        let (_, commands) = on_connect(&answer(None, Some(SimulatedErrorKind::OutOfService)));
        assert!(commands.is_empty());
    }

    #[test]
    fn only_offline_cuts_the_link() {
        let command = |command| CentralCommand { command, ..CentralCommand::default() };
        assert!(cuts_link(&command(Some(set_fault("OFFLINE")))));
        assert!(!cuts_link(&command(Some(set_fault("FAULT")))));
        assert!(!cuts_link(&command(Some(start()))));
        assert!(!cuts_link(&command(None)));
    }

    #[test]
    fn older_versions_are_not_said() {
        let mut said = SaidVersion::new(7);
        let heard: Vec<bool> = [6, 7, 9, 8, 9, 10].into_iter().map(|version| said.advance(version)).collect();
        assert_eq!(heard, [false, true, true, false, true, true]);
    }
}
