//! `LogService`: what this process logs, asked and changed by gRPC.

use std::time::Duration;

use tonic::{Request, Response, Status};

use crate::{
    error::{Error, ErrorCode},
    observability::{CurrentLogFilter, LogFilter},
    pb::logs::v1::{self as pb, log_service_server},
};

/// How long a filter counts when nothing is said.
const DEFAULT_DURATION: Duration = Duration::from_secs(10 * 60);
/// How long it may count.
const LONGEST_MS: i64 = 24 * 3_600 * 1_000;
/// The longest filter that is read, in bytes.
const LONGEST_FILTER: usize = 1_024;

/// Answers for this process.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LogService;

#[tonic::async_trait]
impl log_service_server::LogService for LogService {
    async fn get_log_filter(
        &self,
        _: Request<pb::GetLogFilterRequest>,
    ) -> Result<Response<pb::GetLogFilterResponse>, Status> {
        let installed = installed()?;
        let log_filter = Some(to_message(installed, installed.current()));
        Ok(Response::new(pb::GetLogFilterResponse { log_filter }))
    }

    async fn set_log_filter(
        &self,
        request: Request<pb::SetLogFilterRequest>,
    ) -> Result<Response<pb::SetLogFilterResponse>, Status> {
        let pb::SetLogFilterRequest { filter, duration_ms } = request.into_inner();
        if filter.len() > LONGEST_FILTER {
            let problem = format!("has {} bytes, more than {LONGEST_FILTER}", filter.len());
            return Err(Error::invalid_argument("filter", problem).into());
        }
        let duration = match duration_ms {
            0 => DEFAULT_DURATION,
            1..=LONGEST_MS => Duration::from_millis(duration_ms.unsigned_abs()),
            _ => {
                let problem = format!("must be from 0 to {LONGEST_MS}");
                return Err(Error::invalid_argument("duration_ms", problem).into());
            }
        };
        let installed = installed()?;
        let set = installed.set(&filter, duration);
        let current =
            set.map_err(|problem| Error::invalid_argument("filter", format!("can't be read: {problem}")))?;
        Ok(Response::new(pb::SetLogFilterResponse { log_filter: Some(to_message(installed, current)) }))
    }
}

fn installed() -> Result<&'static LogFilter, Error> {
    LogFilter::of_this_process().ok_or_else(|| {
        Error::new(ErrorCode::FailedPrecondition, "NO_LOG", "this process keeps no log of its own")
    })
}

fn to_message(installed: &LogFilter, current: CurrentLogFilter) -> pb::LogFilter {
    pb::LogFilter {
        filter: current.filter,
        configured_filter: installed.configured.clone(),
        reverts_at_ms: current.reverts_at_ms.unwrap_or_default(),
    }
}
