//! How the writer takes what its database does; what it makes of commands is in the store's test suite.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::future::join_all;

use super::{batch::CONFLICT_TRIES, *};
use crate::{
    fixtures,
    store::{BatchKeys, BatchWrites, Due, Loaded, WaitingEvent},
};

/// A database that fails each transaction as it is told, and counts them.
struct FailingStore {
    error: Error,
    /// It begins, but takes so long.
    begins_after: Option<Duration>,
    transactions: Arc<AtomicUsize>,
    commits: Arc<AtomicUsize>,
}

impl FailingStore {
    fn new(error: Error) -> Self {
        Self { error, begins_after: None, transactions: Arc::default(), commits: Arc::default() }
    }
}

#[async_trait]
impl Store for FailingStore {
    async fn begin(&mut self, _: &BatchKeys) -> Result<Loaded, Error> {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        let Some(delay) = self.begins_after else { return Err(self.error.clone()) };
        tokio::time::sleep(delay).await;
        Ok(Loaded::default())
    }

    async fn commit(&mut self, _: &BatchWrites<'_>) -> Result<(), Error> {
        self.commits.fetch_add(1, Ordering::Relaxed);
        Err(self.error.clone())
    }

    async fn roll_back(&mut self) {}

    async fn waiting_events(&mut self, _: u32) -> Result<Vec<WaitingEvent>, Error> {
        Err(self.error.clone())
    }

    async fn due(&mut self, _: i64, _: u32) -> Result<Due, Error> {
        Err(self.error.clone())
    }

    async fn open_sessions(&mut self, _: u32) -> Result<Vec<String>, Error> {
        Err(self.error.clone())
    }

    async fn connected_charge_points(&mut self, _: u32) -> Result<Vec<(String, String)>, Error> {
        Err(self.error.clone())
    }

    async fn remove_recorded_before(&mut self, _: i64, _: u32) -> Result<u64, Error> {
        Err(self.error.clone())
    }

    async fn renew_replica(&mut self, _: &str, _: i64, _: i64) -> Result<bool, Error> {
        Err(self.error.clone())
    }

    async fn claim_lease(&mut self, _: &str, _: &str, _: i64, _: i64) -> Result<bool, Error> {
        Err(self.error.clone())
    }

    async fn release_replica(&mut self, _: &str) -> Result<(), Error> {
        Err(self.error.clone())
    }

    fn transactions_at_a_time(&self) -> usize {
        1
    }

    fn another(&self) -> Self {
        let (transactions, commits) = (self.transactions.clone(), self.commits.clone());
        Self { error: self.error.clone(), begins_after: self.begins_after, transactions, commits }
    }
}

/// The reasons that a batch of ten commands is answered with, and how many transactions were tried.
async fn ten_commands_on(error: Error) -> (Vec<String>, usize) {
    let store = FailingStore::new(error);
    let transactions = store.transactions.clone();
    let (writer, _) = Writer::start(store, Rules::default(), CancellationToken::new());
    let commands = (0..10).map(|n| writer.execute(fixtures::create_driver(&format!("driver{n}"))));
    let outcomes = join_all(commands).await;
    let reasons = outcomes.into_iter().map(|outcome| outcome.unwrap_err().reason.into_owned());
    (reasons.collect(), transactions.load(Ordering::Relaxed))
}

// One thread: all ten commands are queued before the writer takes its first batch.
#[tokio::test]
async fn a_database_that_is_away_is_asked_once_for_a_batch() {
    let (reasons, transactions) = ten_commands_on(Error::unavailable("away", "away")).await;
    assert_eq!((reasons, transactions), (vec!["UNAVAILABLE".to_owned(); 10], 1));
}

#[tokio::test]
async fn a_batch_that_fails_by_one_of_its_commands_is_tried_command_by_command() {
    let (reasons, transactions) = ten_commands_on(Error::internal("a check failed")).await;
    assert_eq!((reasons, transactions), (vec!["INTERNAL".to_owned(); 10], 11));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_others_came_before_is_run_anew_a_few_times() {
    let conflict = Error::new(ErrorCode::Aborted, "CONFLICT", "another change came first");
    let (reasons, transactions) = ten_commands_on(conflict).await;
    assert_eq!(reasons, vec!["CONFLICT"; 10]);
    assert_eq!(transactions, CONFLICT_TRIES * 11, "the batch, then each command alone");
}

#[tokio::test(start_paused = true)]
async fn what_its_sender_gave_up_is_not_decided_later() {
    let store = FailingStore {
        begins_after: Some(COMMAND_DEADLINE + Duration::from_secs(1)),
        ..FailingStore::new(Error::unavailable("away", "away"))
    };
    let (transactions, commits) = (store.transactions.clone(), store.commits.clone());
    let shutdown = CancellationToken::new();
    let (writer, task) = Writer::start(store, Rules::default(), shutdown.clone());
    let outcome = writer.execute(fixtures::create_driver("driver1")).await;
    assert_eq!(outcome.unwrap_err().reason, "DEADLINE_EXCEEDED");
    shutdown.cancel();
    task.await.unwrap();
    assert_eq!((transactions.load(Ordering::Relaxed), commits.load(Ordering::Relaxed)), (1, 0));
}
