//! Commands that show and command a running network, over gRPC.

mod addresses;
mod admin;
mod output;
mod paging;
mod settling;
mod show;
mod tables;
#[cfg(test)]
mod tests;

pub use admin::{AdminConfig, admin};
pub use show::{ShowConfig, show};
