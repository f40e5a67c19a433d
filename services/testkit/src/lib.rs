//! What whole-network tests share: a broker, the real binary's processes, drivers that speak Kafka, and ways to wait.
//!
//! Everything here is for tests: what can't be had ends the test with a message.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod broker;
mod database;
mod driver;
mod framed;
mod ledger;
mod network;
mod portal;
mod process;
mod servers;
mod traces;
mod waiting;

pub use broker::{Broker, make_topics};
pub use database::TestDatabase;
pub use driver::{Driver, Outcome, event_type};
pub use framed::FramedPeer;
pub use ledger::Ledger;
pub use network::{ChargePointProcesses, NetworkOptions, TestNetwork, free_addresses, is_serving};
pub use portal::{Cookie, Portal, TEST_PASSWORD};
pub use process::Process;
pub use servers::{KafkaServer, PostgresServer};
pub use traces::{StoredSpan, TraceStore};
pub use waiting::eventually;
