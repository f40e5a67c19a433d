//! Saying once that something fails, and once that it works again: what is tried each second must not fill the log while the database is away.

use crate::error::Error;

/// Something that is tried again and again.
pub struct Outage {
    what: &'static str,
    is_on: bool,
}

impl Outage {
    /// Of `what`, the subject of a sentence. So far it works.
    pub fn of(what: &'static str) -> Self {
        Self { what, is_on: false }
    }

    /// Notes how a try went. Only changes are logged for everyone.
    pub fn note<T>(&mut self, outcome: &Result<T, Error>) {
        let what = self.what;
        match outcome {
            Err(error) if self.is_on => tracing::debug!(%error, "{what} still fails"),
            Err(error) => tracing::warn!(%error, "{what} fails; it is tried until it works"),
            Ok(_) if self.is_on => tracing::info!("{what} works again"),
            Ok(_) => {}
        }
        self.is_on = outcome.is_err();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outage_lasts_until_a_try_goes_well() {
        let mut outage = Outage::of("the test");
        for (outcome, is_on) in [(Ok(()), false), (Err(Error::internal("x")), true), (Ok(()), false)] {
            outage.note(&outcome);
            assert_eq!(outage.is_on, is_on);
        }
    }
}
