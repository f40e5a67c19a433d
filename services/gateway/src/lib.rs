//! The edge for those who speak frames over TCP: charge points become links to cp-registry, drivers the records that they would write.

mod charge_point;
mod conversation;
mod door;
mod driver;
mod drivers;
mod notification;
mod service;
mod telemetry;
mod work;

pub use service::{Config, Service, run};
