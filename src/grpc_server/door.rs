//! Where a service listens, and who comes in.

use std::{convert::Infallible, net::SocketAddr, time::Duration};

use futures::{Stream, StreamExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::server::TlsStream;
use tonic::transport::server::TcpIncoming;

use crate::{
    error::Error,
    tls::{Tls, TlsConfig},
};

/// Callers that may be on their way through TLS at a time.
const HANDSHAKES: usize = 1024;
/// How long nothing is taken after a connection could not be.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Where a service listens.
#[derive(Debug, Clone, clap::Args)]
pub struct ListenConfig {
    /// Address to serve gRPC on; port 0 takes a free one
    #[arg(long, env = "EVCHARGING_LISTEN", default_value = "127.0.0.1:0", value_name = "IP:PORT")]
    pub listen: SocketAddr,
    /// Address to answer health checks on without TLS, as Kubernetes' probes speak none; none when absent
    #[arg(long, env = "EVCHARGING_HEALTH_LISTEN", value_name = "IP:PORT")]
    pub health_listen: Option<SocketAddr>,
    /// How peers are called and answered.
    #[command(flatten)]
    pub tls: TlsConfig,
}

impl ListenConfig {
    /// gRPC there and nothing else.
    pub fn at(listen: SocketAddr) -> Self {
        Self { listen, health_listen: None, tls: TlsConfig::default() }
    }

    /// The certificates that are configured, to serve with and to call others with. Must be called inside a runtime.
    ///
    /// # Errors
    /// Says what is wrong with them.
    pub fn load_certificates(&self) -> Result<Option<Tls>, Error> {
        self.tls.load_for_server()
    }

    /// Opens the ports, by TLS if there are certificates.
    ///
    /// # Errors
    /// Says which address could not be had and why.
    pub async fn open(&self, tls: Option<Tls>) -> Result<Door, Error> {
        let health_listener = match self.health_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        Ok(Door { listener: listen(self.listen).await?, tls, health_listener })
    }
}

/// An open port, before anybody answers there.
pub struct Door {
    pub(super) listener: TcpListener,
    pub(super) tls: Option<Tls>,
    pub(super) health_listener: Option<TcpListener>,
}

impl Door {
    /// Where it is.
    ///
    /// # Errors
    /// When the system can't tell.
    pub fn local_address(&self) -> Result<SocketAddr, Error> {
        self.listener.local_addr().map_err(Error::internal)
    }

    /// Where health checks are answered without TLS.
    ///
    /// # Errors
    /// As [`Door::local_address`].
    pub fn health_address(&self) -> Result<Option<SocketAddr>, Error> {
        self.health_listener
            .as_ref()
            .map(|listener| listener.local_addr().map_err(Error::internal))
            .transpose()
    }
}

impl From<TcpListener> for Door {
    /// One without TLS.
    fn from(listener: TcpListener) -> Self {
        Self { listener, tls: None, health_listener: None }
    }
}

/// Opens the port.
///
/// # Errors
/// Says which address could not be had, and why.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address).await.map_err(|error| {
        let advice = if error.kind() == std::io::ErrorKind::AddrInUse {
            "; another program has this port"
        } else {
            ""
        };
        Error::unavailable(format!("cannot listen on {address}: {error}{advice}"), &error)
    })
}

/// Those who connect, without the delay that waits for more to send. What can't be taken is said here.
pub fn plain_connections(listener: TcpListener) -> impl Stream<Item = Result<TcpStream, Infallible>> {
    // Set here: the builder's own setting reaches only listeners that it makes itself. With the delay, an answer in two parts waits
    // 40 ms for the caller's acknowledgement of the first.
    TcpIncoming::from(listener).with_nodelay(Some(true)).filter_map(async |accepted| match accepted {
        Ok(connection) => Some(Ok(connection)),
        Err(error) => {
            tracing::warn!(%error, "a connection could not be taken");
            // Without files to open, say, the next one fails as fast.
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    })
}

/// The connections of callers that the certificates let in. Each is let in by a task of its own, and a bounded number at a time.
pub(super) fn secure_connections(
    listener: TcpListener,
    tls: Tls,
) -> impl Stream<Item = Result<TlsStream<TcpStream>, Infallible>> {
    let handshakes = plain_connections(listener).map(move |connection| {
        let (tls, Ok(connection)) = (tls.clone(), connection);
        let caller = connection.peer_addr().ok();
        let accepting = tokio::spawn(async move { tls.accept(connection).await });
        async move { (caller, accepting.await) }
    });
    handshakes.buffer_unordered(HANDSHAKES).filter_map(async |(caller, accepted)| match accepted.ok()? {
        Ok(connection) => Some(Ok(connection)),
        Err(error) => {
            tracing::info!(?caller, %error, "a caller did not come in by TLS");
            None
        }
    })
}
