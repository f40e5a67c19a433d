//! The sidecar of one engine: watches its health, links it to the network, and passes commands on.

mod assignment;
mod commands;
mod config;
mod engine_client;
mod framed_engine;
mod framed_link;
mod health;
mod health_checks;
mod link;
mod link_session;
mod monitor;

pub use config::{ChargePointKey, Config};
pub use engine_client::EngineClient;
pub use link_session::Central;
pub use monitor::{run, run_with};
