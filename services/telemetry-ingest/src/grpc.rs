//! TelemetryService: proto to domain and back.

use std::{pin::Pin, sync::Arc};

use evcharging_common::{
    error::Error,
    ids,
    pb::telemetry::v1::{self as pb, telemetry_service_server::TelemetryService},
    shutdown::CancellationToken,
};
use futures::{Stream, StreamExt, stream};
use tokio_stream::wrappers::BroadcastStream;
use tonic::{Request, Response, Status};

use crate::live_sessions::LiveSessions;

/// TelemetryService over the live sessions.
pub struct TelemetryGrpc {
    /// What is live.
    pub live: Arc<LiveSessions>,
    /// Ends the watches.
    pub shutdown: CancellationToken,
}

#[tonic::async_trait]
impl TelemetryService for TelemetryGrpc {
    async fn get_live_session(
        &self,
        request: Request<pb::GetLiveSessionRequest>,
    ) -> Result<Response<pb::GetLiveSessionResponse>, Status> {
        let session_id = request.into_inner().session_id;
        ids::check("session_id", &session_id)?;
        let found = self.live.get(&session_id).ok_or_else(|| {
            Error::not_found("SESSION_NOT_LIVE", format!("session {session_id} is not being supplied"))
        })?;
        let (live_session, series) = (Some(found.message().clone()), found.series());
        Ok(Response::new(pb::GetLiveSessionResponse { live_session, series }))
    }

    type WatchLiveSessionsStream =
        Pin<Box<dyn Stream<Item = Result<pb::WatchLiveSessionsResponse, Status>> + Send>>;

    async fn watch_live_sessions(
        &self,
        request: Request<pb::WatchLiveSessionsRequest>,
    ) -> Result<Response<Self::WatchLiveSessionsStream>, Status> {
        let wanted = request.into_inner();
        let (current, readings) = self.live.watch();
        // A watcher that lags misses some readings and goes on with the newest.
        let readings = BroadcastStream::new(readings).filter_map(|reading| std::future::ready(reading.ok()));
        let responses = stream::iter(current)
            .chain(readings)
            .filter(move |live| {
                let is_wanted = (wanted.driver_id.is_empty() || wanted.driver_id == live.driver_id)
                    && (wanted.cp_id.is_empty() || wanted.cp_id == live.cp_id);
                std::future::ready(is_wanted)
            })
            .map(|live| Ok(pb::WatchLiveSessionsResponse { live_session: Some(live) }))
            .take_until(self.shutdown.clone().cancelled_owned());
        Ok(Response::new(Box::pin(responses)))
    }
}
