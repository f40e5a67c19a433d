//! The single writer: charge points, reservations, sessions, ledger, outbox.
//!
//! The core ([`decide`], [`session_state`], [`charge_point_state`], [`world`]) is pure; the shell around it
//! queues commands, runs them in batches against a [`store`], and speaks gRPC and Kafka.

pub mod charge_point_state;
pub mod command;
mod deadlines;
pub mod decide;
mod driver_events;
pub mod entities;
#[cfg(test)]
mod fixtures;
mod gauges;
mod grpc_network;
mod grpc_session;
pub mod idempotency;
mod leadership;
mod migrate;
mod outbox;
mod people;
mod service;
pub mod session_state;
mod startup;
pub mod store;
mod view;
pub mod world;
pub mod writer;

pub use migrate::{MigrateConfig, READER_ROLE, SESSION_ROLE, migrate};
pub use service::{Config, Handle, Service, run};
pub use startup::Startup;
