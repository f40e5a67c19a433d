//! The charge point's engine, simulated: it supplies energy, measures it, and can be told to break.

mod config;
mod engine;
mod engine_handle;
mod framed;
mod grpc;
mod keyboard;
mod register;
mod service;
mod supply;
mod telemetry;
mod telemetry_queue;

pub use config::Config;
pub use service::{Service, run};
