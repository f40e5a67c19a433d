//! Calls spread over the replicas behind a name in DNS, as they come and go.

use std::{collections::BTreeSet, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{net::lookup_host, sync::mpsc, time::timeout};
use tonic::transport::{Channel, Endpoint, channel::Change};

use crate::{grpc_client::endpoint, tls::Tls};

/// Between two looks at who answers to the name.
const LOOK: Duration = Duration::from_secs(2);
/// How long a look may take.
const LOOK_DEADLINE: Duration = Duration::from_secs(5);
/// Changes that wait to be taken in.
const CHANGES: usize = 64;

/// One replica of those behind a name, or the name itself while nobody has answered to it: then calls fail, instead of waiting for ever.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Replica {
    Unknown(Arc<str>),
    At(Arc<str>, SocketAddr),
}

/// A channel to all that answer to `names`, each a host and a port, by TLS if there are certificates.
///
/// # Errors
/// When a name is none.
pub(crate) fn channel(names: Vec<String>, tls: Option<Tls>) -> Result<Channel, String> {
    let names: Vec<Arc<str>> = names.into_iter().map(Arc::from).collect();
    for name in &names {
        // Checked here, so that nothing can be wrong with an endpoint later.
        if endpoint(name, name, tls.as_ref())?.uri().port().is_none() {
            return Err(format!("{name:?} needs a port, as in session:50052"));
        }
    }
    let (channel, changes) = Channel::balance_channel(CHANGES);
    tokio::spawn(async move {
        // Ends with the channel: nobody is left to call.
        let _ = follow(&names, tls, &changes).await;
    });
    Ok(channel)
}

async fn follow(
    names: &[Arc<str>],
    mut tls: Option<Tls>,
    changes: &mpsc::Sender<Change<Replica, Endpoint>>,
) -> Option<()> {
    let mut known = BTreeSet::new();
    // To all of them, also to those that are connected to: with the certificates as they are now.
    let mut connect_anew = false;
    loop {
        let mut found = BTreeSet::new();
        for name in names {
            found.extend(look_up(name, &known).await);
        }
        for new in found.iter().filter(|replica| connect_anew || !known.contains(*replica)) {
            changes.send(Change::Insert(new.clone(), new.endpoint(tls.as_ref())?)).await.ok()?;
        }
        for gone in known.difference(&found) {
            changes.send(Change::Remove(gone.clone())).await.ok()?;
        }
        (known, connect_anew) = (found, false);
        let certificates_changed = async {
            match &mut tls {
                Some(tls) => tls.changed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            // Calls under way end where they are.
            () = certificates_changed => connect_anew = true,
            () = changes.closed() => return None,
        }
    }
}

/// Who answers to a name. Those that were known may still be there when nobody does: it may be DNS that is away.
async fn look_up(name: &Arc<str>, known: &BTreeSet<Replica>) -> BTreeSet<Replica> {
    if let Ok(Ok(addresses)) = timeout(LOOK_DEADLINE, lookup_host(&**name)).await {
        let found: BTreeSet<_> = addresses.map(|address| Replica::At(name.clone(), address)).collect();
        if !found.is_empty() {
            return found;
        }
    }
    tracing::debug!(name = &**name, "nobody answers to the name of a service");
    let known: BTreeSet<_> = known.iter().filter(|replica| replica.name() == name).cloned().collect();
    if known.is_empty() { [Replica::Unknown(name.clone())].into() } else { known }
}

impl Replica {
    fn name(&self) -> &Arc<str> {
        match self {
            Self::Unknown(name) | Self::At(name, _) => name,
        }
    }

    fn endpoint(&self, tls: Option<&Tls>) -> Option<Endpoint> {
        let address = match self {
            Self::Unknown(name) => name.to_string(),
            Self::At(_, address) => address.to_string(),
        };
        endpoint(self.name(), &address, tls).ok()
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
