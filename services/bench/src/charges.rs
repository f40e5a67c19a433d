//! One driver of the load, who charges again and again and notes how it went.

use std::{
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use evcharging_common::{
    error::Error,
    grpc_client::GrpcChannel,
    ids,
    pb::{
        authorization::v1::{AuthorizeRequest, authorization_service_client::AuthorizationServiceClient},
        events::v1::driver_notification::Notification,
        session::v1::{
            StartChargingRequest, StopChargingRequest, session_service_client::SessionServiceClient,
        },
    },
};
use tokio::sync::mpsc;

/// How long each charge is supplied before its driver stops it.
const SUPPLY: Duration = Duration::from_secs(20);
/// How long a step may take before the charge counts as failed: longer than any deadline of the network.
const STEP_DEADLINE: Duration = Duration::from_secs(30);

/// What all drivers of the load note together.
#[derive(Default)]
pub struct Notes {
    /// Only what happens while this is set is counted.
    pub counting: AtomicBool,
    /// No new charge is begun once this is set.
    pub over: AtomicBool,
    /// How long each Authorize took.
    pub authorize_latencies: Mutex<Vec<Duration>>,
    /// Tickets that came.
    pub completed: AtomicUsize,
    /// Readings that drivers were told.
    pub readings: AtomicUsize,
    /// Charges that were refused or ended otherwise than asked.
    pub failed: AtomicUsize,
    /// Drivers that are being supplied right now.
    pub supplied_now: AtomicUsize,
}

impl Notes {
    /// Counts one, when it is time to count.
    pub fn count(&self, counter: &AtomicUsize) {
        if self.counting.load(Ordering::Relaxed) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn note_authorize(&self, latency: Duration) {
        if self.counting.load(Ordering::Relaxed) {
            self.authorize_latencies.lock().unwrap_or_else(PoisonError::into_inner).push(latency);
        }
    }
}

/// A driver.
pub struct LoadDriver {
    /// Its id.
    pub driver_id: String,
    /// Decides its requests.
    pub authorization: AuthorizationServiceClient<GrpcChannel>,
    /// Starts and stops its charges.
    pub sessions: SessionServiceClient<GrpcChannel>,
    /// What it is told, without readings.
    pub told: mpsc::Receiver<Notification>,
}

impl LoadDriver {
    /// Charges until the load is over.
    pub async fn charge_again_and_again(mut self, notes: &Notes) {
        while !notes.over.load(Ordering::Relaxed) {
            if let Err(error) = self.charge(notes).await
                && !notes.over.load(Ordering::Relaxed)
            {
                notes.count(&notes.failed);
                eprintln!("  {}: {error}", self.driver_id);
                // What is left of a failed charge is ended by the network's own deadlines.
                tokio::time::sleep(STEP_DEADLINE).await;
            }
        }
    }

    async fn charge(&mut self, notes: &Notes) -> Result<(), Error> {
        let driver_id = self.driver_id.clone();
        let request = AuthorizeRequest {
            request_id: ids::new_id(),
            driver_id: driver_id.clone(),
            cp_id: String::new(),
            energy_limit_mwh: None,
            expires_at_ms: None,
        };
        let began = Instant::now();
        let answer = self.authorization.authorize(request).await?.into_inner();
        notes.note_authorize(began.elapsed());
        if !answer.authorized {
            return Err(Error::failed_precondition("REFUSED", answer.message));
        }
        let (cp_id, session_id) = (answer.cp_id, answer.session_id);
        let start = StartChargingRequest { driver_id, cp_id, request_id: String::new() };
        self.sessions.start_charging(start).await?;
        self.wait_for("the start", |told| matches!(told, Notification::SessionStarted(_))).await?;
        notes.supplied_now.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(SUPPLY).await;
        notes.supplied_now.fetch_sub(1, Ordering::Relaxed);
        let stop = StopChargingRequest { session_id, ..StopChargingRequest::default() };
        self.sessions.stop_charging(stop).await?;
        self.wait_for("the ticket", |told| matches!(told, Notification::Ticket(_))).await?;
        notes.count(&notes.completed);
        Ok(())
    }

    async fn wait_for(&mut self, what: &str, is_it: impl Fn(&Notification) -> bool) -> Result<(), Error> {
        let heard = async {
            while let Some(told) = self.told.recv().await {
                if is_it(&told) {
                    return Ok(());
                }
            }
            Err(Error::internal("the notifications ended"))
        };
        tokio::time::timeout(STEP_DEADLINE, heard)
            .await
            .unwrap_or_else(|_| Err(Error::internal(format!("{what} did not come"))))
    }
}
