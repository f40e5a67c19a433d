//! `evcharging up` as a process of its own, the binary that users run.

use std::{path::Path, time::Duration};

use evcharging_common::{address_file::Addresses, error::Error};
use tokio::{
    process::{Child, Command},
    time::Instant,
};

use crate::{process::Usage, programs};

/// How long a network may take to be up.
const START_DEADLINE: Duration = Duration::from_secs(120);
/// How long it may take to end every open session and stop.
const STOP_DEADLINE: Duration = Duration::from_secs(60);

/// A running network. It is killed when this is dropped without [`Network::stop`].
pub struct Network {
    child: Child,
    addresses: Addresses,
    folder: tempfile::TempDir,
}

impl Network {
    /// Starts one on free ports, in a data folder of its own, and returns once drivers may come.
    pub async fn start(arguments: &[String]) -> Result<Self, Error> {
        let folder = tempfile::tempdir_in(".").map_err(Error::internal)?;
        let mut command = programs::quietly("up")?;
        command.arg("--data-dir").arg(folder.path()).args(["--base-port", "0"]).args(arguments);
        let mut child = command.spawn().map_err(Error::internal)?;
        let deadline = Instant::now() + START_DEADLINE;
        loop {
            if let Ok(addresses) = Addresses::read(folder.path()) {
                return Ok(Self { child, addresses, folder });
            }
            if let Some(status) = child.try_wait().map_err(Error::internal)? {
                return Err(Error::internal(format!("the network ended at its start: {status}")));
            }
            if Instant::now() > deadline {
                return Err(Error::internal("the network was not up in time"));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Where it listens.
    pub fn addresses(&self) -> &Addresses {
        &self.addresses
    }

    /// Its data folder.
    pub fn data_dir(&self) -> &Path {
        self.folder.path()
    }

    /// What it uses.
    pub fn usage(&self) -> Usage {
        Usage::of(self.addresses.pid)
    }

    /// Asks it to end and waits.
    pub async fn stop(mut self) -> Result<(), Error> {
        // The shell's own kill: a signal for one child is not worth a dependency.
        let asked = Command::new("kill").args(["-INT", &self.addresses.pid.to_string()]).status().await;
        asked.map_err(Error::internal)?;
        match tokio::time::timeout(STOP_DEADLINE, self.child.wait()).await {
            Ok(Ok(status)) if status.success() => Ok(()),
            Ok(Ok(status)) => Err(Error::internal(format!("the network ended with {status}"))),
            Ok(Err(error)) => Err(Error::internal(error)),
            Err(_) => Err(Error::internal("the network did not end in time")),
        }
    }
}
