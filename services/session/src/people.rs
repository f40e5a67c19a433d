//! Users, and wishes for money: kept here, since session alone writes; checked by authorization.

use evcharging_common::{
    clock,
    error::{Error, ErrorCode},
    ids, password,
    pb::types::v1::{TopUp, TopUpState},
    read_model::ReadModel,
    vocabulary::Role,
};

use crate::{
    command::Command,
    store::{PeopleStore, TopUpDecision},
    writer::Writer,
};

/// What the id of a wish becomes in the ledger.
const WISH_PREFIX: &str = "wish:";
/// Names that stand for others in what is recorded.
const NOBODYS_NAMES: [&str; 4] = ["driver", "charge_point", "network", "shutdown"];

/// Changes people, and their money by way of the writer. Cheap to clone.
#[derive(Clone)]
pub struct People {
    /// What is kept of them.
    pub store: PeopleStore,
    /// How it is looked up.
    pub read_model: ReadModel,
    /// Where balances change.
    pub writer: Writer,
}

impl People {
    /// Makes a user known or changes it; tells whether it did.
    ///
    /// # Errors
    /// NOT_FOUND for a driver's user without a driver.
    pub async fn set_user(
        &self,
        user_id: &str,
        role: Role,
        password: String,
        only_if_new: bool,
    ) -> Result<bool, Error> {
        if NOBODYS_NAMES.contains(&user_id) {
            return Err(Error::invalid_argument("user_id", "must be another: the network calls itself so"));
        }
        if only_if_new && self.read_model.user(user_id).await?.is_some() {
            return Ok(false);
        }
        if role == Role::Driver && self.read_model.driver(user_id).await?.is_none() {
            let message = format!("there is no driver {user_id}: make it known first, with CreateDriver");
            return Err(Error::not_found("DRIVER_UNKNOWN", message));
        }
        let hash = password::hash(password).await?;
        self.store.set_user(user_id, role, &hash, clock::now_ms()).await?;
        tracing::debug!(user_id, %role, "a user was set");
        Ok(true)
    }

    /// Forgets a user.
    ///
    /// # Errors
    /// NOT_FOUND when there is none of this name.
    pub async fn remove_user(&self, user_id: &str) -> Result<(), Error> {
        if self.store.remove_user(user_id).await? {
            return Ok(());
        }
        Err(Error::not_found("USER_UNKNOWN", format!("there is no user {user_id}")))
    }

    /// Keeps a driver's wish until an operator decides.
    ///
    /// # Errors
    /// NOT_FOUND for an unknown driver, RESOURCE_EXHAUSTED when too many of its wishes wait, ALREADY_EXISTS when the id was used for another.
    pub async fn request_top_up(
        &self,
        top_up_id: &str,
        driver_id: &str,
        amount_micros: i64,
    ) -> Result<TopUp, Error> {
        if top_up_id.len() + WISH_PREFIX.len() > ids::MAX_ID_BYTES {
            return Err(Error::invalid_argument("top_up_id", "is too long"));
        }
        self.store.request_top_up(top_up_id, driver_id, amount_micros, clock::now_ms()).await?;
        match self.read_model.top_up(top_up_id).await? {
            Some(kept) if kept.driver_id == driver_id && kept.amount_micros == amount_micros => Ok(kept),
            Some(_) => {
                let message = format!("the id {top_up_id} was used for another top-up");
                Err(Error::new(ErrorCode::AlreadyExists, "TOP_UP_EXISTS", message))
            }
            None if self.read_model.driver(driver_id).await?.is_none() => {
                Err(Error::not_found("DRIVER_UNKNOWN", format!("there is no driver {driver_id}")))
            }
            None => {
                let message = "too many of your top-ups wait for an operator; wait for one of them";
                Err(Error::new(ErrorCode::ResourceExhausted, "TOO_MANY_TOP_UPS", message))
            }
        }
    }

    /// Approves or declines a wish. The decision is kept before the money moves, and the money moves once for each id: whoever is cut off in between
    /// approves again.
    ///
    /// # Errors
    /// NOT_FOUND for an unknown wish, FAILED_PRECONDITION when it was decided in the other way, or the balance would be too high.
    pub async fn decide_top_up(
        &self,
        top_up_id: &str,
        approve: bool,
        operator_id: &str,
    ) -> Result<TopUp, Error> {
        let decision = if approve { TopUpDecision::Crediting } else { TopUpDecision::Declined };
        self.store.decide_top_up(top_up_id, decision, operator_id, clock::now_ms()).await?;
        let kept = self.known_top_up(top_up_id).await?;
        match (kept.state(), approve) {
            (TopUpState::Approved, true) | (TopUpState::Declined, false) => Ok(kept),
            (TopUpState::Requested, true) => {
                self.credit(kept, operator_id).await?;
                self.known_top_up(top_up_id).await
            }
            (TopUpState::Requested, false) => {
                let message = "the money is on its way to the balance already";
                Err(Error::failed_precondition("TOP_UP_DECIDED", message))
            }
            (TopUpState::Approved | TopUpState::Declined | TopUpState::Unspecified, _) => {
                let message = format!("{} has decided otherwise before", kept.decided_by);
                Err(Error::failed_precondition("TOP_UP_DECIDED", message))
            }
        }
    }

    /// Puts the money of a wish on the balance, once for its id.
    async fn credit(&self, wish: TopUp, operator_id: &str) -> Result<(), Error> {
        let TopUp { top_up_id, driver_id, amount_micros, .. } = wish;
        let command = Command::TopUp {
            // Apart from the ids of those who top up without a wish.
            top_up_id: format!("{WISH_PREFIX}{top_up_id}"),
            driver_id,
            amount_micros,
            operator_id: operator_id.to_owned(),
        };
        match self.writer.execute(command).await {
            Ok(_) => self.store.finish_top_up(&top_up_id).await,
            // Whether the money moved is not known: to approve again finds out.
            Err(error) if error.is_retryable() => Err(error),
            Err(refused) => {
                self.store.reopen_top_up(&top_up_id).await?;
                Err(refused)
            }
        }
    }

    async fn known_top_up(&self, top_up_id: &str) -> Result<TopUp, Error> {
        let kept = self.read_model.top_up(top_up_id).await?;
        kept.ok_or_else(|| Error::not_found("TOP_UP_UNKNOWN", format!("there is no top-up {top_up_id}")))
    }
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;
