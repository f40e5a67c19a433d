//! Where the network is kept: what the writer needs of a database, and the databases that give it.

pub(crate) mod migrations;
mod people;
mod queries;
mod rows;
mod sql;
#[cfg(test)]
pub(crate) mod test_database;
#[cfg(test)]
mod test_suite;
mod writing;

use std::collections::HashMap;

use async_trait::async_trait;
use evcharging_common::error::Error;

pub use people::{PeopleStore, TopUpDecision};
pub use sql::SqlStore;

use crate::{
    entities::{AuditEvent, ChargePoint, Driver, LedgerEntry, OutboxEvent, Session},
    world::World,
};

/// The ids that a batch touches, each once.
#[derive(Debug, Default)]
pub struct BatchKeys {
    /// Charge points.
    pub cp_ids: Vec<String>,
    /// Drivers.
    pub driver_ids: Vec<String>,
    /// Sessions.
    pub session_ids: Vec<String>,
    /// Those of the drivers whose charge point, if they charge, nothing names.
    pub unplaced_driver_ids: Vec<String>,
    /// Those of the sessions whose charge point nothing names.
    pub unplaced_session_ids: Vec<String>,
    /// Idempotency keys.
    pub idempotency_keys: Vec<String>,
}

/// The reply to a command that must not take effect twice.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RecordedReply {
    /// The command's key.
    pub idempotency_key: String,
    /// Of the command's content.
    pub fingerprint: String,
    /// The reply, as JSON.
    pub reply: String,
    /// When.
    pub created_at_ms: i64,
}

/// What a batch begins with.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The entities that the batch touches and those that belong to them.
    pub world: World,
    /// The replies that were recorded, by key.
    pub recorded: HashMap<String, RecordedReply>,
}

/// What a batch writes.
#[derive(Debug, Default)]
pub struct BatchWrites<'a> {
    /// Changed charge points that were there before.
    pub charge_points: Vec<&'a ChargePoint>,
    /// Charge points that this batch made known.
    pub new_charge_points: Vec<&'a ChargePoint>,
    /// Changed drivers that were there before.
    pub drivers: Vec<&'a Driver>,
    /// Drivers that this batch made known.
    pub new_drivers: Vec<&'a Driver>,
    /// Changed sessions that were there before.
    pub changed_sessions: Vec<&'a Session>,
    /// Sessions that this batch opened.
    pub new_sessions: Vec<&'a Session>,
    /// New ledger entries.
    pub ledger_entries: &'a [LedgerEntry],
    /// New audit events.
    pub audit_events: &'a [AuditEvent],
    /// New events for Kafka, in order.
    pub outbox_events: &'a [OutboxEvent],
    /// New recorded replies.
    pub recorded: &'a [RecordedReply],
    /// Outbox rows that Kafka has taken.
    pub sent_outbox_ids: &'a [i64],
}

/// An event that waits in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingEvent {
    /// Grows with time.
    pub outbox_id: i64,
    /// Unique for the event.
    pub event_id: String,
    /// The topic.
    pub topic: String,
    /// The record's key.
    pub record_key: String,
    /// What happened.
    pub event_type: String,
    /// proto3 JSON.
    pub payload: String,
    /// The trace that it belongs to; may be empty.
    pub traceparent: String,
    /// When.
    pub at_ms: i64,
}

/// What is due.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Sessions whose deadline has passed.
    pub session_ids: Vec<String>,
    /// Charge points whose presence was not renewed.
    pub cp_ids: Vec<String>,
}

/// One writing connection. A batch is `begin`, then `commit` or `roll_back`; nothing comes in between.
#[async_trait]
pub trait Store: Send + 'static {
    /// Begins a transaction and reads, with a few set-based statements, what the batch touches.
    async fn begin(&mut self, keys: &BatchKeys) -> Result<Loaded, Error>;

    /// Writes what the batch changed, with a few set-based statements, and commits.
    async fn commit(&mut self, writes: &BatchWrites<'_>) -> Result<(), Error>;

    /// Forgets the transaction, if one is open.
    async fn roll_back(&mut self);

    /// The oldest waiting events.
    async fn waiting_events(&mut self, limit: u32) -> Result<Vec<WaitingEvent>, Error>;

    /// What is due at an instant; at most `limit` of each.
    async fn due(&mut self, now_ms: i64, limit: u32) -> Result<Due, Error>;

    /// Sessions that have not ended; at most `limit`.
    async fn open_sessions(&mut self, limit: u32) -> Result<Vec<String>, Error>;

    /// Charge points that count as connected, with their links; at most `limit`.
    async fn connected_charge_points(&mut self, limit: u32) -> Result<Vec<(String, String)>, Error>;

    /// Removes recorded replies that are older than an instant; at most `limit`. Tells how many.
    async fn remove_recorded_before(&mut self, before_ms: i64, limit: u32) -> Result<u64, Error>;

    /// Renews this replica's lease and tells whether another one's lease is alive.
    async fn renew_replica(&mut self, replica_id: &str, now_ms: i64, until_ms: i64) -> Result<bool, Error>;

    /// Takes or keeps a lease that is free, run out or this replica's own, and tells whether this replica has it until then.
    async fn claim_lease(
        &mut self,
        lease_name: &str,
        replica_id: &str,
        now_ms: i64,
        until_ms: i64,
    ) -> Result<bool, Error>;

    /// Gives this replica's leases back.
    async fn release_replica(&mut self, replica_id: &str) -> Result<(), Error>;

    /// How many transactions make sense at a time, each on a connection of its own.
    fn transactions_at_a_time(&self) -> usize;

    /// A second connection to the same database, made on first use.
    fn another(&self) -> Self
    where
        Self: Sized;
}
