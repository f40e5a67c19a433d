//! One charge of one driver, from the request to the ticket.

use std::time::Duration;

use evcharging_common::{
    error::Error,
    events::Event,
    grpc_client::{GrpcChannel, peer_error},
    ids,
    kafka::Producer,
    pb::{
        authorization::v1::{AuthorizeRequest, authorization_service_client::AuthorizationServiceClient},
        events::v1::{
            AuthorizationRequest, ChargingStarted, ChargingStopped, DriverEvent, DriverRequest,
            driver_notification::Notification,
        },
        session::v1::{
            StartChargingRequest, StopChargingRequest, session_service_client::SessionServiceClient,
        },
    },
};
use tokio::{sync::mpsc, time::Instant};

use crate::latency::{Latencies, Step};

/// How long a step may take before the charge counts as failed: longer than any deadline of the network.
const STEP_DEADLINE: Duration = Duration::from_secs(60);

/// How drivers ask, start and stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Door {
    /// By records on driver_requests and driver_events
    Kafka,
    /// By calls of AuthorizationService and SessionService
    Grpc,
}

/// A driver.
pub struct ChargeDriver {
    driver_id: String,
    door: Door,
    producer: Producer,
    sessions: SessionServiceClient<GrpcChannel>,
    authorization: AuthorizationServiceClient<GrpcChannel>,
    told: mpsc::Receiver<Notification>,
    supply: Duration,
}

impl ChargeDriver {
    pub fn new(
        driver_id: String,
        door: Door,
        producer: Producer,
        session: GrpcChannel,
        authorization: GrpcChannel,
        told: mpsc::Receiver<Notification>,
    ) -> Self {
        let sessions = SessionServiceClient::new(session);
        let authorization = AuthorizationServiceClient::new(authorization);
        Self { driver_id, door, producer, sessions, authorization, told, supply: Duration::ZERO }
    }

    /// How long it lets energy flow.
    pub fn with_supply(mut self, supply: Duration) -> Self {
        self.supply = supply;
        self
    }

    /// Its id.
    pub fn driver_id(&self) -> &str {
        &self.driver_id
    }

    /// Charges once at this charge point; the steps are timed from `due`.
    pub async fn charge(&mut self, cp_id: &str, due: Instant, latencies: &Latencies) -> Result<(), Error> {
        let request_id = ids::new_id();
        self.ask(cp_id, &request_id).await?;
        latencies.note(Step::Authorized, due.elapsed());
        self.start(cp_id, &request_id).await?;
        self.wait_for("the start", |told| matches!(told, Notification::SessionStarted(_))).await?;
        latencies.note(Step::Supplied, due.elapsed());
        tokio::time::sleep(self.supply).await;
        let stopped_at = Instant::now();
        self.stop(cp_id, request_id).await?;
        self.wait_for("the ticket", |told| matches!(told, Notification::Ticket(_))).await?;
        latencies.note(Step::Ticket, stopped_at.elapsed());
        Ok(())
    }

    async fn ask(&mut self, cp_id: &str, request_id: &str) -> Result<(), Error> {
        let (driver_id, cp_id, request_id) =
            (self.driver_id.clone(), cp_id.to_owned(), request_id.to_owned());
        let refused = |message: String| Error::failed_precondition("REFUSED", format!("refused: {message}"));
        if self.door == Door::Grpc {
            let request = AuthorizeRequest { request_id, driver_id, cp_id, ..AuthorizeRequest::default() };
            let answer = self.authorization.authorize(request).await;
            let answer = answer.map_err(|status| peer_error("authorization", status))?.into_inner();
            return if answer.authorized { Ok(()) } else { Err(refused(answer.message)) };
        }
        let request = AuthorizationRequest {
            request_id: request_id.clone(),
            driver_id,
            cp_id,
            ..AuthorizationRequest::default()
        };
        self.send(&DriverRequest::from(request)).await?;
        let answer = self
            .wait_for("the answer", |told| {
                matches!(told, Notification::AuthorizationResponse(answer) if answer.request_id == request_id)
            })
            .await?;
        match answer {
            Notification::AuthorizationResponse(answer) if !answer.authorized => Err(refused(answer.message)),
            _ => Ok(()),
        }
    }

    async fn start(&mut self, cp_id: &str, request_id: &str) -> Result<(), Error> {
        let (driver_id, cp_id, request_id) =
            (self.driver_id.clone(), cp_id.to_owned(), request_id.to_owned());
        if self.door == Door::Kafka {
            return self.send(&DriverEvent::from(ChargingStarted { driver_id, cp_id, request_id })).await;
        }
        let started =
            self.sessions.start_charging(StartChargingRequest { driver_id, cp_id, request_id }).await;
        started.map(drop).map_err(|status| peer_error("session", status))
    }

    async fn stop(&mut self, cp_id: &str, request_id: String) -> Result<(), Error> {
        let (driver_id, cp_id) = (self.driver_id.clone(), cp_id.to_owned());
        if self.door == Door::Kafka {
            return self.send(&DriverEvent::from(ChargingStopped { driver_id, cp_id, request_id })).await;
        }
        let stop = StopChargingRequest { driver_id, cp_id, request_id, ..StopChargingRequest::default() };
        self.sessions.stop_charging(stop).await.map(drop).map_err(|status| peer_error("session", status))
    }

    async fn send<E: Event>(&self, event: &E) -> Result<(), Error> {
        self.producer.send(&self.driver_id, event).await
    }

    async fn wait_for(
        &mut self,
        what: &str,
        is_it: impl Fn(&Notification) -> bool,
    ) -> Result<Notification, Error> {
        let deadline = Instant::now() + STEP_DEADLINE;
        loop {
            match tokio::time::timeout_at(deadline, self.told.recv()).await {
                Ok(Some(told)) if is_it(&told) => return Ok(told),
                Ok(Some(Notification::SupplyError(error))) => {
                    return Err(Error::failed_precondition("SUPPLY_ERROR", error.message));
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => {
                    return Err(Error::unavailable(
                        format!("{what} did not come within a minute"),
                        "timeout",
                    ));
                }
            }
        }
    }
}
