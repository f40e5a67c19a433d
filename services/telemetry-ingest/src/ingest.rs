//! The Kafka door: batches of what charge points say, handed on to session in order, and live updates to drivers.

use std::{
    collections::{BTreeSet, HashMap},
    future::Future,
    sync::Arc,
    time::Duration,
};

use evcharging_common::{
    backoff::Backoff,
    clock,
    error::Error,
    grpc_client::{self, GrpcChannel},
    kafka::{self, DeadLetters, OutgoingRecord, Producer, Received, Record},
    metric,
    pb::{
        events::v1 as events,
        session::v1::{
            EndSupplyRequest, GetSessionRequest, MeterItem, RecordMeterRequest,
            session_service_client::SessionServiceClient,
        },
        telemetry::v1::LiveSession,
    },
    spans,
};
use futures::{StreamExt, future::join_all, stream};
use tonic::{Response, Status};
use tracing::{Instrument, Span};

use crate::{gathered::Gathered, live_sessions::LiveSessions, reading::Reading};

/// The most readings in one call.
const MAX_ITEMS: usize = 1_000;
/// Calls for single sessions at a time.
const MAX_CALLS_AT_A_TIME: usize = 64;
/// How long telling the drivers may hold a batch: the next reading makes up for one that is not told.
const TELLING: Duration = Duration::from_secs(2);

/// Takes what charge points say.
pub struct Ingest {
    sessions: SessionServiceClient<GrpcChannel>,
    live: Arc<LiveSessions>,
    producer: Producer,
}

impl Ingest {
    /// Hands on to the session service behind `session`.
    pub fn new(session: GrpcChannel, live: Arc<LiveSessions>, producer: Producer) -> Self {
        Self { sessions: SessionServiceClient::new(session), live, producer }
    }

