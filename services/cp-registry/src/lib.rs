//! Holds the live link to each charge point: registers it, knows whether it is present, carries commands to it, and tells
//! operators and drivers how the whole network is.

mod central_commands;
mod charge_point_changes;
#[cfg(test)]
mod fake_session;
mod grpc;
mod hello;
mod link;
mod link_end;
mod link_reports;
mod link_table;
mod network_status;
mod presence;
mod service;
#[cfg(test)]
mod service_tests;
mod session_client;
mod standing_orders;
#[cfg(test)]
mod test_network;
mod watch;

pub use service::{Config, Service, run};
