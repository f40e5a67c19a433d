//! What no decision looks at: who may log in, the keys of their tokens, and wishes for money until they are decided. Each change is one statement.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use evcharging_common::{
    database::{Access, Database},
    error::Error,
    vocabulary::Role,
};
use sqlx::{AnyPool, any::AnyArguments, query::Query};

use super::queries::{Queries, Statement};

/// Connections that are open at a time, at most. They are closed again when nobody comes.
const MAX_CONNECTIONS: u32 = 2;
/// The most wishes of one driver that may wait.
const MAX_WAITING_TOP_UPS: i64 = 10;

/// How a wish for money goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TopUpDecision {
    /// The money is about to be put on the balance.
    Crediting,
    /// An operator said no.
    Declined,
}

/// Changes people. Cheap to clone.
#[derive(Clone)]
pub struct PeopleStore {
    pool: AnyPool,
    queries: &'static Queries,
}

impl PeopleStore {
    /// Of a database, which is connected to on first use.
    ///
    /// # Errors
    /// When the URL is none of a database that we know.
    pub fn open_lazily(database_url: &str) -> Result<Self, Error> {
        let database = Database::parse(database_url, Access::Write)?;
        Ok(Self { pool: database.pool(MAX_CONNECTIONS), queries: Queries::of(database.dialect()) })
    }

    /// Makes a user known, or changes it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_user(
        &self,
        user_id: &str,
        role: Role,
        password_hash: &str,
        now_ms: i64,
    ) -> Result<(), Error> {
        let statement = query(self.queries.write_user);
        self.run(statement.bind(user_id).bind(role.as_str()).bind(password_hash).bind(now_ms)).await.map(drop)
    }

    /// Forgets a user; tells whether there was one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn remove_user(&self, user_id: &str) -> Result<bool, Error> {
        Ok(self.run(query(self.queries.remove_user).bind(user_id)).await? > 0)
    }

    /// Makes a public key known and forgets those that have run out.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn add_token_key(
        &self,
        key_id: &str,
        public_key: &[u8],
        until_ms: i64,
        now_ms: i64,
    ) -> Result<(), Error> {
        let public_key = URL_SAFE_NO_PAD.encode(public_key);
        self.run(query(self.queries.write_token_key).bind(key_id).bind(public_key).bind(until_ms)).await?;
        self.run(query(self.queries.remove_token_keys).bind(now_ms)).await.map(drop)
    }

    /// Keeps a driver's wish for money. Nothing changes when the id is known, the driver is not, or too many of its wishes wait.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn request_top_up(
        &self,
        top_up_id: &str,
        driver_id: &str,
        amount_micros: i64,
        now_ms: i64,
    ) -> Result<(), Error> {
        let statement = query(self.queries.write_top_up).bind(top_up_id).bind(amount_micros).bind(now_ms);
        self.run(statement.bind(driver_id).bind(driver_id).bind(MAX_WAITING_TOP_UPS)).await.map(drop)
    }

    /// Decides a wish that waits, and nothing else.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn decide_top_up(
        &self,
        top_up_id: &str,
        decision: TopUpDecision,
        operator_id: &str,
        now_ms: i64,
    ) -> Result<(), Error> {
        let state = match decision {
            TopUpDecision::Crediting => "CREDITING",
            TopUpDecision::Declined => "DECLINED",
        };
        let statement = query(self.queries.decide_top_up).bind(state).bind(now_ms);
        self.run(statement.bind(operator_id).bind(top_up_id)).await.map(drop)
    }

    /// The money of a wish that was being credited is on the balance.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn finish_top_up(&self, top_up_id: &str) -> Result<(), Error> {
        self.run(query(self.queries.finish_top_up).bind(top_up_id)).await.map(drop)
    }

    /// The money of a wish could not be put on the balance: it waits as before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn reopen_top_up(&self, top_up_id: &str) -> Result<(), Error> {
        self.run(query(self.queries.reopen_top_up).bind(top_up_id)).await.map(drop)
    }

    async fn run(&self, statement: Query<'_, sqlx::Any, AnyArguments>) -> Result<u64, Error> {
        Ok(statement.execute(&self.pool).await?.rows_affected())
    }
}

fn query<'q>(statement: Statement) -> Query<'q, sqlx::Any, AnyArguments> {
    sqlx::query(statement.text)
}
