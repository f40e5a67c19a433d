//! Many charge points are many connections: this many files may be open.

use evcharging_common::error::{Error, ErrorCode};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// A listener and both ends of the monitor's connection.
const FOR_EACH_CHARGE_POINT: u64 = 3;
/// The services, the database, Kafka, and whoever asks.
const FOR_THE_REST: u64 = 300;

/// Lets the process open as many files as the system allows it.
///
/// # Errors
/// When that is too few for so many charge points.
pub fn raise_limit(charge_points: usize) -> Result<(), Error> {
    let limit = getrlimit(Resource::Nofile);
    // When it can't be raised, what matters is whether it was enough as it is.
    let raised = setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum });
    let allowed = if raised.is_ok() { limit.maximum } else { limit.current };
    let needed =
        u64::try_from(charge_points).unwrap_or(u64::MAX).saturating_mul(FOR_EACH_CHARGE_POINT) + FOR_THE_REST;
    match allowed {
        Some(allowed) if allowed < needed => Err(Error::new(
            ErrorCode::FailedPrecondition,
            "TOO_FEW_OPEN_FILES",
            format!(
                "{charge_points} charge points need about {needed} open files and this process may open {allowed}; \
                 raise the limit (ulimit -Hn) or run fewer charge points"
            ),
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]

    use super::*;

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        raise_limit(1).unwrap();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current, limit.maximum);
    }
}
