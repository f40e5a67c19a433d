//! Validates meter readings, keeps each live session's running energy and cost, and hands them on in batches.

mod gathered;
mod grpc;
mod ingest;
mod live_session;
mod live_sessions;
mod reading;
mod service;

pub use service::{Config, Service, run};
