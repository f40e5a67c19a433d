//! The outbox: events that are stored leave for Kafka in the order in which they were decided, and are forgotten once it has them.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use evcharging_common::{
    backoff::Backoff,
    error::Error,
    events::Encoding,
    kafka::{OutgoingRecord, Producer},
    shutdown::CancellationToken,
};
use futures::future::join_all;

use crate::{
    leadership::Leadership,
    store::{Store, WaitingEvent},
    writer::Writer,
};

/// Events that are sent at a time.
const PAGE: u32 = 512;
/// How often the outbox is looked at when nothing says that it was filled: this replica's own writer says so, another's can't.
const LOOK: Duration = Duration::from_millis(100);
/// How often when there is no other.
const LOOK_ALONE: Duration = Duration::from_secs(2);

/// Sends what waits while this replica leads, until the token is cancelled. What could not be sent waits in the database for the next one.
pub async fn run<S: Store>(
    mut store: S,
    writer: Writer,
    producer: Producer,
    mut leadership: Leadership,
    others_alive: Arc<AtomicBool>,
    shutdown: CancellationToken,
) {
    let filled = writer.outbox_filled();
    let mut backoff = Backoff::reconnect();
    while shutdown.run_until_cancelled(leadership.wait_until_held()).await.is_some() {
        match send_page(&mut store, &writer, &producer).await {
            Ok(0) => {
                let look = if others_alive.load(Ordering::Relaxed) { LOOK } else { LOOK_ALONE };
                let wait = async { drop(tokio::time::timeout(look, filled.notified()).await) };
                let _ = shutdown.run_until_cancelled(wait).await;
            }
            Ok(_) => backoff.reset(),
            Err(error) => {
                tracing::debug!(%error, "events wait in the outbox");
                let _ = shutdown.run_until_cancelled(backoff.wait()).await;
            }
        }
    }
}

/// Sends the oldest events and tells how many. All of a page are sent before it counts: after a failure the page is sent again from
/// its first event on, in order, and readers know an event by its id.
async fn send_page<S: Store>(store: &mut S, writer: &Writer, producer: &Producer) -> Result<usize, Error> {
    let waiting = store.waiting_events(PAGE).await?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let count = waiting.len();
    let outbox_ids = waiting.iter().map(|event| event.outbox_id).collect();
    // The producer queues in the order of first polls, which is this order, and keeps it for each partition.
    let sent = join_all(waiting.into_iter().map(|event| send(producer, event))).await;
    sent.into_iter().collect::<Result<Vec<()>, Error>>()?;
    writer.outbox_sent(outbox_ids).await?;
    Ok(count)
}

async fn send(producer: &Producer, event: WaitingEvent) -> Result<(), Error> {
    let record = OutgoingRecord {
        topic: event.topic,
        key: event.record_key,
        value: event.payload.into_bytes(),
        encoding: Encoding::Json,
        event_id: event.event_id,
        event_type: event.event_type,
        at_ms: event.at_ms,
        traceparent: Some(event.traceparent).filter(|traceparent| !traceparent.is_empty()),
    };
    producer.send_record(&record).await
}
