//! Finding the services of the network.

use evcharging_common::{
    address_file::{Addresses, NetworkLocation},
    error::{Error, ErrorCode},
    grpc_client::{self, GrpcChannel},
    pb::{
        authorization::v1::authorization_service_client::AuthorizationServiceClient,
        cp_registry::v1::registry_service_client::RegistryServiceClient,
        session::v1::{
            network_write_service_client::NetworkWriteServiceClient,
            session_service_client::SessionServiceClient,
        },
    },
    tls::TlsConfig,
};
use tonic::{Response, Status};

/// Where the services are: those of the network in the data folder, unless told otherwise.
#[derive(Debug, Clone, clap::Args)]
pub struct ServiceAddresses {
    /// Where the network is.
    #[command(flatten)]
    pub location: NetworkLocation,
    /// Address of authorization; by default that of the network in --data-dir
    #[arg(long, env = "EVCHARGING_AUTHORIZATION_ADDRESS", value_name = "URL")]
    pub authorization_address: Option<String>,
    /// Address of session; by default that of the network in --data-dir
    #[arg(long, env = "EVCHARGING_SESSION_ADDRESS", value_name = "URL")]
    pub session_address: Option<String>,
    /// Address of cp-registry; by default that of the network in --data-dir
    #[arg(long, env = "EVCHARGING_CP_REGISTRY_ADDRESS", value_name = "URL")]
    pub cp_registry_address: Option<String>,
    /// How services are called.
    #[command(flatten)]
    pub tls: TlsConfig,
}

/// A client, and how its service is called in errors.
#[derive(Debug, Clone)]
pub(crate) struct Peer<C> {
    pub client: C,
    name: String,
}

impl<C> Peer<C> {
    /// The answer inside a response, or an error that names the service when it is away.
    pub fn answer<T>(&self, response: Result<Response<T>, Status>) -> Result<T, Error> {
        response.map(Response::into_inner).map_err(|status| grpc_client::peer_error(&self.name, status))
    }
}

impl ServiceAddresses {
    pub(crate) fn authorization(&self) -> Result<Peer<AuthorizationServiceClient<GrpcChannel>>, Error> {
        let (channel, name) =
            self.connect("authorization", self.authorization_address.as_ref(), |found| found.authorization)?;
        Ok(Peer { client: AuthorizationServiceClient::new(channel), name })
    }

    pub(crate) fn session(&self) -> Result<Peer<SessionServiceClient<GrpcChannel>>, Error> {
        let (channel, name) =
            self.connect("session", self.session_address.as_ref(), |found| found.session)?;
        Ok(Peer { client: SessionServiceClient::new(channel), name })
    }

    pub(crate) fn network_write(&self) -> Result<Peer<NetworkWriteServiceClient<GrpcChannel>>, Error> {
        let (channel, name) =
            self.connect("session", self.session_address.as_ref(), |found| found.session)?;
        Ok(Peer { client: NetworkWriteServiceClient::new(channel), name })
    }

    pub(crate) fn registry(&self) -> Result<Peer<RegistryServiceClient<GrpcChannel>>, Error> {
        let (channel, name) =
            self.connect("cp-registry", self.cp_registry_address.as_ref(), |found| found.cp_registry)?;
        Ok(Peer { client: RegistryServiceClient::new(channel), name })
    }

    /// A channel to the address that was given, or else to the one that the network wrote down.
    fn connect(
        &self,
        service: &str,
        given: Option<&String>,
        pick: fn(Addresses) -> String,
    ) -> Result<(GrpcChannel, String), Error> {
        let address = match given {
            Some(address) => address.clone(),
            None => {
                let found = Addresses::read(&self.location.data_dir);
                pick(found.map_err(|problem| Error::new(ErrorCode::NotFound, "NETWORK_NOT_FOUND", problem))?)
            }
        };
        let tls = self.tls.load()?;
        let channel = grpc_client::connect(&address, tls.as_ref())
            .map_err(|problem| Error::invalid_argument(&format!("--{service}-address"), problem))?;
        Ok((channel, format!("{service} at {address}")))
    }
}
