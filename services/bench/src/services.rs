//! One service as a process of its own, the binary that users run.

use std::{net::TcpListener, time::Duration};

use evcharging_common::{
    error::Error,
    grpc_client::{GrpcChannel, connect_lazily, wait_until_serving},
};
use tokio::process::Child;

use crate::{process::Usage, programs};

/// How long a service may take to serve.
const START_DEADLINE: Duration = Duration::from_secs(60);

/// A running service. It is killed when this is dropped.
pub struct Service {
    child: Child,
    address: String,
}

impl Service {
    /// Starts a service on a free port.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(part: &str, arguments: &[String]) -> Result<Self, Error> {
        // Free a moment ago; nobody else takes ports here while we measure.
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let listen = port.map_err(Error::internal)?.to_string();
        let mut command = programs::quietly(part)?;
        let child = command.args(["--listen", &listen]).args(arguments).spawn().map_err(Error::internal)?;
        Ok(Self { child, address: format!("http://{listen}") })
    }

    /// Waits until it serves.
    ///
    /// # Errors
    /// When it doesn't in time.
    pub async fn serving(&self) -> Result<GrpcChannel, Error> {
        let channel = connect_lazily(&self.address).map_err(Error::internal)?;
        let serving = tokio::time::timeout(START_DEADLINE, wait_until_serving(&channel)).await;
        serving.map_err(|_| Error::internal(format!("the service at {} does not serve", self.address)))?;
        Ok(channel)
    }

    /// Where it listens.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What it uses; nothing once it has ended.
    pub fn usage(&self) -> Usage {
        Usage::of(self.child.id().unwrap_or_default())
    }
}
