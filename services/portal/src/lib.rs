//! The driver's and the operator's page: static files, and what they are told and ask, as gRPC-Web. Nothing is kept here but what is live.

mod cookie;
mod dead_letters;
mod driver_grpc;
mod driver_watch;
mod drivers;
mod following;
mod hub;
mod login_grpc;
mod network;
mod open_pages;
mod operator_grpc;
mod operator_watch;
mod pages;
mod peers;
mod power;
mod service;
mod visitors;

pub use service::{Config, Service, run};
