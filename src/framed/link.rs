//! The messages of a charge point's link, as frames and back. Pure.

use std::str::FromStr;

use super::Message;
use crate::{
    pb::{
        cp_registry::v1::{
            CommandRefused, FaultReport, LinkResponse, Recovered, Welcome, link_request, link_response,
        },
        events::v1::{
            CentralCommand, ClearFaultCommand, SetFaultCommand, StartCommand, StopCommand,
            central_command::Command,
        },
    },
    vocabulary::{FaultKind, SimulatedErrorKind},
};

/// Session takes texts of at most 256 characters; a monitor puts a few words before its engine's.
const MAX_TEXT_CHARS: usize = 200;
/// What an operator's simulated fault is called on the wire.
const SIMULATED: &str = "an operator simulates a fault";

/// What a link's answer says in frames; a welcome to a charge point that should supply a session needs no words, since the START follows.
/// Only who `knows_more` is told the trace.
pub fn from_response<'a>(
    response: &'a LinkResponse,
    cp_id: &'a str,
    knows_more: bool,
) -> Option<Message<'a>> {
    let command = match response.message.as_ref()? {
        link_response::Message::Welcome(Welcome { session_id, .. }) => {
            return session_id.is_empty().then_some(Message::Stop { session_id: "", reason: None });
        }
        link_response::Message::Command(command) => command,
    };
    match command.command.as_ref()? {
        Command::Start(StartCommand { session_id, driver_id, energy_limit_mwh }) => Some(Message::Start {
            session_id,
            driver_id,
            limit_mwh: *energy_limit_mwh,
            traceparent: Some(command.traceparent.as_str()).filter(|trace| knows_more && !trace.is_empty()),
        }),
        Command::Stop(StopCommand { session_id, reason }) => {
            let reason = Some(reason.as_str()).filter(|reason| knows_more && !reason.is_empty());
            Some(Message::Stop { session_id, reason })
        }
        Command::SetFault(set) if set.kind == SimulatedErrorKind::Fault.as_str() => {
            Some(Message::Broken { cp_id, reason: SIMULATED, last: None })
        }
        // The registry cuts the link by itself.
        Command::SetFault(_) => None,
        Command::ClearFault(_) => Some(Message::Recovered { cp_id }),
    }
}

/// The trace that a command belongs to.
pub fn trace_of(response: &LinkResponse) -> Option<&str> {
    match response.message.as_ref()? {
        link_response::Message::Command(command) if !command.traceparent.is_empty() => {
            Some(&command.traceparent)
        }
        _ => None,
    }
}

/// The link's answer that a frame is; `None` for a message that is none.
pub fn to_response(message: &Message<'_>, cp_id: &str) -> Option<LinkResponse> {
    let mut traceparent = String::new();
    let command = match *message {
        Message::Stop { session_id: "", .. } => {
            let welcome = Welcome { heartbeat_interval_ms: 0, session_id: String::new() };
            return Some(LinkResponse { message: Some(link_response::Message::Welcome(welcome)) });
        }
        Message::Stop { session_id, reason } => {
            let reason = reason.unwrap_or_default().to_owned();
            Command::Stop(StopCommand { session_id: session_id.to_owned(), reason })
        }
        Message::Start { session_id, driver_id, limit_mwh, traceparent: trace } => {
            trace.unwrap_or_default().clone_into(&mut traceparent);
            Command::Start(StartCommand {
                session_id: session_id.to_owned(),
                driver_id: driver_id.to_owned(),
                energy_limit_mwh: limit_mwh,
            })
        }
        Message::Broken { .. } => {
            Command::SetFault(SetFaultCommand { kind: SimulatedErrorKind::Fault.to_string() })
        }
        Message::Recovered { .. } => Command::ClearFault(ClearFaultCommand {}),
        _ => return None,
    };
    let command = CentralCommand { cp_id: cp_id.to_owned(), version: 0, traceparent, command: Some(command) };
    Some(LinkResponse { message: Some(link_response::Message::Command(command)) })
}

/// What a monitor's word is in frames; `None` for a Hello, which is two of them, and for a heartbeat, which is an ENQ.
pub fn from_request<'a>(
    message: &'a link_request::Message,
    cp_id: &'a str,
    scratch: &'a mut String,
) -> Option<Message<'a>> {
    match message {
        link_request::Message::Hello(_) | link_request::Message::Heartbeat(_) => None,
        link_request::Message::Fault(report) => {
            let FaultReport { message, register_mwh, session_id, .. } = report;
            let kind = FaultKind::try_from(report.kind).map_or("ENGINE_KO", FaultKind::as_str);
            *scratch = format!("{kind}: {}", sayable(message));
            let last = register_mwh.filter(|_| !session_id.is_empty());
            Some(Message::Broken {
                cp_id,
                reason: scratch,
                last: last.map(|register| (session_id.as_str(), register)),
            })
        }
        link_request::Message::Recovered(_) => Some(Message::Recovered { cp_id }),
        link_request::Message::CommandRefused(CommandRefused { session_id, message }) => {
            *scratch = sayable(message);
            Some(Message::Stop { session_id, reason: Some(scratch) })
        }
    }
}

