//! One link, from its Hello to its end.

use std::{future::Future, time::Duration};

use evcharging_common::{
    backoff::Backoff,
    clock,
    error::{Error, ErrorCode},
    grpc_client::{self, GrpcChannel},
    ids,
    pb::{
        cp_registry::v1::{CommandRefused, FaultReport, Hello, LinkRequest, Welcome, link_request::Message},
        events::v1::{self as events, CentralCommand, central_command::Command},
        session::v1::{
            ClearFaultRequest, DisconnectRequest, EndSupplyRequest, RegisterChargePointRequest,
            RegisterChargePointResponse, ReportFaultRequest,
            network_write_service_client::NetworkWriteServiceClient,
            session_service_client::SessionServiceClient,
        },
        types::v1::{SessionState, SimulatedErrorKind},
    },
    shutdown::CancellationToken,
    vocabulary::EndReason,
};
use futures::{Stream, StreamExt};
use tonic::{Response, Status};

use crate::{
    hello,
    link_table::{LinkTable, Outgoing},
    presence::LEASE_MS,
};

/// How long the first message may take.
const HELLO_DEADLINE: Duration = Duration::from_secs(5);
/// How often a heartbeat is expected.
const HEARTBEAT_INTERVAL_MS: i64 = 2_000;
/// How long a link may be silent.
const SILENCE: Duration = Duration::from_secs(6);
/// How often the end of a link is told before its presence is left to run out.
const DISCONNECT_TRIES: usize = 3;

/// What a link needs of its service.
#[derive(Clone)]
pub struct LinkContext {
    /// The links of this replica.
    pub table: LinkTable,
    /// The session service.
    pub session: GrpcChannel,
    /// Ends every link.
    pub shutdown: CancellationToken,
}

/// A link that was welcomed.
pub struct Link {
    context: LinkContext,
    cp_id: String,
    link_id: String,
    closing: CancellationToken,
}

impl Link {
    /// Reads the Hello, registers the charge point and says what it should be doing.
    ///
    /// # Errors
    /// A first message that is none, or the session service's refusal.
    pub async fn open(
        context: LinkContext,
        incoming: &mut (impl Stream<Item = Result<LinkRequest, Status>> + Unpin),
        outgoing: Outgoing,
    ) -> Result<Self, Error> {
        let hello = first_message(incoming).await?;
        hello::check(&hello)?;
        let closing = context.shutdown.child_token();
        let link = Self { context, cp_id: hello.cp_id.clone(), link_id: ids::new_id(), closing };
        // In the table first: a command that is decided right after the registration must find the link.
        link.context.table.add(&link.cp_id, &link.link_id, outgoing, link.closing.clone());
        let arriving = Arriving(&link);
        let registered = link.register(hello).await?;
        link.welcome(registered);
        std::mem::forget(arriving);
        Ok(link)
    }

    async fn register(&self, hello: Hello) -> Result<RegisterChargePointResponse, Error> {
        let request = RegisterChargePointRequest {
            cp_id: hello.cp_id,
            location: hello.location,
            price_micros_per_kwh: hello.price_micros_per_kwh,
            max_power_w: hello.max_power_w,
            key: hello.key,
            link_id: self.link_id.clone(),
            lease_ms: LEASE_MS,
        };
        let registered = self.network().register_charge_point(request).await;
        Ok(registered.map_err(|status| grpc_client::peer_error("session", status))?.into_inner())
    }

    fn welcome(&self, registered: RegisterChargePointResponse) {
        let charge_point = registered.charge_point.clone().unwrap_or_default();
        let version = charge_point.version;
        let session = registered.session.clone().filter(|session| {
            matches!(
                session.state(),
                SessionState::Starting | SessionState::Charging | SessionState::Stopping
            )
        });
        let session_id = session.map(|session| session.session_id).unwrap_or_default();
        let welcome = Welcome { heartbeat_interval_ms: HEARTBEAT_INTERVAL_MS, session_id };
        let commands = commands_after(registered);
        self.context.table.welcome(&self.cp_id, &self.link_id, welcome, version, commands);
        tracing::info!(cp_id = self.cp_id, link_id = self.link_id, "charge point connected");
    }