    /// Records readings, and tells the drivers of those that counted.
    async fn record(&self, readings: Vec<(MeterItem, Record<'_>)>, dead_letters: &DeadLetters) {
        if readings.is_empty() {
            return;
        }
        let (items, records): (Vec<MeterItem>, Vec<Record<'_>>) = readings.into_iter().unzip();
        // The first reading of each supply is a step of its charge; the others are too many to trace.
        let first = items.iter().zip(&records).filter(|(item, _)| item.seq == 0);
        let firsts: Vec<Span> = first.map(|(_, record)| record.process_span()).collect();
        let begin = || tracing::info_span!(parent: None, "record readings", readings = items.len());
        let span = spans::serving_many(begin, firsts.iter());
        let recorded = until_decided(|| {
            let (mut sessions, request) =
                (self.sessions.clone(), RecordMeterRequest { items: items.clone() });
            async move { sessions.record_meter(request).await }
        });
        let results = match recorded.instrument(span).await {
            Ok(response) => response.results,
            Err(error) => {
                count("refused", records.len());
                for record in &records {
                    dead_letters.reject(record, &error.message).await;
                }
                return;
            }
        };
        let mut counted = Vec::new();
        let mut stale = 0;
        for ((item, record), result) in items.iter().zip(&records).zip(results) {
            match result.reason.as_str() {
                _ if result.accepted => counted.push((item, record)),
                // Delivered again, or after the end: nothing is wrong with it.
                "STALE" => stale += 1,
                "SESSION_ENDED" => self.live.end(&item.session_id),
                reason => dead_letters.reject(record, reason).await,
            }
        }
        count("accepted", counted.len());
        count("stale", stale);
        count("refused", items.len() - counted.len() - stale);
        self.tell(&counted).await;
    }

    /// Takes readings that counted into the live sessions and tells the drivers of the newest.
    async fn tell(&self, counted: &[(&MeterItem, &Record<'_>)]) {
        let unknown = counted.iter().filter(|(item, _)| !self.live.knows(&item.session_id));
        let unknown: BTreeSet<&str> = unknown.map(|(item, _)| item.session_id.as_str()).collect();
        stream::iter(unknown).for_each_concurrent(MAX_CALLS_AT_A_TIME, |id| self.look_up(id)).await;
        let mut newest = HashMap::new();
        for (item, record) in counted {
            if let Some(live) = self.take(item) {
                newest.insert(item.session_id.as_str(), (live, *record));
            }
        }
        let updates: Vec<OutgoingRecord> =
            newest.into_values().map(|(live, record)| update(&live, record)).collect();
        let told = join_all(updates.iter().map(|update| self.producer.send_record(update)));
        match tokio::time::timeout(TELLING, told).await {
            Ok(outcomes) => {
                for error in outcomes.into_iter().filter_map(Result::err) {
                    tracing::debug!(%error, "a driver was not told of a reading");
                }
            }
            Err(_) => tracing::debug!(updates = updates.len(), "drivers were not told of readings in time"),
        }
    }

    /// Begins to follow a session, if it can be had: the next reading tries again.
    async fn look_up(&self, session_id: &str) {
        let request = GetSessionRequest { session_id: session_id.to_owned() };
        let found = self.sessions.clone().get_session(request).await;
        if let Some(session) = found.ok().and_then(|found| found.into_inner().session) {
            self.live.insert(session);
        }
    }

    /// Takes a reading into its live session. `None` when there is nothing to tell of it.
    fn take(&self, item: &MeterItem) -> Option<LiveSession> {
        let live = self.live.read(&item.session_id, item.register_mwh, item.power_w, item.measured_at_ms)?;
        // The start has an event of its own.
        (item.seq > 0).then_some(live)
    }

    async fn end(&self, request: EndSupplyRequest, record: Record<'_>, dead_letters: &DeadLetters) {
        self.live.end(&request.session_id);
        let ended = until_decided(|| {
            let (mut sessions, request) = (self.sessions.clone(), request.clone());
            async move { sessions.end_supply(request).await }
        });
        if let Err(error) = ended.await {
            dead_letters.reject(&record, &format!("{}: {}", error.reason, error.message)).await;
        }
    }
}

impl kafka::Handler<events::CpTelemetry> for Ingest {
    /// All readings first, then the ends: what was measured before an end must count before it, and nothing counts
    /// after it.
    async fn handle(&self, batch: Vec<Received<'_, events::CpTelemetry>>, dead_letters: &DeadLetters) {
        let now_ms = clock::now_ms();
        let mut readings = Gathered::new();
        let mut ends = Vec::new();
        let (mut measured, mut told) = (0, 0);
        for Received { event, record } in batch {
            match Reading::check(event, now_ms) {
                Ok(Reading::Meter(item)) => {
                    measured += 1;
                    readings.add(item, record);
                    if readings.len() == MAX_ITEMS {
                        told += readings.len();
                        self.record(readings.take(), dead_letters).await;
                    }
                }
                Ok(Reading::End(end)) => ends.push((end.session_id.clone(), (end, record))),
                Ok(Reading::IdleFault) => {}
                Err(problem) => {
                    count("refused", 1);
                    dead_letters.reject(&record, &problem).await;
                }
            }
        }
        count("merged", measured - told - readings.len());
        self.record(readings.take(), dead_letters).await;
        kafka::side_by_side(ends, MAX_CALLS_AT_A_TIME, |(end, record)| {
            let span = record.process_span();
            self.end(end, record, dead_letters).instrument(span)
        })
        .await;
        self.live.forget_silent();
    }
}

fn count(outcome: &'static str, readings: usize) {
    metrics::counter!(metric::READINGS, "outcome" => outcome).increment(readings as u64);
}

/// Calls session until it decided, however long it is away: the batch waits, and its offsets with it.
async fn until_decided<T, F>(mut call: impl FnMut() -> F) -> Result<T, Error>
where
    F: Future<Output = Result<Response<T>, Status>>,
{
    let mut backoff = Backoff::reconnect();
    loop {
        match call().await {
            Ok(response) => return Ok(response.into_inner()),
            Err(status) => {
                let error = grpc_client::peer_error("session", status);
                if !error.is_retryable() {
                    return Err(error);
                }
                tracing::debug!(%error, "readings wait for the session service");
                backoff.wait().await;
            }
        }
    }
}

fn update(live: &LiveSession, record: &Record<'_>) -> OutgoingRecord {
    let event: events::DriverNotification = events::ConsumptionUpdate {
        session_id: live.session_id.clone(),
        driver_id: live.driver_id.clone(),
        cp_id: live.cp_id.clone(),
        energy_mwh: live.energy_mwh,
        cost_micros: live.cost_micros,
        currency: live.currency.clone(),
        power_w: live.power_w,
        measured_at: Some(clock::to_timestamp(live.measured_at_ms)),
    }
    .into();
    let mut outgoing = OutgoingRecord::new(&live.driver_id, &event);
    outgoing.traceparent = record.traceparent();
    outgoing
}
