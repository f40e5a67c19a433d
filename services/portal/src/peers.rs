//! The services that the portal asks.

use std::time::{Duration, Instant};

use evcharging_common::{
    error::Error,
    grpc_client::{self, GrpcChannel},
    pb::{
        authorization::v1::authorization_service_client::AuthorizationServiceClient,
        cp_registry::v1::registry_service_client::RegistryServiceClient,
        portal::v1::ServiceHealth,
        session::v1::{
            GetTicketRequest, ListEventsRequest, network_write_service_client::NetworkWriteServiceClient,
            session_service_client::SessionServiceClient,
        },
        telemetry::v1::telemetry_service_client::TelemetryServiceClient,
        types::v1::{AuditEvent, Ticket},
    },
    tls::Tls,
};
use futures::future::join_all;
use tonic::{Code, Request, Response, Status};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// Steps of one session that are told.
const MOST_STEPS: i32 = 100;
/// How long a service may take to say whether it serves.
const HEALTH_TIMEOUT: Duration = Duration::from_secs(2);

/// Where the services are.
#[derive(Debug, Clone, clap::Args)]
pub struct PeerConfig {
    /// Address of the authorization service; several replicas separated by commas
    #[arg(
        long,
        env = "EVCHARGING_AUTHORIZATION_ADDRESS",
        default_value = "http://127.0.0.1:50051",
        value_name = "URL"
    )]
    pub authorization_address: String,
    /// Address of the session service; several replicas separated by commas
    #[arg(
        long,
        env = "EVCHARGING_SESSION_ADDRESS",
        default_value = "http://127.0.0.1:50052",
        value_name = "URL"
    )]
    pub session_address: String,
    /// Address of cp-registry; several replicas separated by commas
    #[arg(
        long,
        env = "EVCHARGING_CP_REGISTRY_ADDRESS",
        default_value = "http://127.0.0.1:50053",
        value_name = "URL"
    )]
    pub cp_registry_address: String,
    /// Address of telemetry-ingest; several replicas separated by commas
    #[arg(
        long,
        env = "EVCHARGING_TELEMETRY_ADDRESS",
        default_value = "http://127.0.0.1:50054",
        value_name = "URL"
    )]
    pub telemetry_address: String,
}

/// Channels to the services. Cheap to clone.
#[derive(Clone)]
pub struct Peers {
    authorization: GrpcChannel,
    session: GrpcChannel,
    registry: GrpcChannel,
    telemetry: GrpcChannel,
    addresses: [(&'static str, String); 4],
}

impl Peers {
    /// Connects on the first call.
    ///
    /// # Errors
    /// INVALID_ARGUMENT for an address that is none.
    pub fn connect(config: &PeerConfig, tls: Option<&Tls>) -> Result<Self, Error> {
        let channel = |field: &str, address: &str| {
            grpc_client::connect(address, tls).map_err(|problem| Error::invalid_argument(field, problem))
        };
        Ok(Self {
            authorization: channel("authorization_address", &config.authorization_address)?,
            session: channel("session_address", &config.session_address)?,
            registry: channel("cp_registry_address", &config.cp_registry_address)?,
            telemetry: channel("telemetry_address", &config.telemetry_address)?,
            addresses: [
                ("authorization", config.authorization_address.clone()),
                ("session", config.session_address.clone()),
                ("cp-registry", config.cp_registry_address.clone()),
                ("telemetry-ingest", config.telemetry_address.clone()),
            ],
        })
    }

    pub fn authorization(&self) -> AuthorizationServiceClient<GrpcChannel> {
        AuthorizationServiceClient::new(self.authorization.clone())
    }

    pub fn session(&self) -> SessionServiceClient<GrpcChannel> {
        SessionServiceClient::new(self.session.clone())
    }

    pub fn network_write(&self) -> NetworkWriteServiceClient<GrpcChannel> {
        NetworkWriteServiceClient::new(self.session.clone())
    }

    pub fn registry(&self) -> RegistryServiceClient<GrpcChannel> {
        RegistryServiceClient::new(self.registry.clone())
    }

    pub fn telemetry(&self) -> TelemetryServiceClient<GrpcChannel> {
        TelemetryServiceClient::new(self.telemetry.clone())
    }

    /// The steps of a session, oldest first. `asked` is the session's id, in the name of whoever may see it.
    ///
    /// # Errors
    /// When session does not answer.
    pub async fn steps(&self, asked: Request<String>) -> Result<Vec<AuditEvent>, Error> {
        let request = asked.map(|session_id| ListEventsRequest {
            session_id,
            page_size: MOST_STEPS,
            ..ListEventsRequest::default()
        });
        let mut steps = answer("session", self.session().list_events(request).await)?.events;
        steps.reverse();
        Ok(steps)
    }

    /// The ticket of a session, if it has one yet; asked as for its steps.
    ///
    /// # Errors
    /// When session does not answer.
    pub async fn ticket(&self, asked: Request<String>) -> Result<Option<Ticket>, Error> {
        let request = asked.map(|session_id| GetTicketRequest { session_id });
        match self.session().get_ticket(request).await {
            Err(status) if status.code() == Code::NotFound => Ok(None),
            found => Ok(answer("session", found)?.ticket),
        }
    }

    /// Asks each whether it serves.
    pub async fn health(&self) -> Vec<ServiceHealth> {
        let channels = [&self.authorization, &self.session, &self.registry, &self.telemetry];
        let asked = self.addresses.iter().zip(channels).map(async |((name, address), channel)| {
            let began = Instant::now();
            let message = health_of(channel.clone()).await.err().unwrap_or_default();
            ServiceHealth {
                name: (*name).to_owned(),
                address: address.clone(),
                is_serving: message.is_empty(),
                message,
                answered_in_us: i64::try_from(began.elapsed().as_micros()).unwrap_or(i64::MAX),
            }
        });
        join_all(asked).await
    }
}

async fn health_of(channel: GrpcChannel) -> Result<(), String> {
    let mut client = HealthClient::new(channel);
    let asking = client.check(HealthCheckRequest::default());
    match tokio::time::timeout(HEALTH_TIMEOUT, asking).await {
        Ok(Ok(answer)) if answer.get_ref().status() == ServingStatus::Serving => Ok(()),
        Ok(Ok(_)) => Err("it runs, but can't do its work at the moment; its log says why".to_owned()),
        Ok(Err(status)) => Err(format!("it can't be reached: {}", status.message())),
        Err(_) => Err(format!("no answer within {} s", HEALTH_TIMEOUT.as_secs())),
    }
}

/// The answer of a service, or its error as the page gets it.
pub fn answer<T>(service: &str, response: Result<Response<T>, Status>) -> Result<T, Error> {
    response.map(Response::into_inner).map_err(|status| grpc_client::peer_error(service, status))
}
