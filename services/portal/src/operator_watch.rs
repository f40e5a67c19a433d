//! What an operator's page is told: everything, then what changed.

use std::{sync::Arc, time::Duration};

use evcharging_common::{clock, pb::portal::v1::WatchNetworkResponse, shutdown::CancellationToken};
use futures::{Stream, StreamExt, stream};
use tokio::{
    sync::watch,
    time::{Instant, Interval},
};
use tonic::{Status, metadata::MetadataMap};

use crate::{
    hub::{Hub, Tick},
    network::{Changes, Version},
    open_pages::OpenPage,
    visitors::Visitors,
};

/// How long nothing may be said: a page that hears nothing for much longer takes the connection for dead.
pub const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// How often it is looked whether the person may still be here.
pub const LOOK_AGAIN: Duration = Duration::from_secs(60);

struct Watching {
    hub: Hub,
    ticks: watch::Receiver<Arc<Tick>>,
    seen: Version,
    visitors: Visitors,
    metadata: MetadataMap,
    look_again: Interval,
    told_at: Instant,
    _open: OpenPage,
}

/// Tells a page. The next message is made when the page has taken the last: one that is slow gets the newest, and nothing piles up.
pub fn watch_network(
    hub: Hub,
    visitors: Visitors,
    metadata: MetadataMap,
    open: OpenPage,
    shutdown: CancellationToken,
) -> impl Stream<Item = Result<WatchNetworkResponse, Status>> + Send {
    let mut ticks = hub.ticks();
    // The first is told at once.
    ticks.mark_changed();
    let look_again = tokio::time::interval(LOOK_AGAIN);
    let watching = Watching {
        hub,
        ticks,
        seen: 0,
        visitors,
        metadata,
        look_again,
        told_at: Instant::now(),
        _open: open,
    };
    let told = stream::try_unfold(watching, |mut watching| async move {
        let response = watching.next().await?;
        Ok(Some((response, watching)))
    });
    told.take_until(shutdown.cancelled_owned())
}

impl Watching {
    async fn next(&mut self) -> Result<WatchNetworkResponse, Status> {
        loop {
            tokio::select! {
                _ = self.look_again.tick() => {
                    self.visitors.visitor(&self.metadata).await?;
                }
                ticked = self.ticks.changed() => {
                    ticked.map_err(|_| Status::unavailable("the portal stops"))?;
                    let tick = self.ticks.borrow_and_update().clone();
                    let mut changes = Changes::default();
                    if tick.to > 0 {
                        (changes, self.seen) = self.hub.changes(&tick, self.seen);
                    }
                    if changes != Changes::default() || self.told_at.elapsed() >= KEEP_ALIVE {
                        self.told_at = Instant::now();
                        return Ok(response(changes));
                    }
                }
            }
        }
    }
}

fn response(changes: Changes) -> WatchNetworkResponse {
    let Changes { charge_points, is_complete, readings, events, power, messaging } = changes;
    WatchNetworkResponse {
        charge_points,
        charge_points_complete: is_complete,
        readings,
        events,
        power,
        messaging,
        sent_at_ms: clock::now_ms(),
    }
}