    /// Takes in what the monitor says until the link ends, then tells so.
    pub async fn run(
        self,
        mut incoming: impl Stream<Item = Result<LinkRequest, Status>> + Unpin,
        outgoing: Outgoing,
    ) {
        let why = loop {
            let message = tokio::select! {
                message = tokio::time::timeout(SILENCE, incoming.next()) => message,
                () = self.closing.cancelled() => break "it was closed here",
                () = outgoing.closed() => break "the monitor went away",
            };
            match message {
                Ok(Some(Ok(LinkRequest { message: Some(message) }))) => {
                    // A monitor whose word can't be taken now says it again after a reconnect.
                    if self.closing.run_until_cancelled(self.take(message)).await == Some(false) {
                        break "it said what makes no sense";
                    }
                }
                // Something that a newer monitor says.
                Ok(Some(Ok(LinkRequest { message: None }))) => {}
                Ok(Some(Err(_)) | None) => break "the monitor went away",
                Err(_) => break "the monitor was silent for too long",
            }
        };
        tracing::info!(cp_id = self.cp_id, link_id = self.link_id, why, "charge point disconnected");
        let farewell = Error::new(
            ErrorCode::Aborted,
            "LINK_CLOSED",
            format!("the link is closed: {why}; connect again"),
        );
        drop(outgoing.try_send(Err(farewell.into())));
        self.context.table.remove(&self.cp_id, &self.link_id);
        self.disconnect().await;
    }

    /// Passes on what the monitor says; `false` when it makes no sense.
    async fn take(&self, message: Message) -> bool {
        let cp_id = self.cp_id.clone();
        match message {
            Message::Heartbeat(_) => true,
            Message::Hello(_) => false,
            Message::Fault(FaultReport { kind, message, register_mwh, session_id }) => {
                let request = ReportFaultRequest { cp_id, kind, message, register_mwh, session_id };
                self.until_decided(|| {
                    let (mut network, request) = (self.network(), request.clone());
                    async move { network.report_fault(request).await }
                })
                .await
            }
            Message::Recovered(_) => {
                let request = ClearFaultRequest { cp_id };
                self.until_decided(|| {
                    let (mut network, request) = (self.network(), request.clone());
                    async move { network.clear_fault(request).await }
                })
                .await
            }
            Message::CommandRefused(CommandRefused { session_id, message }) => {
                tracing::warn!(cp_id, session_id, "the engine refused to start: {message}");
                let request = EndSupplyRequest {
                    session_id,
                    cp_id,
                    register_mwh: 0,
                    reason: EndReason::StartRefused.to_string(),
                    ended_at_ms: clock::now_ms(),
                };
                let mut sessions = SessionServiceClient::new(self.context.session.clone());
                let ended = sessions.end_supply(request).await;
                if let Err(status) = ended {
                    // The session's own deadline ends it.
                    tracing::warn!(
                        cp_id = self.cp_id,
                        reason = status.message(),
                        "a refused start could not be told"
                    );
                }
                true
            }
        }
    }

    /// Calls session until it decided, as long as the link lives; `false` when it refused.
    async fn until_decided<T, F>(&self, mut call: impl FnMut() -> F) -> bool
    where
        F: Future<Output = Result<Response<T>, Status>>,
    {
        let mut backoff = Backoff::reconnect();
        loop {
            let Err(status) = call().await else { return true };
            let error = grpc_client::peer_error("session", status);
            if !error.is_retryable() {
                tracing::warn!(cp_id = self.cp_id, %error, "what a monitor said was refused");
                return false;
            }
            tracing::debug!(cp_id = self.cp_id, %error, "a monitor's word waits for the session service");
            backoff.wait().await;
        }
    }

    async fn disconnect(&self) {
        let mut backoff = Backoff::reconnect();
        for _ in 0..DISCONNECT_TRIES {
            let request = DisconnectRequest { cp_id: self.cp_id.clone(), link_id: self.link_id.clone() };
            if self.network().disconnect(request).await.is_ok() {
                return;
            }
            backoff.wait().await;
        }
        tracing::debug!(
            cp_id = self.cp_id,
            "the end of a link could not be told; its presence runs out by itself"
        );
    }

