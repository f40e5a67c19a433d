//! The Kafka door: requests on driver_requests, answers on driver_notifications.

use std::time::Duration;

use evcharging_common::{
    backoff::Backoff,
    clock,
    error::{Error, ErrorCode},
    kafka::{self, DeadLetters, Received},
    kafka::{KafkaConfig, Producer},
    pb::events::v1::{DriverRequest, driver_request::Request},
    shutdown::CancellationToken,
    vocabulary::RefusalReason,
};
use tokio::time::Instant;
use tracing::Instrument;

use crate::{answers::Answers, authorizer::Authorizer, charge_request::ChargeRequest, decision::Decision};

/// Drivers whose requests are decided at the same time.
const MAX_DRIVERS_AT_A_TIME: usize = 64;
/// How long a decision is tried for while what it needs is away.
const LONGEST_TRY: Duration = Duration::from_secs(10);

/// Answers requests from Kafka.
#[derive(Clone)]
pub struct KafkaDoor {
    /// Decides.
    pub authorizer: Authorizer,
    /// Tells the drivers.
    pub answers: Answers,
}

impl KafkaDoor {
    /// Answers requests until shutdown.
    ///
    /// # Errors
    /// When the consumer can't be made.
    pub async fn run(
        self,
        config: &KafkaConfig,
        producer: Producer,
        shutdown: CancellationToken,
    ) -> Result<(), Error> {
        kafka::run_group(config, "authorization", kafka::MAX_BATCH, producer, shutdown, self).await
    }

    async fn answer(
        &self,
        request: ChargeRequest,
        received: Received<'_, DriverRequest>,
        dead_letters: &DeadLetters,
    ) {
        if let Err(invalid) = request.validate()
            && !request.is_answerable()
        {
            return dead_letters.reject(&received.record, &invalid.message).await;
        }
        let decision = self.decide(&request).await;
        self.answers.deliver(&request, &decision).await;
    }

    /// Decides, however long it takes up to the request's end. A try under way is not cut: it may have reserved already.
    async fn decide(&self, request: &ChargeRequest) -> Decision {
        let left_ms = request.expires_at_ms.map(|at_ms| at_ms.saturating_sub(clock::now_ms()).max(0));
        let left = left_ms.map_or(LONGEST_TRY, |ms| Duration::from_millis(ms.unsigned_abs()));
        let deadline = Instant::now() + left.min(LONGEST_TRY);
        let mut backoff = Backoff::reconnect();
        loop {
            let error = match self.authorizer.decide(request).await {
                Ok(decision) => return decision,
                Err(error) => error,
            };
            if is_request_at_fault(error.code) {
                return Decision::refuse(request, RefusalReason::RequestInvalid, error.message);
            }
            let wait = backoff.next_wait();
            if Instant::now() + wait >= deadline {
                let ChargeRequest { request_id, driver_id, .. } = request;
                tracing::warn!(request_id, driver_id, %error, "a request could not be decided in time");
                let message = "the network could not decide in time; ask again in a moment";
                return Decision::refuse(request, RefusalReason::Unavailable, message);
            }
            tokio::time::sleep(wait).await;
        }
    }
}

impl kafka::Handler<DriverRequest> for KafkaDoor {
    /// Different drivers side by side, each driver's requests in order.
    async fn handle(&self, batch: Vec<Received<'_, DriverRequest>>, dead_letters: &DeadLetters) {
        let requests = batch.into_iter().map(|received| {
            let request = to_charge_request(&received.event);
            (request.driver_id.clone(), (request, received))
        });
        kafka::side_by_side(requests, MAX_DRIVERS_AT_A_TIME, |(request, received)| {
            let span = received.record.process_span();
            self.answer(request, received, dead_letters).instrument(span)
        })
        .await;
    }
}

/// Whether asking the same again would fail again.
fn is_request_at_fault(code: ErrorCode) -> bool {
    match code {
        ErrorCode::InvalidArgument
        | ErrorCode::AlreadyExists
        | ErrorCode::NotFound
        | ErrorCode::FailedPrecondition => true,
        ErrorCode::Unauthenticated
        | ErrorCode::PermissionDenied
        | ErrorCode::Aborted
        | ErrorCode::ResourceExhausted
        | ErrorCode::Unavailable
        | ErrorCode::DeadlineExceeded
        | ErrorCode::Internal => false,
    }
}

fn to_charge_request(event: &DriverRequest) -> ChargeRequest {
    let Some(Request::AuthorizationRequest(asked)) = event.request.clone() else {
        // Records without a request were set aside when they were read.
        return ChargeRequest::default();
    };
    ChargeRequest {
        request_id: asked.request_id,
        driver_id: asked.driver_id,
        cp_id: asked.cp_id,
        energy_limit_mwh: asked.energy_limit_mwh,
        expires_at_ms: asked.expires_at.as_ref().map(clock::from_timestamp),
    }
}
