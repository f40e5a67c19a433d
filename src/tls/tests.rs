#![allow(clippy::unwrap_used)]

use std::net::SocketAddr;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;
use tonic::{Status, service::Routes};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};

use super::*;
use crate::{
    grpc_client,
    grpc_server::{GrpcServer, ListenConfig},
    shutdown::CancellationToken,
};

struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Puts what a part of the network needs into a folder, as a Secret is mounted.
    fn issue(&self, folder: &Path) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        fs::write(folder.join("ca.crt"), self.0.pem()).unwrap();
        fs::write(folder.join("tls.crt"), certificate.pem()).unwrap();
        fs::write(folder.join("tls.key"), key.serialize_pem()).unwrap();
    }

    fn folder(&self) -> TempDir {
        let folder = tempfile::tempdir().unwrap();
        self.issue(folder.path());
        folder
    }
}

fn config(folder: &TempDir) -> TlsConfig {
    TlsConfig { tls_folder: Some(folder.path().to_owned()) }
}

const ANYWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);

/// A server with these certificates, and where it answers: to callers, and to probes.
async fn serve(
    folder: &TempDir,
    listen: SocketAddr,
    shutdown: &CancellationToken,
) -> (SocketAddr, SocketAddr) {
    let config = ListenConfig { listen, health_listen: Some(ANYWHERE), tls: config(folder) };
    let door = config.open(config.load_certificates().unwrap()).await.unwrap();
    let addresses = (door.local_address().unwrap(), door.health_address().unwrap().unwrap());
    let server = GrpcServer::new(door, Routes::default(), &[]).await.unwrap();
    server.health().set_serving().await;
    tokio::spawn(server.serve(shutdown.clone()));
    addresses
}

async fn ask(address: &str, tls: Option<&Tls>) -> Result<(), Status> {
    let channel = grpc_client::connect(address, tls).unwrap();
    HealthClient::new(channel).check(HealthCheckRequest::default()).await.map(drop)
}

