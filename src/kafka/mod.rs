//! Kafka: where it is, sending, reading in a group, following from now on, the topics.

mod config;
mod context;
mod dead_letters;
mod follow;
mod group;
mod partition;
mod producer;
mod received;
mod side_by_side;
mod stored;
pub mod topics;

pub use config::{KafkaAccess, KafkaConfig, SaslMechanism, refused};
pub use dead_letters::DeadLetters;
pub use follow::{Seen, follow};
pub use group::{MAX_BATCH, run_group};
pub use partition::Handler;
pub use producer::{DELIVERY_TIMEOUT, OutgoingRecord, Producer};
pub use received::{Received, Record};
pub use side_by_side::side_by_side;
pub use stored::{Stored, read_stored};
