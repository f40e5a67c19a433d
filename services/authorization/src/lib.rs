//! Decides who may charge where: one decision for the two doors by which a driver asks, Kafka and gRPC.

mod answers;
mod authorizer;
mod charge_request;
mod decision;
mod driver_requests;
#[cfg(test)]
mod fake_session;
mod grpc;
mod login;
mod service;
#[cfg(test)]
mod service_tests;
mod signing;
mod throttle;

pub use service::{Config, Service, run};
