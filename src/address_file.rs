//! The small file in which `up` writes where everything listens, and from which other commands read it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where a network on this machine listens.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addresses {
    /// Process id of the network.
    pub pid: u32,
    /// Kafka's bootstrap servers.
    pub kafka: String,
    /// AuthorizationService.
    pub authorization: String,
    /// SessionService and NetworkWriteService.
    pub session: String,
    /// RegistryService.
    pub cp_registry: String,
    /// TelemetryService.
    pub telemetry: String,
    /// HOST:PORT of the gateway, for the framed protocol.
    #[serde(default)]
    pub gateway: String,
    /// The driver's page.
    #[serde(default)]
    pub driver_page: String,
    /// The operator's page.
    #[serde(default)]
    pub operator_page: String,
}

/// Where the addresses of a network with this data folder stand.
pub fn path_in(data_dir: &Path) -> PathBuf {
    data_dir.join("addresses.json")
}

impl Addresses {
    /// Writes the file whole: a reader never sees half of it.
    ///
    /// # Errors
    /// When the folder can't be written.
    pub fn write(&self, data_dir: &Path) -> std::io::Result<()> {
        let path = path_in(data_dir);
        let temporary = path.with_extension("json.new");
        std::fs::write(&temporary, serde_json::to_vec_pretty(self)?)?;
        std::fs::rename(temporary, path)
    }

    /// Reads the addresses of the network that runs with this data folder.
    ///
    /// # Errors
    /// Says what to do when there is none.
    pub fn read(data_dir: &Path) -> Result<Self, String> {
        let path = path_in(data_dir);
        let text = std::fs::read_to_string(&path).map_err(|error| {
            format!(
                "no running network found: {}: {error}; start one with `evcharging up`, or give the addresses as flags",
                path.display()
            )
        })?;
        serde_json::from_str(&text).map_err(|error| format!("{} is damaged: {error}", path.display()))
    }

    /// Removes the file when the network ends.
    pub fn remove(data_dir: &Path) {
        // A file that is gone already is as good.
        drop(std::fs::remove_file(path_in(data_dir)));
    }
}

/// How a command-line client finds the network.
#[derive(Debug, Clone, clap::Args)]
pub struct NetworkLocation {
    /// Data folder of a network that `evcharging up` runs on this machine
    #[arg(long, env = "EVCHARGING_DATA_DIR", default_value = "evcharging-data", value_name = "FOLDER")]
    pub data_dir: PathBuf,
}
