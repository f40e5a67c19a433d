//! A real Kafka or PostgreSQL that belongs to one test, which may kill and freeze it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use evcharging_common::database::{Access, Database};
use rustix::process::Signal;

use crate::{Process, eventually, network::free_addresses};

/// A server's process, its address and its data.
struct Server {
    process: Process,
    address: String,
    _folder: tempfile::TempDir,
}

impl Server {
    /// Runs `tools/NAME FOLDER PORT SECOND_PORT`.
    async fn start(name: &'static str) -> Self {
        // Kafka's controller has a port of its own.
        let [address, second] = free_addresses();
        let port = |address: &str| {
            address.rsplit_once(':').map(|(_, port)| port.to_owned()).expect("an address has a port")
        };
        let folder = tempfile::tempdir().expect("a temporary folder");
        // PostgreSQL runs as a user of its own, who must get in.
        let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path(), everyone).expect("our own folder");
        let arguments = [folder.path().join("data").display().to_string(), port(&address), port(&second)];
        let process = Process::start_program(name, &tool(name), &arguments);
        let server = Self { process, address, _folder: folder };
        server.wait_until_it_listens().await;
        server
    }

    async fn wait_until_it_listens(&self) {
        eventually(&format!("a server listens on {}", self.address), async || {
            let connecting = tokio::net::TcpStream::connect(&self.address);
            tokio::time::timeout(Duration::from_secs(1), connecting).await.ok()?.ok()
        })
        .await;
    }
}

fn tool(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools").join(name)
}

macro_rules! server {
    ($(#[$doc:meta])* $name:ident, $tool:literal) => {
        $(#[$doc])*
        pub struct $name(Server);

        impl $name {
            /// Starts it and waits until it answers.
            pub async fn start() -> Self {
                let server = Self(Server::start($tool).await);
                server.wait_until_it_answers().await;
                server
            }

            /// Its process.
            pub fn process(&mut self) -> &mut Process {
                &mut self.0.process
            }

            /// kill -9, with everything that it started.
            pub fn kill(&mut self) {
                self.0.process.signal_all(Signal::KILL);
                self.0.process.kill();
            }

            /// Starts it again on what it had.
            pub async fn restart(&mut self) {
                self.0.process.restart();
                self.0.wait_until_it_listens().await;
                self.wait_until_it_answers().await;
            }
        }
    };
}

server!(
    /// A Kafka broker.
    KafkaServer,
    "kafka"
);
server!(
    /// A PostgreSQL server.
    PostgresServer,
    "postgres"
);

impl KafkaServer {
    /// It listens only once it can.
    async fn wait_until_it_answers(&self) {}

    /// Where it listens.
    pub fn bootstrap_servers(&self) -> &str {
        &self.0.address
    }
}

impl PostgresServer {
    /// It listens before it lets anyone in.
    async fn wait_until_it_answers(&self) {
        let url = self.admin_url();
        eventually("PostgreSQL lets us in", async || {
            Database::parse(&url, Access::Read).ok()?.connect().await.ok()
        })
        .await;
    }

    /// As the user that may do everything.
    pub fn admin_url(&self) -> String {
        format!("postgres://test:test@{}/postgres", self.0.address)
    }
}
