//! The key that this replica signs tokens with: made here, renewed before it runs out, its public half made known to all by session.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use evcharging_common::{
    access::{Purpose, TokenSigner},
    clock,
    error::Error,
    grpc_client::{self, GrpcChannel},
    pb::session::v1::{AddTokenKeyRequest, network_write_service_client::NetworkWriteServiceClient},
};
use tokio::sync::Mutex;

/// How long a key signs. What it has signed counts for as long as a session may last after that.
const ROTATION: Duration = Duration::from_secs(12 * 3_600);

/// Hands out the key of the day. Cheap to clone.
#[derive(Clone)]
pub struct Signing {
    session: GrpcChannel,
    current: Arc<Mutex<Option<Current>>>,
}

struct Current {
    signer: Arc<TokenSigner>,
    made: Instant,
}

impl Signing {
    /// Makes keys known by `session`.
    pub fn new(session: GrpcChannel) -> Self {
        Self { session, current: Arc::default() }
    }

    /// The key to sign with now. A new one is stored before it signs, so that whoever gets its tokens finds it.
    ///
    /// # Errors
    /// When session does not take the new key.
    pub async fn signer(&self) -> Result<Arc<TokenSigner>, Error> {
        let mut current = self.current.lock().await;
        if let Some(Current { signer, made }) = &*current
            && made.elapsed() < ROTATION
        {
            return Ok(signer.clone());
        }
        let signer = Arc::new(TokenSigner::generate()?);
        let lifetime = ROTATION + Purpose::Session.lifetime() + Purpose::Access.lifetime();
        let lifetime_ms = i64::try_from(lifetime.as_millis()).unwrap_or(i64::MAX);
        let request = AddTokenKeyRequest {
            key_id: signer.key_id.clone(),
            public_key: signer.public_key().to_vec(),
            until_ms: clock::now_ms().saturating_add(lifetime_ms),
        };
        let added = NetworkWriteServiceClient::new(self.session.clone()).add_token_key(request).await;
        added.map_err(|status| grpc_client::peer_error("the session service", status))?;
        *current = Some(Current { signer: signer.clone(), made: Instant::now() });
        Ok(signer)
    }
}
