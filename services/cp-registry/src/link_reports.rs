//! What a monitor reports, taken to session in order and persistently while its link lives.

use std::collections::VecDeque;

use evcharging_common::{
    backoff::Backoff,
    clock,
    error::{Error, ErrorCode},
    ids,
    pb::{
        cp_registry::v1::{CommandRefused, FaultReport},
        session::v1::{ClearFaultRequest, EndSupplyRequest, ReportFaultRequest},
    },
    trace_propagation,
    vocabulary::FaultKind,
};
use futures::{FutureExt, future::BoxFuture};
use tracing::Instrument;

use crate::session_client::SessionClient;

/// Reports that may wait for session.
const MAX_WAITING: usize = 64;
/// The longest text for people that session takes.
const MAX_MESSAGE_CHARS: usize = 256;

/// One report.
#[derive(Debug, Clone, PartialEq)]
pub enum Report {
    /// The engine broke.
    Fault(ReportFaultRequest),
    /// The engine is whole again.
    Recovered(ClearFaultRequest),
    /// The engine refused to start a session.
    StartRefused(EndSupplyRequest),
}

impl Report {
    /// Reads a fault report.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with the field that is wrong.
    pub fn fault(cp_id: &str, fault: FaultReport) -> Result<Self, Error> {
        let kind = FaultKind::try_from(fault.kind)
            .map_err(|_| Error::invalid_argument("fault.kind", "must be one of FaultKind"))?;
        if !fault.session_id.is_empty() {
            ids::check("fault.session_id", &fault.session_id)?;
        }
        if fault.register_mwh.is_some_and(|register_mwh| register_mwh < 0) {
            return Err(Error::invalid_argument("fault.register_mwh", "must not be negative"));
        }
        Ok(Self::Fault(ReportFaultRequest {
            cp_id: cp_id.to_owned(),
            kind: kind.into(),
            message: fault.message.chars().take(MAX_MESSAGE_CHARS).collect(),
            register_mwh: fault.register_mwh,
            session_id: fault.session_id,
        }))
    }

    /// Reads a recovery.
    pub fn recovered(cp_id: &str) -> Self {
        Self::Recovered(ClearFaultRequest { cp_id: cp_id.to_owned() })
    }

    /// Reads a refusal: nothing was supplied.
    ///
    /// # Errors
    /// INVALID_ARGUMENT with the field that is wrong.
    pub fn start_refused(cp_id: &str, refused: CommandRefused) -> Result<Self, Error> {
        ids::check("command_refused.session_id", &refused.session_id)?;
        tracing::warn!(
            cp_id,
            session_id = refused.session_id,
            refusal = refused.message.chars().take(MAX_MESSAGE_CHARS).collect::<String>(),
            "an engine refused to start a session"
        );
        Ok(Self::StartRefused(EndSupplyRequest {
            session_id: refused.session_id,
            cp_id: cp_id.to_owned(),
            register_mwh: 0,
            reason: "START_REFUSED".to_owned(),
            ended_at_ms: clock::now_ms(),
        }))
    }
}

/// The reports of one link.
pub struct LinkReports {
    session: SessionClient,
    waiting: VecDeque<(Report, Option<String>)>,
    under_way: Option<BoxFuture<'static, ()>>,
}

impl LinkReports {
    /// None yet.
    pub fn new(session: SessionClient) -> Self {
        Self { session, waiting: VecDeque::new(), under_way: None }
    }

    /// Adds a report behind the others; it belongs to the trace of the charge that `traceparent` tells.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED when too many wait.
    pub fn add(&mut self, report: Report, traceparent: Option<String>) -> Result<(), Error> {
        if self.waiting.len() >= MAX_WAITING {
            let message = "too many reports wait; connect again and report the newest state";
            return Err(Error::new(ErrorCode::ResourceExhausted, "TOO_MANY_REPORTS", message));
        }
        self.waiting.push_back((report, traceparent));
        Ok(())
    }

    /// Takes reports to session for ever. May be dropped and called again: nothing is lost and the order stays.
    pub async fn deliver(&mut self) {
        loop {
            if let Some(delivery) = &mut self.under_way {
                delivery.await;
                self.under_way = None;
            }
            let Some((report, traceparent)) = self.waiting.pop_front() else {
                return std::future::pending().await;
            };
            let span = tracing::info_span!("report", otel.name = "report to session");
            trace_propagation::continue_trace(&span, traceparent.as_deref());
            self.under_way = Some(deliver_one(self.session.clone(), report).instrument(span).boxed());
        }
    }
}

/// Tries until session has decided.
async fn deliver_one(session: SessionClient, report: Report) {
    let mut backoff = Backoff::reconnect();
    loop {
        let delivered = match report.clone() {
            Report::Fault(request) => session.report_fault(request).await,
            Report::Recovered(request) => session.clear_fault(request).await,
            Report::StartRefused(request) => session.end_supply(request).await,
        };
        match delivered {
            Ok(()) => return,
            Err(error) if error.is_retryable() => {
                tracing::debug!(?report, %error, "a report waits for session");
                backoff.wait().await;
            }
            Err(error) => {
                tracing::warn!(?report, %error, "session refused what a monitor reported");
                return;
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_read_with_its_register_and_a_long_text_is_cut() {
        let fault = FaultReport {
            kind: FaultKind::EngineKo.into(),
            message: "x".repeat(1_000),
            register_mwh: Some(5),
            session_id: "s-1".to_owned(),
        };
        let Report::Fault(request) = Report::fault("MAD-01", fault).unwrap() else { panic!("no fault") };
        assert_eq!(request.message.len(), 256);
        assert_eq!((request.register_mwh, request.session_id.as_str()), (Some(5), "s-1"));
    }

    #[test]
    fn reports_that_make_no_sense_name_the_field() {
        let fault = FaultReport { kind: FaultKind::EngineKo.into(), ..FaultReport::default() };
        for (wrong, field) in [
            (FaultReport { kind: 0, ..fault.clone() }, "fault.kind"),
            (FaultReport { kind: 99, ..fault.clone() }, "fault.kind"),
            (FaultReport { register_mwh: Some(-1), ..fault.clone() }, "fault.register_mwh"),
            (FaultReport { session_id: "a b".to_owned(), ..fault }, "fault.session_id"),
        ] {
            assert_eq!(Report::fault("MAD-01", wrong).unwrap_err().violations[0].0, field);
        }
        let refused = CommandRefused::default();
        assert!(Report::start_refused("MAD-01", refused).is_err());
    }
}
