//! Which traces are kept.

use opentelemetry::{
    Context, KeyValue,
    trace::{Link, SpanKind, TraceContextExt, TraceId},
};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, SamplingResult, ShouldSample};

/// Keeps a part of all traces, whole: which, their ids alone decide, so that every service of one ratio keeps the same. Beyond those
/// it keeps what its caller keeps, and what is linked with something that is kept. That a caller keeps nothing is not asked: an app
/// without a collector of its own would hide the charges of its drivers.
#[derive(Debug, Clone)]
pub(super) struct KeepRatio(pub(super) f64);

impl ShouldSample for KeepRatio {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        kind: &SpanKind,
        attributes: &[KeyValue],
        links: &[Link],
    ) -> SamplingResult {
        let by_id = Sampler::TraceIdRatioBased(self.0);
        let mut result = by_id.should_sample(parent, trace_id, name, kind, attributes, links);
        let is_parent_kept = parent.is_some_and(|parent| parent.span().span_context().is_sampled());
        if is_parent_kept || links.iter().any(|link| link.span_context.is_sampled()) {
            result.decision = SamplingDecision::RecordAndSample;
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceState};

    use super::*;

    fn context(flags: TraceFlags) -> SpanContext {
        SpanContext::new(TraceId::from(7), SpanId::from(1), flags, true, TraceState::NONE)
    }

    fn is_kept(ratio: f64, trace_id: u128, parent: Option<TraceFlags>, link: Option<TraceFlags>) -> bool {
        let parent = parent.map(|flags| Context::new().with_remote_span_context(context(flags)));
        let links: Vec<Link> =
            link.map(|flags| Link::new(context(flags), Vec::new(), 0)).into_iter().collect();
        let kind = &SpanKind::Internal;
        let sampled = KeepRatio(ratio).should_sample(parent.as_ref(), trace_id.into(), "", kind, &[], &links);
        sampled.decision == SamplingDecision::RecordAndSample
    }

    #[test]
    fn an_id_decides_and_what_is_kept_elsewhere_is_kept() {
        let (low, high) = (1, u128::from(u64::MAX));
        let (kept, not_kept) = (Some(TraceFlags::SAMPLED), Some(TraceFlags::default()));
        assert!(is_kept(0.5, low, None, None) && !is_kept(0.5, high, None, None));
        assert!(is_kept(0.5, low, not_kept, None), "a caller without a collector hides nothing");
        assert!(is_kept(0.0, high, kept, None) && is_kept(0.0, high, None, kept));
        assert!(!is_kept(0.0, low, not_kept, not_kept));
        assert!(is_kept(1.0, high, None, None));
    }
}
