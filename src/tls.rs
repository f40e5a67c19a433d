//! Mutual TLS between the parts of the network: each shows a certificate, and takes only what the same authority has signed. The files
//! are those that Kubernetes and cert-manager keep in a Secret; what changes in them counts for the connections made from then on.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpStream, sync::watch};
use tokio_rustls::{
    TlsAcceptor, TlsConnector, client,
    rustls::{
        ClientConfig, RootCertStore, ServerConfig,
        pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
        server::WebPkiClientVerifier,
    },
    server::TlsStream,
};
use tonic::transport::{Certificate, ClientTlsConfig, Identity};

use crate::error::Error;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);
/// How long a handshake may take.
const HANDSHAKE_DEADLINE: Duration = Duration::from_secs(5);

/// Where the certificates are.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TlsConfig {
    /// Folder with tls.crt, tls.key and ca.crt: peers are called and answered by mutual TLS then; without TLS when absent
    ///
    /// The files may change at any time; new connections take the new ones. For a client, ca.crt alone will do where the server asks for
    /// no certificate.
    #[arg(long, env = "EVCHARGING_TLS_FOLDER", value_name = "FOLDER")]
    pub tls_folder: Option<PathBuf>,
}

/// The certificates, as they are now. Cheap to clone.
#[derive(Clone)]
pub struct Tls {
    current: watch::Receiver<Arc<Certificates>>,
}

struct Certificates {
    files: Files,
    /// `None` without a certificate of our own.
    server: Option<Arc<ServerConfig>>,
    /// The same for callers that have no certificate.
    open_server: Option<Arc<ServerConfig>>,
    /// To call those who speak no gRPC.
    client: Arc<ClientConfig>,
}

/// Never shown: there is a key among them.
#[derive(PartialEq, Eq)]
struct Files {
    authority: Vec<u8>,
    /// Certificate and key.
    own: Option<(Vec<u8>, Vec<u8>)>,
}

impl TlsConfig {
    /// Reads the files and follows them as they change; `None` when no folder is configured. Must be called inside a runtime.
    ///
    /// # Errors
    /// Says which file is missing or can't be used.
    pub fn load(&self) -> Result<Option<Tls>, Error> {
        let Some(folder) = &self.tls_folder else { return Ok(None) };
        let problem =
            |problem| Error::invalid_argument("--tls-folder", format!("{}: {problem}", folder.display()));
        let certificates = Files::read(folder).and_then(Files::check).map_err(problem)?;
        let (changed, current) = watch::channel(Arc::new(certificates));
        tokio::spawn(follow(folder.clone(), changed));
        Ok(Some(Tls { current }))
    }

    /// The same for a server, which needs a certificate of its own.
    ///
    /// # Errors
    /// As [`TlsConfig::load`].
    pub fn load_for_server(&self) -> Result<Option<Tls>, Error> {
        let tls = self.load()?;
        if tls.as_ref().is_some_and(|tls| tls.current.borrow().server.is_none()) {
            return Err(Error::invalid_argument("--tls-folder", "needs tls.crt and tls.key, to serve with"));
        }
        Ok(tls)
    }
}

/// Takes in what changes, until nobody uses it any more.
async fn follow(folder: PathBuf, changed: watch::Sender<Arc<Certificates>>) {
    let mut is_broken = false;
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = changed.closed() => return,
        }
        // A few small files: they block for no time worth telling.
        match Files::read(&folder) {
            Ok(files) if files == changed.borrow().files => is_broken = false,
            read => match read.and_then(Files::check) {
                Ok(certificates) => {
                    is_broken = false;
                    changed.send_replace(Arc::new(certificates));
                    tracing::info!(folder = %folder.display(), "the certificates have changed; new connections take the new ones");
                }
                Err(problem) if !is_broken => {
                    is_broken = true;
                    tracing::warn!(
                        folder = %folder.display(),
                        problem,
                        "the new certificates can't be used; the old ones are kept until they can"
                    );
                }
                Err(_) => {}
            },
        }
    }
}

impl Files {
    fn read(folder: &Path) -> Result<Self, String> {
        let read = |name: &str| match fs::read(folder.join(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("{name}: {error}")),
        };
        let authority = read("ca.crt")?.ok_or("ca.crt is missing")?;
        match (read("tls.crt")?, read("tls.key")?) {
            (Some(certificate), Some(key)) => Ok(Self { authority, own: Some((certificate, key)) }),
            (None, None) => Ok(Self { authority, own: None }),
            (None, Some(_)) => Err("tls.crt is missing, tls.key is there".to_owned()),
            (Some(_), None) => Err("tls.key is missing, tls.crt is there".to_owned()),
        }
    }

