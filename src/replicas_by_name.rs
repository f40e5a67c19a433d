//! Calls spread over the replicas behind a name in DNS, as they come and go.

use std::{collections::BTreeSet, net::SocketAddr, time::Duration};

use tokio::{net::lookup_host, sync::mpsc, time::timeout};
use tonic::transport::{Channel, Endpoint, channel::Change};

/// Between two looks at who answers to the name.
const LOOK: Duration = Duration::from_secs(2);
/// How long a look may take.
const LOOK_DEADLINE: Duration = Duration::from_secs(5);
/// Changes that wait to be taken in.
const CHANGES: usize = 64;

/// One replica, or the name itself while nobody has answered to it: then calls fail, instead of waiting for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Replica {
    Unknown,
    At(SocketAddr),
}

/// A channel to all that answer to `name`, a host and a port. Of what `endpoint` makes of it and of addresses, none may fail.
pub(crate) fn channel(name: String, endpoint: fn(&str) -> Result<Endpoint, String>) -> Channel {
    let (channel, changes) = Channel::balance_channel(CHANGES);
    tokio::spawn(async move {
        // Ends with the channel: nobody is left to call.
        let _ = follow(&name, endpoint, &changes).await;
    });
    channel
}

async fn follow(
    name: &str,
    endpoint: fn(&str) -> Result<Endpoint, String>,
    changes: &mpsc::Sender<Change<Replica, Endpoint>>,
) -> Option<()> {
    let mut known = BTreeSet::new();
    loop {
        let found = timeout(LOOK_DEADLINE, lookup_host(name)).await;
        let mut found: BTreeSet<Replica> = match found {
            Ok(Ok(addresses)) => addresses.map(Replica::At).collect(),
            _ => BTreeSet::new(),
        };
        if found.is_empty() {
            tracing::debug!(name, "nobody answers to the name of a service");
            // Those that were known may still be there: it may be DNS that is away.
            found = if known.is_empty() { [Replica::Unknown].into() } else { known.clone() };
        }
        for new in found.difference(&known) {
            let address = match new {
                Replica::Unknown => name.to_owned(),
                Replica::At(address) => address.to_string(),
            };
            changes.send(Change::Insert(*new, endpoint(&address).ok()?)).await.ok()?;
        }
        for gone in known.difference(&found) {
            changes.send(Change::Remove(*gone)).await.ok()?;
        }
        known = found;
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = changes.closed() => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

    use crate::grpc_client::{connect_lazily, wait_until_serving};

    #[tokio::test]
    async fn calls_reach_who_answers_to_the_name() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (reporter, health) = tonic_health::server::health_reporter();
        reporter.set_service_status("", tonic_health::ServingStatus::Serving).await;
        let incoming = tonic::transport::server::TcpIncoming::from(listener);
        tokio::spawn(tonic::transport::Server::builder().add_service(health).serve_with_incoming(incoming));
        let channel = connect_lazily(&format!("dns:///localhost:{port}")).expect("an address");
        wait_until_serving(&channel).await;
    }

    #[tokio::test]
    async fn a_name_that_nobody_has_fails_the_call() {
        let channel = connect_lazily("dns:///nobody.invalid:50052").expect("an address");
        let failed = HealthClient::new(channel).check(HealthCheckRequest::default()).await;
        assert_eq!(failed.expect_err("nobody is there").code(), tonic::Code::Unavailable);
    }

    #[tokio::test]
    async fn what_is_no_name_is_refused() {
        assert!(connect_lazily("dns:///session 50052").is_err());
        assert!(connect_lazily("dns:///session").is_err_and(|problem| problem.contains("port")));
    }
}
