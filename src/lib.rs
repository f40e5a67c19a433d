//! What two or more parts of EVCharging need, and nothing else.

pub mod address_file;
pub mod backoff;
pub mod clock;
pub mod columns;
pub mod database;
pub mod energy;
pub mod error;
pub mod events;
pub mod grpc_client;
mod grpc_deadline;
mod grpc_metrics;
pub mod grpc_server;
pub mod ids;
pub mod kafka;
pub mod metric;
pub mod money;
pub mod observability;
pub mod outage;
pub mod pb;
pub mod pricing;
pub mod read_model;
mod replicas_by_name;
pub mod secret;
pub mod shutdown;
pub mod trace_propagation;
pub mod vocabulary;
