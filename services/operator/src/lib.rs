//! Commands that show, command and try a running network, and look after its topics.

mod addresses;
mod admin;
mod charge;
mod dead_letters;
mod log_filter;
mod output;
mod paging;
mod settling;
mod show;
mod tables;
#[cfg(test)]
mod tests;
mod topics;

pub use admin::{AdminConfig, admin};
pub use charge::{ChargeConfig, charge};
pub use dead_letters::{DeadLettersConfig, dead_letters};
pub use show::{ShowConfig, show};
pub use topics::{TopicsConfig, topics};