/// The monitor's word that a frame is, as far as it is about the charge point as a whole; `None` for a message that is none.
pub fn to_request(message: &Message<'_>) -> Option<link_request::Message> {
    match *message {
        Message::Broken { reason, last, .. } => {
            let (kind, message) = match reason.split_once(": ") {
                Some((kind, message)) => (FaultKind::from_str(kind).ok(), message),
                None => (None, reason),
            };
            Some(link_request::Message::Fault(FaultReport {
                kind: kind.unwrap_or(FaultKind::EngineKo).into(),
                message: sayable(if kind.is_some() { message } else { reason }),
                register_mwh: last.map(|(_, register_mwh)| register_mwh),
                session_id: last.map(|(session_id, _)| session_id.to_owned()).unwrap_or_default(),
            }))
        }
        Message::Recovered { .. } => Some(link_request::Message::Recovered(Recovered {})),
        _ => None,
    }
}

/// A text for people without what no field may hold, and no longer than the network takes it.
pub fn sayable(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .map(|letter| if letter == '#' { ' ' } else { letter })
        .take(MAX_TEXT_CHARS)
        .collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn response(command: Command) -> LinkResponse {
        let command = CentralCommand {
            cp_id: "MAD-01".into(),
            version: 0,
            traceparent: String::new(),
            command: Some(command),
        };
        LinkResponse { message: Some(link_response::Message::Command(command)) }
    }

    #[test]
    fn what_a_charge_point_is_told_comes_through_frames_as_it_was() {
        for said in [
            response(Command::Start(StartCommand {
                session_id: "s-1".into(),
                driver_id: "driver1".into(),
                energy_limit_mwh: 9,
            })),
            response(Command::Stop(StopCommand {
                session_id: "s-1".into(),
                reason: "DRIVER_STOPPED".into(),
            })),
            response(Command::SetFault(SetFaultCommand { kind: "FAULT".into() })),
            response(Command::ClearFault(ClearFaultCommand {})),
            LinkResponse { message: Some(link_response::Message::Welcome(Welcome::default())) },
        ] {
            let message = from_response(&said, "MAD-01", true).unwrap();
            assert_eq!(to_response(&message, "MAD-01"), Some(said.clone()), "{message:?}");
        }
    }

    #[test]
    fn the_trace_is_told_to_those_alone_who_know_it() {
        let mut said = response(Command::Start(StartCommand::default()));
        let Some(link_response::Message::Command(command)) = &mut said.message else { panic!("a command") };
        command.traceparent = "00-trace".into();
        let told = |knows_more| match from_response(&said, "MAD-01", knows_more) {
            Some(Message::Start { traceparent, .. }) => traceparent,
            other => panic!("{other:?}"),
        };
        assert_eq!((told(true), told(false)), (Some("00-trace"), None));
    }

    #[test]
    fn a_monitors_word_comes_through_frames_as_it_was() {
        let fault = |kind: FaultKind, register_mwh: Option<i64>| {
            let session_id = register_mwh.map(|_| "s-1".to_owned()).unwrap_or_default();
            link_request::Message::Fault(FaultReport {
                kind: kind.into(),
                message: "smoke: black".into(),
                register_mwh,
                session_id,
            })
        };
        for said in [
            fault(FaultKind::EngineKo, Some(7)),
            fault(FaultKind::EngineTimeout, None),
            link_request::Message::Recovered(Recovered {}),
        ] {
            let mut scratch = String::new();
            let message = from_request(&said, "MAD-01", &mut scratch).unwrap();
            assert_eq!(to_request(&message), Some(said.clone()), "{message:?}");
        }
        let simple = Message::Broken { cp_id: "MAD-01", reason: "smoke: black", last: None };
        assert_eq!(to_request(&simple), Some(fault(FaultKind::EngineKo, None)));
    }

    #[test]
    fn a_text_that_the_network_would_not_take_is_cut() {
        let long = format!("smoke\t{}", "x".repeat(300));
        let broken = Message::Broken { cp_id: "MAD-01", reason: &long, last: None };
        let Some(link_request::Message::Fault(report)) = to_request(&broken) else { panic!("a fault") };
        assert!(report.message.starts_with("smokexx"), "{}", report.message);
        assert_eq!(report.message.len(), MAX_TEXT_CHARS);
    }
}
