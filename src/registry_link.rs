//! A charge point's link to cp-registry, as its caller sees it.

use std::time::Duration;

use http::uri::PathAndQuery;
use tokio::{sync::mpsc, time::timeout};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{
    GrpcMethod, Request, Response, Status, Streaming,
    codec::{BufferSettings, Codec},
};
use tonic_prost::ProstCodec;

use crate::{
    error::{Error, ErrorCode},
    grpc_client::GrpcChannel,
    pb::cp_registry::v1::{
        Hello, LinkRequest, LinkResponse, link_request, link_response, registry_service_server::SERVICE_NAME,
    },
};

/// How long the registry may take to answer a Hello.
const WELCOME_DEADLINE: Duration = Duration::from_secs(5);
/// The method, as gRPC names it.
const LINK: &str = "/evcharging.cp_registry.v1.RegistryService/Link";
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
        let (outgoing, requests) = mpsc::channel(OUTGOING_CAPACITY);
        say(&outgoing, link_request::Message::Hello(hello))?;
        let opening = async {
            let mut incoming = link(registry, ReceiverStream::new(requests)).await?.into_inner();
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

/// As the generated client calls it, but for the codec: its buffers of 8 KiB each way would be most of what a link costs.
async fn link(
    registry: GrpcChannel,
    requests: ReceiverStream<LinkRequest>,
) -> Result<Response<Streaming<LinkResponse>>, Status> {
    let mut client = tonic::client::Grpc::new(registry);
    client.ready().await.map_err(|error| Status::unavailable(error.to_string()))?;
    let mut request = Request::new(requests);
    request.extensions_mut().insert(GrpcMethod::new(SERVICE_NAME, "Link"));
    client.streaming(request, PathAndQuery::from_static(LINK), SmallCodec).await
}

/// Prost's own, with small buffers: a link's messages are short, and most of the time there are none.
struct SmallCodec;

fn small_buffers() -> BufferSettings {
    BufferSettings::new(512, 4_096)
}

impl Codec for SmallCodec {
    type Encode = LinkRequest;
    type Decode = LinkResponse;
    type Encoder = <ProstCodec<LinkRequest, LinkResponse> as Codec>::Encoder;
    type Decoder = <ProstCodec<LinkRequest, LinkResponse> as Codec>::Decoder;

    fn encoder(&mut self) -> Self::Encoder {
        ProstCodec::<LinkRequest, LinkResponse>::raw_encoder(small_buffers())
    }

    fn decoder(&mut self) -> Self::Decoder {
        ProstCodec::<LinkRequest, LinkResponse>::raw_decoder(small_buffers())
    }
}

fn say(outgoing: &mpsc::Sender<LinkRequest>, message: link_request::Message) -> Result<(), Error> {
    let sent = outgoing.try_send(LinkRequest { message: Some(message) });
    sent.map_err(|error| Error::unavailable("the registry takes no messages", error))
}