#[tokio::test]
async fn only_callers_of_the_same_authority_come_in_and_probes_need_none() {
    let (authority, another) = (Authority::new(), Authority::new());
    let (servers, callers) = (authority.folder(), authority.folder());
    let shutdown = CancellationToken::new();
    let (address, probe) = serve(&servers, ANYWHERE, &shutdown).await;
    let name = format!("localhost:{}", address.port());

    let known = config(&callers).load().unwrap().unwrap();
    for address in [format!("https://{name}"), format!("dns:///{name}"), name.clone()] {
        ask(&address, Some(&known)).await.unwrap();
    }
    // They would take the server, and it does not take them: one shows nothing, one what another authority has signed.
    let (nameless, stranger) = (authority.folder(), another.folder());
    for file in ["tls.crt", "tls.key"] {
        fs::remove_file(nameless.path().join(file)).unwrap();
    }
    fs::copy(servers.path().join("ca.crt"), stranger.path().join("ca.crt")).unwrap();
    // These would not take the server: it is another authority's, and another name than the one on its certificate.
    let doubting = another.folder();
    for (address, folder) in [
        (format!("https://{name}"), &nameless),
        (format!("https://{name}"), &stranger),
        (format!("https://{name}"), &doubting),
        (format!("https://{address}"), &callers),
    ] {
        let tls = config(folder).load().unwrap().unwrap();
        assert!(ask(&address, Some(&tls)).await.is_err(), "{address}");
    }
    assert!(ask(&format!("http://{name}"), None).await.is_err());
    ask(&format!("http://{probe}"), None).await.unwrap();
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn changed_certificates_count_and_broken_ones_do_not() {
    let (old, new) = (Authority::new(), Authority::new());
    let folder = old.folder();
    let mut tls = config(&folder).load().unwrap().unwrap();
    let before = tls.current.borrow().clone();

    fs::write(folder.path().join("tls.crt"), "half a certif").unwrap();
    assert!(tokio::time::timeout(LOOK * 3, tls.changed()).await.is_err());
    assert!(Arc::ptr_eq(&before, &tls.current.borrow()));
    new.issue(folder.path());
    tokio::time::timeout(LOOK * 3, tls.changed()).await.unwrap();
    assert!(before.files != tls.current.borrow().files);
}

#[tokio::test]
async fn both_ends_go_on_with_certificates_of_a_new_authority() {
    let (old, new) = (Authority::new(), Authority::new());
    let (servers, callers) = (old.folder(), old.folder());
    let shutdown = CancellationToken::new();
    let (address, _) = serve(&servers, ANYWHERE, &shutdown).await;
    let name = format!("https://localhost:{}", address.port());
    let tls = config(&callers).load().unwrap().unwrap();
    let channel = grpc_client::connect(&name, Some(&tls)).unwrap();
    grpc_client::wait_until_serving(&channel).await;

    // Callers of before may be slow to get the new ones: they go on, until they connect anew.
    let before = old.folder();
    let slow = config(&before).load().unwrap().unwrap();
    new.issue(servers.path());
    let patience = Duration::from_secs(30);
    let is_turned_away = async {
        while ask(&name, Some(&slow)).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(patience, is_turned_away).await.unwrap();
    grpc_client::wait_until_serving(&channel).await;

    // The same channel finds its way to a server that never had the old ones.
    new.issue(callers.path());
    shutdown.cancel();
    let shutdown = CancellationToken::new();
    let serving_again = async {
        while tokio::net::TcpListener::bind(address).await.is_err() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        serve(&servers, address, &shutdown).await;
        grpc_client::wait_until_serving(&channel).await;
    };
    tokio::time::timeout(patience, serving_again).await.unwrap();
    shutdown.cancel();
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named() {
    let authority = Authority::new();
    let folder = authority.folder();
    fs::remove_file(folder.path().join("tls.key")).unwrap();
    let problem = config(&folder).load().err().unwrap().message;
    assert!(problem.contains("tls.key is missing"), "{problem}");
    fs::remove_file(folder.path().join("tls.crt")).unwrap();
    assert!(config(&folder).load().unwrap().is_some(), "a client may have none");
    assert!(config(&folder).load_for_server().is_err());
    fs::write(folder.path().join("ca.crt"), "rubbish").unwrap();
    let problem = config(&folder).load().err().unwrap().message;
    assert!(problem.contains("ca.crt holds no certificate"), "{problem}");
    assert!(
        grpc_client::connect("https://localhost:1", None)
            .is_err_and(|problem| problem.contains("--tls-folder"))
    );
    assert!(TlsConfig::default().load().unwrap().is_none());
}

#[tokio::test]
async fn frames_go_by_tls_to_callers_without_a_certificate() {
    use crate::framed::{Unit, connect, split};

    let authority = Authority::new();
    let folder = authority.folder();
    let listener = tokio::net::TcpListener::bind(ANYWHERE).await.unwrap();
    let address = format!("tls://localhost:{}", listener.local_addr().unwrap().port());
    let server = config(&folder).load_for_server().unwrap().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // Who does not speak TLS, or distrusts us, is not answered.
            let Ok(stream) = server.accept_anyone(stream).await else { continue };
            let (mut reader, mut writer) = split(Box::new(stream));
            while reader.fill().await.is_ok() {
                while let Some(unit) = reader.next_unit() {
                    assert_eq!(unit, Ok(Unit::Enq));
                    writer.ack();
                }
                writer.flush().await.unwrap();
            }
        }
    });
    let caller = tempfile::tempdir().unwrap();
    fs::copy(folder.path().join("ca.crt"), caller.path().join("ca.crt")).unwrap();
    let trusting = config(&caller).load().unwrap();
    connect(&address, trusting.as_ref()).await.map(drop).unwrap();

    let stranger = Authority::new().folder();
    let distrusting = config(&stranger).load().unwrap();
    let error = connect(&address, distrusting.as_ref()).await.err().unwrap();
    assert!(error.message.starts_with("cannot reach tls://localhost:"), "{error}");
    let error = connect(&address, None).await.err().unwrap();
    assert!(error.message.contains("give --tls-folder"), "{error}");
}
