//! RegistryService: proto to domain and back.

use std::pin::Pin;

use evcharging_common::{
    access::caller,
    error::Error,
    grpc_client::{self, GrpcChannel},
    ids,
    pb::{
        cp_registry::v1::{self as pb, registry_service_server::RegistryService},
        session::v1::{self as session, network_write_service_client::NetworkWriteServiceClient},
    },
    read_model::{ChargePointFilter, PageRequest, ReadModel},
    vocabulary::{ChargePointStatus, SimulatedErrorKind},
};
use futures::Stream;
use tokio::sync::{broadcast::error::RecvError, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    link::{Link, LinkContext},
    link_table::OUTGOING,
    watch::Changes,
};

/// Messages that may wait for a slow watcher.
const WATCH_QUEUE: usize = 64;

/// RegistryService over the links, the read model and the session service.
pub struct RegistryGrpc {
    /// The links and what they need.
    pub links: LinkContext,
    /// Where questions are answered from.
    pub read_model: ReadModel,
    /// What watchers are told.
    pub changes: Changes,
}

type ResponseStream<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[tonic::async_trait]
impl RegistryService for RegistryGrpc {
    type LinkStream = ResponseStream<pb::LinkResponse>;

    async fn link(
        &self,
        request: Request<Streaming<pb::LinkRequest>>,
    ) -> Result<Response<Self::LinkStream>, Status> {
        let mut incoming = request.into_inner();
        let (outgoing, responses) = mpsc::channel(OUTGOING);
        let link = Link::open(self.links.clone(), &mut incoming, outgoing.clone()).await?;
        tokio::spawn(link.run(incoming, outgoing));
        Ok(Response::new(Box::pin(ReceiverStream::new(responses))))
    }

    async fn list_charge_points(
        &self,
        request: Request<pb::ListChargePointsRequest>,
    ) -> Result<Response<pb::ListChargePointsResponse>, Status> {
        let request = request.into_inner();
        let page = PageRequest::parse(request.page_size, request.page_token)?;
        let status = match request.status {
            0 => None,
            known => Some(
                ChargePointStatus::try_from(known)
                    .map_err(|_| Error::invalid_argument("status", "must be a known status"))?,
            ),
        };
        let filter = ChargePointFilter { status, location_contains: request.location_contains };
        let page = self.read_model.charge_points(&filter, &page).await?;
        let (charge_points, next_page_token) = (page.items, page.next_page_token);
        Ok(Response::new(pb::ListChargePointsResponse { charge_points, next_page_token }))
    }

    async fn get_charge_point(
        &self,
        request: Request<pb::GetChargePointRequest>,
    ) -> Result<Response<pb::GetChargePointResponse>, Status> {
        let cp_id = request.into_inner().cp_id;
        ids::check("cp_id", &cp_id)?;
        let found = self.read_model.charge_point(&cp_id).await?;
        let found = found
            .ok_or_else(|| Error::not_found("CP_UNKNOWN", format!("there is no charge point {cp_id}")))?;
        Ok(Response::new(pb::GetChargePointResponse { charge_point: Some(found) }))
    }

    type WatchChargePointsStream = ResponseStream<pb::WatchChargePointsResponse>;

    async fn watch_charge_points(
        &self,
        _request: Request<pb::WatchChargePointsRequest>,
    ) -> Result<Response<Self::WatchChargePointsStream>, Status> {
        let (told, responses) = mpsc::channel(WATCH_QUEUE);
        let (changes, shutdown) = (self.changes.clone(), self.links.shutdown.clone());
        tokio::spawn(async move {
            let watching = watch(&changes, &told);
            let watched = tokio::select! {
                watched = watching => watched,
                () = told.closed() => Ok(()),
                () = shutdown.cancelled() => Ok(()),
            };
            if let Err(error) = watched {
                drop(told.send(Err(error.into())).await);
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(responses))))
    }

    async fn simulate_error(
        &self,
        request: Request<pb::SimulateErrorRequest>,
    ) -> Result<Response<pb::SimulateErrorResponse>, Status> {
        let caller = caller(&request);
        let pb::SimulateErrorRequest { cp_id, kind, operator_id } = request.into_inner();
        ids::check("cp_id", &cp_id)?;
        SimulatedErrorKind::try_from(kind)
            .map_err(|_| Error::invalid_argument("kind", "must be FAULT, OUT_OF_SERVICE or OFFLINE"))?;
        let operator_id = caller.operator_id(operator_id)?;
        let request = session::SimulateErrorRequest { cp_id, kind, operator_id };
        let done = self.network().simulate_error(request).await.map_err(from_session)?;
        Ok(Response::new(pb::SimulateErrorResponse { charge_point: done.into_inner().charge_point }))
    }

    async fn fix_error(
        &self,
        request: Request<pb::FixErrorRequest>,
    ) -> Result<Response<pb::FixErrorResponse>, Status> {
        let caller = caller(&request);
        let pb::FixErrorRequest { cp_id, operator_id } = request.into_inner();
        ids::check("cp_id", &cp_id)?;
        let operator_id = caller.operator_id(operator_id)?;
        let request = session::FixErrorRequest { cp_id, operator_id };
        let done = self.network().fix_error(request).await.map_err(from_session)?;
        Ok(Response::new(pb::FixErrorResponse { charge_point: done.into_inner().charge_point }))
    }

    async fn set_in_service(
        &self,
        request: Request<pb::SetInServiceRequest>,
    ) -> Result<Response<pb::SetInServiceResponse>, Status> {
        let caller = caller(&request);
        let pb::SetInServiceRequest { cp_id, in_service, operator_id } = request.into_inner();
        ids::check("cp_id", &cp_id)?;
        let operator_id = caller.operator_id(operator_id)?;
        let request = session::SetInServiceRequest { cp_id, in_service, operator_id };
        let done = self.network().set_in_service(request).await.map_err(from_session)?;
        Ok(Response::new(pb::SetInServiceResponse { charge_point: done.into_inner().charge_point }))
    }
}

impl RegistryGrpc {
    fn network(&self) -> NetworkWriteServiceClient<GrpcChannel> {
        NetworkWriteServiceClient::new(self.links.session.clone())
    }
}

/// All charge points as they are, then each change; all again whenever the watcher was too slow for the changes.
async fn watch(
    changes: &Changes,
    told: &mpsc::Sender<Result<pb::WatchChargePointsResponse, Status>>,
) -> Result<(), Error> {
    // The receiving end only closes when the watcher is gone, which ends this future.
    let tell = async |charge_point| {
        drop(told.send(Ok(pb::WatchChargePointsResponse { charge_point: Some(charge_point) })).await);
    };
    let mut receiver = changes.subscribe();
    loop {
        for charge_point in changes.all().await? {
            tell(charge_point).await;
        }
        loop {
            match receiver.recv().await {
                Ok(charge_point) => tell(charge_point).await,
                Err(RecvError::Lagged(_)) => break,
                Err(RecvError::Closed) => return Ok(()),
            }
        }
    }
}

fn from_session(status: Status) -> Error {
    grpc_client::peer_error("session", status)
}
