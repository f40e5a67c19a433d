//! A charge point's link to cp-registry, as its caller sees it.

use std::time::Duration;

use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use crate::{
    error::{Error, ErrorCode},
    grpc_client::GrpcChannel,
    pb::cp_registry::v1::{
        Hello, LinkRequest, LinkResponse, link_request, link_response,
        registry_service_client::RegistryServiceClient,
    },
};

/// How long the registry may take to answer a Hello.
const WELCOME_DEADLINE: Duration = Duration::from_secs(5);
/// Messages that may wait for a slow registry before the link counts as broken.
const OUTGOING_CAPACITY: usize = 16;

/// A link that the registry welcomed. It ends when this is dropped.
pub struct RegistryLink {
    outgoing: mpsc::Sender<LinkRequest>,
    incoming: Streaming<LinkResponse>,
    /// The welcome, until it is taken.
    first: Option<LinkResponse>,
}

impl RegistryLink {
    /// Says Hello and waits to be welcomed.
    ///
    /// # Errors
    /// Why the registry refused, or that it can't be reached.
    pub async fn open(registry: GrpcChannel, hello: Hello) -> Result<Self, Error> {
        let mut client = RegistryServiceClient::new(registry);
        let (outgoing, requests) = mpsc::channel(OUTGOING_CAPACITY);
        say(&outgoing, link_request::Message::Hello(hello))?;
        let opening = async {
            let mut incoming = client.link(ReceiverStream::new(requests)).await?.into_inner();
            let first = incoming.message().await?;
            match first.as_ref().and_then(|response| response.message.as_ref()) {
                Some(link_response::Message::Welcome(_)) => Ok(Self { outgoing, incoming, first }),
                Some(link_response::Message::Command(_)) => {
                    Err(Error::internal("the registry commanded before it welcomed"))
                }
                None => {
                    Err(Error::unavailable("the registry ended the link before it welcomed", "no message"))
                }
            }
        };
        match timeout(WELCOME_DEADLINE, opening).await {
            Ok(opened) => opened,
            Err(_) => Err(Error::new(
                ErrorCode::DeadlineExceeded,
                "REGISTRY_TIMEOUT",
                "the registry did not answer in time",
            )),
        }
    }

    /// Says something.
    ///
    /// # Errors
    /// When the registry takes nothing any more.
    pub fn say(&self, message: link_request::Message) -> Result<(), Error> {
        say(&self.outgoing, message)
    }

    /// What the registry says next, its welcome first. Nothing is lost when this is given up in between.
    ///
    /// # Errors
    /// Why the link has ended.
    pub async fn next(&mut self) -> Result<LinkResponse, Error> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        let response = self.incoming.message().await?;
        response.ok_or_else(|| Error::unavailable("the registry ended the link", "end of stream"))
    }
}

fn say(outgoing: &mpsc::Sender<LinkRequest>, message: link_request::Message) -> Result<(), Error> {
    let sent = outgoing.try_send(LinkRequest { message: Some(message) });
    sent.map_err(|error| Error::unavailable("the registry takes no messages", error))
}