    fn check(self) -> Result<Certificates, String> {
        let mut roots = RootCertStore::empty();
        for authority in chain("ca.crt", &self.authority)? {
            roots.add(authority).map_err(|error| format!("ca.crt: {error}"))?;
        }
        let roots = Arc::new(roots);
        let client = Arc::new(client_config(roots.clone(), self.own.as_ref())?);
        let (server, open_server) = match &self.own {
            Some((certificate, key)) => {
                let open = server_config(None, certificate, key)?;
                (Some(Arc::new(server_config(Some(roots), certificate, key)?)), Some(Arc::new(open)))
            }
            None => (None, None),
        };
        Ok(Certificates { files: self, server, open_server, client })
    }
}

/// With authorities, callers must show a certificate of theirs.
fn server_config(
    authorities: Option<Arc<RootCertStore>>,
    certificate: &[u8],
    key: &[u8],
) -> Result<ServerConfig, String> {
    let (chain, key) = identity(certificate, key)?;
    let config = match authorities {
        Some(authorities) => {
            let verifier = WebPkiClientVerifier::builder(authorities);
            let verifier = verifier.build().map_err(|error| format!("ca.crt: {error}"))?;
            ServerConfig::builder().with_client_cert_verifier(verifier)
        }
        None => ServerConfig::builder().with_no_client_auth(),
    };
    let mut config =
        config.with_single_cert(chain, key).map_err(|error| format!("tls.crt and tls.key: {error}"))?;
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(config)
}

fn client_config(
    authorities: Arc<RootCertStore>,
    own: Option<&(Vec<u8>, Vec<u8>)>,
) -> Result<ClientConfig, String> {
    let config = ClientConfig::builder().with_root_certificates(authorities);
    let Some((certificate, key)) = own else { return Ok(config.with_no_client_auth()) };
    let (chain, key) = identity(certificate, key)?;
    config.with_client_auth_cert(chain, key).map_err(|error| format!("tls.crt and tls.key: {error}"))
}

fn identity(
    certificate: &[u8],
    key: &[u8],
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| format!("tls.key: {error}"))?;
    Ok((chain("tls.crt", certificate)?, key))
}

fn chain(name: &str, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let chain = chain.map_err(|error| format!("{name}: {error}"))?;
    if chain.is_empty() { Err(format!("{name} holds no certificate")) } else { Ok(chain) }
}

impl Tls {
    /// Shows our certificate to a caller and asks for its own.
    ///
    /// # Errors
    /// When the caller shows none that counts, speaks no TLS, or takes too long.
    pub(crate) async fn accept(&self, connection: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let server = self.current.borrow().server.clone();
        accept(server, connection).await
    }

    /// The same for a caller that needs no certificate.
    ///
    /// # Errors
    /// When the caller speaks no TLS, or takes too long.
    pub async fn accept_anyone(&self, connection: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let server = self.current.borrow().open_server.clone();
        accept(server, connection).await
    }

    /// Calls whoever `host` is the name of over a connection.
    ///
    /// # Errors
    /// When it shows no certificate that counts, or takes too long.
    pub async fn connect(
        &self,
        host: &str,
        connection: TcpStream,
    ) -> io::Result<client::TlsStream<TcpStream>> {
        let config = self.current.borrow().client.clone();
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let connecting = TlsConnector::from(config).connect(name, connection);
        tokio::time::timeout(HANDSHAKE_DEADLINE, connecting).await.map_err(|_| io::ErrorKind::TimedOut)?
    }

    /// How to call whoever `host` is the name of.
    pub(crate) fn client(&self, host: &str) -> ClientTlsConfig {
        let current = self.current.borrow();
        let config = ClientTlsConfig::new()
            .domain_name(host)
            .ca_certificate(Certificate::from_pem(&current.files.authority))
            .timeout(HANDSHAKE_DEADLINE);
        match &current.files.own {
            Some((certificate, key)) => config.identity(Identity::from_pem(certificate, key)),
            None => config,
        }
    }

    /// Returns at the next change of the certificates; never when there will be none.
    pub(crate) async fn changed(&mut self) {
        if self.current.changed().await.is_err() {
            std::future::pending().await
        }
    }
}

async fn accept(
    server: Option<Arc<ServerConfig>>,
    connection: TcpStream,
) -> io::Result<TlsStream<TcpStream>> {
    let server = server.ok_or_else(|| io::Error::other("no certificate of our own"))?;
    let accepting = TlsAcceptor::from(server).accept(connection);
    tokio::time::timeout(HANDSHAKE_DEADLINE, accepting).await.map_err(|_| io::ErrorKind::TimedOut)?
}

#[cfg(test)]
mod tests;