    fn network(&self) -> NetworkWriteServiceClient<GrpcChannel> {
        NetworkWriteServiceClient::new(self.context.session.clone())
    }
}

/// A link that is in the table and not let in. It leaves with this, also when its caller gave up.
struct Arriving<'a>(&'a Link);

impl Drop for Arriving<'_> {
    fn drop(&mut self) {
        self.0.context.table.remove(&self.0.cp_id, &self.0.link_id);
    }
}

async fn first_message(
    incoming: &mut (impl Stream<Item = Result<LinkRequest, Status>> + Unpin),
) -> Result<Hello, Error> {
    let first = tokio::time::timeout(HELLO_DEADLINE, incoming.next()).await;
    match first {
        Ok(Some(Ok(LinkRequest { message: Some(Message::Hello(hello)) }))) => Ok(hello),
        Ok(_) => Err(Error::invalid_argument(
            "message",
            "must be a hello: the first message says who the monitor is",
        )),
        Err(_) => Err(Error::new(ErrorCode::DeadlineExceeded, "HELLO_TIMEOUT", "no hello came in time")),
    }
}

/// What a charge point must be told after its welcome, from what the network wants of it now.
fn commands_after(registered: RegisterChargePointResponse) -> Vec<CentralCommand> {
    let RegisterChargePointResponse { charge_point, session, traceparent } = registered;
    let charge_point = charge_point.unwrap_or_default();
    let command = |command| CentralCommand {
        cp_id: charge_point.cp_id.clone(),
        version: charge_point.version,
        traceparent: traceparent.clone(),
        command: Some(command),
    };
    let mut commands = Vec::new();
    if charge_point.simulated_error == Some(SimulatedErrorKind::Fault.into()) {
        commands.push(command(Command::SetFault(events::SetFaultCommand { kind: "FAULT".to_owned() })));
    }
    if let Some(session) = session {
        match session.state() {
            SessionState::Starting | SessionState::Charging => {
                commands.push(command(Command::Start(events::StartCommand {
                    session_id: session.session_id,
                    driver_id: session.driver_id,
                    energy_limit_mwh: session.energy_limit_mwh,
                })));
            }
            SessionState::Stopping => {
                let reason =
                    EndReason::try_from(session.end_reason).unwrap_or(EndReason::DriverStopped).to_string();
                let stop = events::StopCommand { session_id: session.session_id, reason };
                commands.push(command(Command::Stop(stop)));
            }
            _ => {}
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use evcharging_common::pb::types::v1::{ChargePoint, Session};

    use super::*;

    fn registered(state: SessionState) -> RegisterChargePointResponse {
        let session = Session {
            session_id: "s1".into(),
            state: state.into(),
            energy_limit_mwh: 9,
            ..Default::default()
        };
        let charge_point = ChargePoint { cp_id: "MAD-01".into(), version: 5, ..Default::default() };
        RegisterChargePointResponse {
            charge_point: Some(charge_point),
            session: Some(session),
            traceparent: "00-trace".into(),
        }
    }

    #[test]
    fn a_charge_point_that_connects_hears_what_it_should_be_doing() {
        for state in [SessionState::Starting, SessionState::Charging] {
            let commands = commands_after(registered(state));
            assert!(
                matches!(&commands[0].command, Some(Command::Start(start)) if start.energy_limit_mwh == 9)
            );
            assert_eq!((commands[0].version, commands[0].traceparent.as_str()), (5, "00-trace"));
        }
        let commands = commands_after(registered(SessionState::Stopping));
        assert!(matches!(&commands[0].command, Some(Command::Stop(stop)) if stop.session_id == "s1"));
        assert!(commands_after(RegisterChargePointResponse::default()).is_empty());
    }

    #[test]
    fn a_simulated_fault_is_said_again() {
        let mut registered = registered(SessionState::Completed);
        if let Some(charge_point) = &mut registered.charge_point {
            charge_point.simulated_error = Some(SimulatedErrorKind::Fault.into());
        }
        assert!(matches!(commands_after(registered)[0].command, Some(Command::SetFault(_))));
    }
}
