//! How a log line looks: it reads alone, and names the trace that it belongs to.

use std::fmt;

use tracing::{Event, Subscriber};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, format::Writer},
    registry::LookupSpan,
};

use crate::trace_propagation;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// Lines as `inner` writes them, with the id of the trace at their end.
pub(super) struct WithTraceId<F> {
    pub(super) inner: F,
    pub(super) format: LogFormat,
}

impl<S, N, F> FormatEvent<S, N> for WithTraceId<F>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
    F: FormatEvent<S, N>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let Some(trace_id) = trace_propagation::current_trace_id() else {
            return self.inner.format_event(context, writer, event);
        };
        let mut line = String::new();
        self.inner.format_event(context, Writer::new(&mut line), event)?;
        match self.format {
            LogFormat::Text => writeln!(writer, "{} trace_id={trace_id}", line.trim_end()),
            LogFormat::Json => {
                let fields = line.trim_end().strip_suffix('}').unwrap_or(&line);
                writeln!(writer, r#"{fields},"trace_id":"{trace_id}"}}"#)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::SdkTracerProvider;
    use tracing_subscriber::{fmt::MakeWriter, layer::SubscriberExt};

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().expect("no panic before").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Written {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    fn lines(format: LogFormat) -> Vec<String> {
        let written = Written::default();
        let layer = super::super::lines_layer(format, false, written.clone());
        let provider = SdkTracerProvider::builder().build();
        let spans = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
        let subscriber = tracing_subscriber::registry().with(layer).with(spans);
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(cp_id = "MAD-01", "outside");
            tracing::info_span!("charge").in_scope(|| tracing::info!(cp_id = "MAD-01", "inside"));
        });
        let written = written.0.lock().expect("no panic before").clone();
        String::from_utf8(written).expect("text").lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_line_names_its_trace_and_stays_what_it_is() {
        let lines = lines(LogFormat::Json);
        let parsed: Vec<serde_json::Value> =
            lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!((parsed[0]["message"].as_str(), parsed[0]["trace_id"].as_str()), (Some("outside"), None));
        assert_eq!(
            (parsed[1]["message"].as_str(), parsed[1]["cp_id"].as_str()),
            (Some("inside"), Some("MAD-01"))
        );
        assert_eq!(parsed[1]["trace_id"].as_str().map(str::len), Some(32));
    }

    #[test]
    fn text_has_it_at_the_end() {
        let lines = lines(LogFormat::Text);
        assert!(!lines[0].contains("trace_id"), "{lines:?}");
        let id = lines[1].split_once(" trace_id=").map(|(_, id)| id);
        assert!(lines[1].contains("inside") && id.is_some_and(|id| id.len() == 32), "{lines:?}");
    }
}
