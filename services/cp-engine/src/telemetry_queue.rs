//! What waits to be sent to Kafka: bounded, in order, and never in the engine's way.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use evcharging_common::{
    backoff::Backoff,
    error::{Error, ErrorCode},
    kafka::{OutgoingRecord, Producer},
};
use tokio::sync::Notify;

/// How many records wait at most, about a minute of readings.
const CAPACITY: usize = 64;
/// Readings may be dropped: the register is cumulative, so the next one says it all.
const READING: &str = "CONSUMPTION";

/// The telemetry of one engine that Kafka does not have yet.
#[derive(Debug, Default)]
pub struct TelemetryQueue {
    waiting: Mutex<Waiting>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    records: VecDeque<OutgoingRecord>,
    dropped_readings: u64,
    is_closed: bool,
}

impl TelemetryQueue {
    /// Whether there is room for something that must not be dropped.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when Kafka has been away for so many charges that no more can be accounted for.
    pub fn check_room(&self) -> Result<(), Error> {
        let waiting = self.lock();
        if waiting.records.iter().filter(|record| record.event_type != READING).count() < CAPACITY {
            return Ok(());
        }
        Err(Error::new(
            ErrorCode::ResourceExhausted,
            "TELEMETRY_FULL",
            "too much telemetry waits for Kafka; try again once Kafka is back",
        ))
    }

    /// Appends a record. When the queue is full the oldest reading makes room; nothing else is ever dropped.
    pub fn push(&self, record: OutgoingRecord) {
        let mut waiting = self.lock();
        let mut has_room = waiting.records.len() < CAPACITY;
        if !has_room {
            let oldest_reading = waiting.records.iter().position(|waits| waits.event_type == READING);
            has_room = oldest_reading.and_then(|position| waiting.records.remove(position)).is_some();
            waiting.dropped_readings += 1;
        }
        // Without a reading to make room, what may not be dropped goes over the bound: `check_room` keeps that to a few.
        if has_room || record.event_type != READING {
            waiting.records.push_back(record);
        }
        drop(waiting);
        self.changed.notify_one();
    }

    /// Nothing is appended any more: delivery ends once all is sent.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    /// How many records wait.
    pub fn len(&self) -> usize {
        self.lock().records.len()
    }

    /// Sends one record after the other, each until Kafka has it, and returns when the queue is closed and empty.
    pub async fn deliver(&self, cp_id: &str, producer: &Producer) {
        loop {
            let (next, is_closed, dropped_readings) = self.take_next();
            match next {
                Some(record) => {
                    deliver_record(cp_id, producer, &record).await;
                    if dropped_readings > 0 {
                        tracing::warn!(
                            cp_id,
                            dropped_readings,
                            "Kafka was away for long: readings in between were dropped, no energy was lost"
                        );
                    }
                }
                None if is_closed => return,
                None => self.changed.notified().await,
            }
        }
    }

    fn take_next(&self) -> (Option<OutgoingRecord>, bool, u64) {
        let mut waiting = self.lock();
        let next = waiting.records.pop_front();
        let dropped_readings = if next.is_some() { std::mem::take(&mut waiting.dropped_readings) } else { 0 };
        (next, waiting.is_closed, dropped_readings)
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // No code under the lock can leave the queue half changed.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn deliver_record(cp_id: &str, producer: &Producer, record: &OutgoingRecord) {
    let mut backoff = Backoff::reconnect();
    while let Err(error) = producer.send_record(record).await {
        if !error.is_retryable() {
            tracing::error!(cp_id, event_type = record.event_type, %error, "Kafka refused a record; it is lost");
            return;
        }
        tracing::debug!(cp_id, event_type = record.event_type, %error, "telemetry waits for Kafka");
        backoff.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use crate::telemetry::{Event, SupplyEndReason, Telemetry};

    use super::*;

    fn record(event: Event) -> OutgoingRecord {
        Telemetry { at_ms: 0, traceparent: None, event }.into_record("MAD-01", 0)
    }

    fn reading(seq: i64) -> OutgoingRecord {
        record(Event::Reading { session_id: "s-1".to_owned(), seq, register_mwh: seq, power_w: 0 })
    }

    fn end(session_id: &str) -> OutgoingRecord {
        record(Event::SupplyEnded {
            session_id: session_id.to_owned(),
            register_mwh: 0,
            reason: SupplyEndReason::Stopped,
        })
    }

    #[test]
    fn a_full_queue_drops_the_oldest_readings_and_nothing_else() {
        let queue = TelemetryQueue::default();
        queue.push(record(Event::SupplyStarted { session_id: "s-1".to_owned(), register_mwh: 0 }));
        let last_seq = i64::try_from(CAPACITY).unwrap_or_default() + 10;
        let readings: Vec<_> = (1..=last_seq).map(reading).collect();
        for reading in &readings {
            queue.push(reading.clone());
        }
        queue.push(end("s-1"));

        let mut waiting = queue.lock();
        assert_eq!(waiting.records.len(), CAPACITY);
        assert_eq!(
            waiting.records.pop_front().map(|first| first.event_type).as_deref(),
            Some("SESSION_STARTED")
        );
        assert_eq!(waiting.records.pop_back().map(|last| last.event_type).as_deref(), Some("SUPPLY_END"));
        let kept: Vec<_> = waiting.records.iter().map(|record| &record.event_id).collect();
        let newest: Vec<_> =
            readings[readings.len() - kept.len()..].iter().map(|record| &record.event_id).collect();
        assert_eq!(kept, newest, "the newest readings stay, in order");
    }

    #[test]
    fn when_only_ends_wait_readings_are_dropped_and_new_work_is_refused() {
        let queue = TelemetryQueue::default();
        for number in 0..CAPACITY {
            assert_eq!(queue.check_room(), Ok(()));
            queue.push(end(&format!("s-{number}")));
        }
        queue.push(reading(1));
        assert_eq!(queue.len(), CAPACITY);
        assert_eq!(
            queue.check_room().map_err(|error| error.reason.into_owned()),
            Err("TELEMETRY_FULL".into())
        );
        queue.push(end("s-last"));
        assert_eq!(queue.len(), CAPACITY + 1, "an end is kept whatever happens");
    }
}
