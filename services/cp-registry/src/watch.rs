//! Telling watchers what changes: one follower of cp_events for the whole process, fanned out in memory.

use std::collections::BTreeSet;

use evcharging_common::{
    error::Error,
    kafka::{self, KafkaConfig},
    pb::{events::v1::CpEvent, types::v1::ChargePoint},
    read_model::{ChargePointFilter, PageRequest, ReadModel},
    shutdown::CancellationToken,
};
use tokio::sync::broadcast;

/// Changes that a watcher may lag behind before it gets the whole list again.
const WATCH_BUFFER: usize = 1_024;
/// Changes that are read together.
const BATCH: usize = 256;
/// Charge points that are read at a time for a whole list.
const PAGE: u32 = 1_000;

/// A handle on the changes. Cheap to clone.
#[derive(Clone)]
pub struct Changes {
    sender: broadcast::Sender<ChargePoint>,
    read_model: ReadModel,
}

impl Changes {
    /// Of the network behind a read model.
    pub fn new(read_model: ReadModel) -> Self {
        Self { sender: broadcast::channel(WATCH_BUFFER).0, read_model }
    }

    /// Each change from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<ChargePoint> {
        self.sender.subscribe()
    }

    /// Every charge point as it is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn all(&self) -> Result<Vec<ChargePoint>, Error> {
        let mut all = Vec::new();
        let mut page = PageRequest::first(PAGE);
        loop {
            let found = self.read_model.charge_points(&ChargePointFilter::default(), &page).await?;
            all.extend(found.items);
            if found.next_page_token.is_empty() {
                return Ok(all);
            }
            page.after = found.next_page_token;
        }
    }

    /// Follows the events until the token is cancelled. Several changes of one charge point are told as one.
    ///
    /// # Errors
    /// When the client can't be made.
    pub async fn run(&self, kafka: &KafkaConfig, shutdown: CancellationToken) -> Result<(), Error> {
        let followed = kafka::follow::<CpEvent>(kafka, "cp-registry-events", shutdown.clone()).await;
        let mut events = match followed {
            Ok(events) => events,
            Err(_) if shutdown.is_cancelled() => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut seen = Vec::new();
        while shutdown
            .run_until_cancelled(events.recv_many(&mut seen, BATCH))
            .await
            .is_some_and(|count| count > 0)
        {
            let cp_ids: BTreeSet<String> = seen.drain(..).map(|event| event.key).collect();
            if self.sender.receiver_count() == 0 {
                continue;
            }
            for cp_id in cp_ids {
                match self.read_model.charge_point(&cp_id).await {
                    // Nobody watching any more is as good.
                    Ok(Some(charge_point)) => drop(self.sender.send(charge_point)),
                    Ok(None) => {}
                    Err(error) => tracing::warn!(%error, cp_id, "a change could not be told to watchers"),
                }
            }
        }
        Ok(())
    }
}
