//! Holds the live link to each charge point, knows who is present, carries commands, tells the network's status.

mod commands;
mod grpc;
mod hello;
mod link;
mod link_table;
mod network_status;
mod presence;
mod service;
mod watch;

pub use service::{Config, Service, run};
