//! Who comes in: a bounded number of connections, by TLS where that is asked for.

use std::{sync::Arc, time::Duration};

use evcharging_common::{framed::accept, tls::Tls};
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};

use crate::conversation::{Conversation, Gateway};

/// How long nothing is taken after a connection could not be.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long conversations may take to say goodbye.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Takes connections until the gateway stops, then waits for the goodbyes.
pub async fn serve(listener: TcpListener, tls: Option<Tls>, most: usize, gateway: Gateway) {
    let places = Arc::new(Semaphore::new(most));
    let mut conversations = JoinSet::new();
    let mut is_full = false;
    let shutdown = gateway.shutdown.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = conversations.join_next() => continue,
            () = shutdown.cancelled() => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "a connection could not be taken");
                // Without files to open, say, the next one fails as fast.
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let Ok(place) = places.clone().try_acquire_owned() else {
            if !is_full {
                tracing::warn!(
                    most,
                    "all connections are taken; others are closed until one is free: see --max-connections"
                );
            }
            is_full = true;
            continue;
        };
        is_full = false;
        let (tls, gateway) = (tls.clone(), gateway.clone());
        conversations.spawn(async move {
            if let Some((reader, writer)) = accept(stream, tls).await {
                Conversation::new(gateway).run(reader, writer).await;
            }
            drop(place);
        });
    }
    drop(listener);
    let all = async { while conversations.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_TIMEOUT, all).await.is_err() {
        tracing::warn!(left = conversations.len(), "conversations did not end in time and are cut off");
    }
}
