//! Who comes in: a bounded number of connections, by TLS where that is asked for.

use std::{sync::Arc, time::Duration};

use evcharging_common::{framed::accept, grpc_server::plain_connections, tls::Tls};
use futures::StreamExt;
use tokio::{net::TcpListener, sync::Semaphore, task::JoinSet};

use crate::conversation::{Conversation, Gateway};

/// How long conversations may take to say goodbye.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// Takes connections until the gateway stops, then waits for the goodbyes.
pub async fn serve(listener: TcpListener, tls: Option<Tls>, most: usize, gateway: Gateway) {
    let places = Arc::new(Semaphore::new(most));
    let mut conversations = JoinSet::new();
    let mut is_full = false;
    let shutdown = gateway.shutdown.clone();
    let mut connections = Box::pin(plain_connections(listener));
    loop {
        let stream = tokio::select! {
            Some(Ok(stream)) = connections.next() => stream,
            Some(_) = conversations.join_next() => continue,
            () = shutdown.cancelled() => break,
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
    drop(connections);
    let all = async { while conversations.join_next().await.is_some() {} };
    if tokio::time::timeout(DRAIN_TIMEOUT, all).await.is_err() {
        tracing::warn!(left = conversations.len(), "conversations did not end in time and are cut off");
    }
}
