//! Checks the engine's health each second, and stops what it should not be supplying.

use std::time::Duration;

use evcharging_common::{
    backoff::Backoff,
    pb::engine::v1::{EngineMode, EngineState},
    vocabulary::FaultKind,
};
use tokio::{sync::watch, time::MissedTickBehavior};

use crate::{
    assignment::Assignment,
    engine_client::EngineClient,
    health::{CheckOutcome, EngineHealth, HealthTracker, SeenEngine},
};

/// Between two checks.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Checks for ever and says each change of health.
pub async fn run(
    cp_id: &str,
    engine: EngineClient,
    assignment: Assignment,
    health: watch::Sender<Option<EngineHealth>>,
) {
    let mut tracker = HealthTracker::default();
    let mut seen = SeenEngine::default();
    // A thousand monitors that start together must not check together for ever.
    let first_wait = Backoff::new(CHECK_INTERVAL, CHECK_INTERVAL).next_wait();
    let mut next_check = tokio::time::interval_at(tokio::time::Instant::now() + first_wait, CHECK_INTERVAL);
    next_check.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let revision = assignment.revision();
        let (mut outcome, state) = engine.check_health().await;
        if let Some(state) = &state
            && let Some(lost_session_id) = seen.began_anew(state)
        {
            assignment.lose(&lost_session_id);
            outcome = CheckOutcome::ConnectionLost("it began anew".to_owned());
        }
        if let Some(changed) = tracker.record(outcome) {
            log(cp_id, &changed);
            health.send_replace(Some(changed));
        }
        // What was told meanwhile may not have reached the engine when it answered: the next check shows.
        if let Some(state) = state
            && assignment.revision() == revision
        {
            stop_what_is_forbidden(cp_id, &engine, &assignment, &state).await;
        }
        next_check.tick().await;
    }
}

async fn stop_what_is_forbidden(
    cp_id: &str,
    engine: &EngineClient,
    assignment: &Assignment,
    state: &EngineState,
) {
    let session_id = &state.session_id;
    if state.mode() != EngineMode::Charging || !assignment.forbids(session_id) {
        return;
    }
    tracing::warn!(cp_id, session_id, "the engine supplies what the network does not expect; it is stopped");
    if let Err(error) = engine.stop(session_id).await {
        tracing::warn!(cp_id, session_id, %error, "the engine could not be told to stop; the next check tries again");
    }
}

fn log(cp_id: &str, health: &EngineHealth) {
    match health {
        EngineHealth::Healthy => tracing::info!(cp_id, "the engine is healthy"),
        EngineHealth::Faulty(report) => {
            let kind = FaultKind::try_from(report.kind).map_or("UNKNOWN", FaultKind::as_str);
            tracing::warn!(cp_id, kind, "the engine is out of order: {}", report.message);
        }
    }
}
