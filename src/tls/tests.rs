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

/// A server with these certificates and a port for probes.
async fn serve(folder: &TempDir, shutdown: &CancellationToken) -> (SocketAddr, SocketAddr) {
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let probe = tokio::net::TcpListener::bind(anywhere).await.unwrap().local_addr().unwrap();
    let listen =
        ListenConfig { health_listen: Some(probe), tls: config(folder), ..ListenConfig::at(anywhere) };
    let door = listen.open().await.unwrap();
    let address = door.local_address().unwrap();
    let server = GrpcServer::new(door, Routes::default(), &[]).await.unwrap();
    server.health().set_serving().await;
    tokio::spawn(server.serve(shutdown.clone()));
    (address, probe)
}

async fn ask(address: &str, tls: Option<&Tls>) -> Result<(), Status> {
    let channel = grpc_client::connect(address, tls).unwrap();
    HealthClient::new(channel).check(HealthCheckRequest::default()).await.map(drop)
}

#[tokio::test]
async fn only_callers_of_the_same_authority_come_in_and_probes_need_none() {
    let (authority, another) = (Authority::new(), Authority::new());
    let (servers, callers, strangers) = (authority.folder(), authority.folder(), another.folder());
    let shutdown = CancellationToken::new();
    let (address, probe) = serve(&servers, &shutdown).await;
    let name = format!("localhost:{}", address.port());

    let callers = config(&callers).load().unwrap().unwrap();
    for address in [format!("https://{name}"), format!("dns:///{name}"), name.clone()] {
        ask(&address, Some(&callers)).await.unwrap();
    }
    let strangers = config(&strangers).load().unwrap().unwrap();
    for (address, tls) in [
        (format!("https://{name}"), Some(&strangers)),
        (format!("http://{name}"), None),
        // The name on the certificate is another one.
        (format!("https://{address}"), Some(&callers)),
    ] {
        assert!(ask(&address, tls).await.is_err(), "{address}");
    }
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
    assert_ne!(before.files, tls.current.borrow().files);
}

#[tokio::test]
async fn both_ends_go_on_with_certificates_of_a_new_authority() {
    let (old, new) = (Authority::new(), Authority::new());
    let (servers, callers) = (old.folder(), old.folder());
    let shutdown = CancellationToken::new();
    let (address, _) = serve(&servers, &shutdown).await;
    let tls = config(&callers).load().unwrap().unwrap();
    let channel = grpc_client::connect(&format!("https://localhost:{}", address.port()), Some(&tls)).unwrap();
    grpc_client::wait_until_serving(&channel).await;

    new.issue(servers.path());
    new.issue(callers.path());
    let strangers = old.folder();
    let stranger = config(&strangers).load().unwrap().unwrap();
    let address = format!("https://localhost:{}", address.port());
    let is_turned_away = async {
        while ask(&address, Some(&stranger)).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), is_turned_away).await.unwrap();
    // The same channel, which may have to connect anew.
    tokio::time::timeout(Duration::from_secs(30), grpc_client::wait_until_serving(&channel)).await.unwrap();
    shutdown.cancel();
}

#[tokio::test]
async fn what_is_missing_or_wrong_is_named() {
    let authority = Authority::new();
    let folder = authority.folder();
    fs::remove_file(folder.path().join("tls.key")).unwrap();
    let problem = config(&folder).load().unwrap_err().message;
    assert!(problem.contains("tls.key is missing"), "{problem}");
    fs::remove_file(folder.path().join("tls.crt")).unwrap();
    assert!(config(&folder).load().unwrap().is_some(), "a client may have none");
    assert!(config(&folder).load_for_server().is_err());
    fs::write(folder.path().join("ca.crt"), "rubbish").unwrap();
    let problem = config(&folder).load().unwrap_err().message;
    assert!(problem.contains("ca.crt holds no certificate"), "{problem}");
    assert!(grpc_client::connect("https://localhost:1", None).is_err());
    assert!(TlsConfig::default().load().unwrap().is_none());
}
