//! What a server says of itself to health checks.

use std::{collections::BTreeSet, sync::Arc};

use tonic_health::{
    ServingStatus,
    pb::health_server::{Health as AnswerHealth, HealthServer},
    server::{HealthReporter, health_reporter},
};

/// What health checks are told about a server's services. They are NOT_SERVING until it says otherwise.
#[derive(Clone)]
pub struct Health {
    reporter: HealthReporter,
    services: &'static [&'static str],
    state: Arc<tokio::sync::Mutex<HealthState>>,
}

#[derive(Default)]
struct HealthState {
    is_serving: bool,
    /// What is missing.
    blocked_by: BTreeSet<&'static str>,
}

impl Health {
    /// That of these services, and what answers for it.
    pub(super) async fn of(services: &'static [&'static str]) -> (Self, HealthServer<impl AnswerHealth>) {
        let (reporter, service) = health_reporter();
        let health = Self { reporter, services, state: Arc::default() };
        health.set_not_serving().await;
        (health, service)
    }

    /// The services can do their work, unless something blocks them.
    pub async fn set_serving(&self) {
        self.change(|state| state.is_serving = true).await;
    }

    /// They can't, for now.
    pub async fn set_not_serving(&self) {
        self.change(|state| state.is_serving = false).await;
    }

    /// Something that they need is missing.
    pub async fn block(&self, what: &'static str) {
        self.change(|state| _ = state.blocked_by.insert(what)).await;
    }

    /// It is there.
    pub async fn unblock(&self, what: &'static str) {
        self.change(|state| _ = state.blocked_by.remove(what)).await;
    }

    async fn change(&self, change: impl FnOnce(&mut HealthState)) {
        // Held while it is told: two changes must not be told in the wrong order.
        let mut state = self.state.lock().await;
        change(&mut state);
        let serves = state.is_serving && state.blocked_by.is_empty();
        let status = if serves { ServingStatus::Serving } else { ServingStatus::NotServing };
        for service in self.services.iter().copied().chain([""]) {
            self.reporter.set_service_status(service, status).await;
        }
    }
}
