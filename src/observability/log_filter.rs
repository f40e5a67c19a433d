//! What is logged, changed while the process runs.

use std::{
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use tracing_subscriber::{EnvFilter, Registry, reload};

use crate::clock;

static INSTALLED: OnceLock<LogFilter> = OnceLock::new();

/// The filter of this process.
pub(crate) struct LogFilter {
    handle: reload::Handle<EnvFilter, Registry>,
    configured: String,
    current: Mutex<Current>,
}

/// What is logged now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Current {
    /// As the flag has it.
    pub(crate) filter: String,
    /// As it was configured.
    pub(crate) configured: String,
    /// When it is as configured again.
    pub(crate) reverts_at_ms: Option<i64>,
}

/// Makes the filter that the layer of log lines gets. The process has one.
pub(super) fn install(configured: &str) -> Result<reload::Layer<EnvFilter, Registry>, String> {
    let (layer, handle) = reload::Layer::new(read(configured)?);
    let filter = configured.to_owned();
    let current = Current { filter: filter.clone(), configured: filter.clone(), reverts_at_ms: None };
    let installed = LogFilter { handle, configured: filter, current: Mutex::new(current) };
    INSTALLED.set(installed).map_err(|_| "is set already in this process".to_owned())?;
    Ok(layer)
}

fn read(filter: &str) -> Result<EnvFilter, String> {
    EnvFilter::try_new(filter).map_err(|error| format!("{filter:?}: {error}"))
}

impl LogFilter {
    /// That of this process, once logging is installed.
    pub(crate) fn of_this_process() -> Option<&'static Self> {
        INSTALLED.get()
    }

    /// What is logged now.
    pub(crate) fn current(&self) -> Current {
        self.lock().clone()
    }

    /// Logs by `filter` for a while, by what was configured when it is empty. Must be called inside a runtime.
    ///
    /// # Errors
    /// Says for people why a filter can't be read.
    pub(crate) fn set(&'static self, filter: &str, duration: Duration) -> Result<Current, String> {
        let is_configured = filter.is_empty() || filter == self.configured;
        let filter = if filter.is_empty() { &self.configured } else { filter };
        let read = read(filter)?;
        let until_ms = clock::now_ms() + i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2);
        let reverts_at_ms = (!is_configured).then_some(until_ms);
        let current = self.apply(read, filter, reverts_at_ms)?;
        tracing::info!(filter, configured = self.configured, ?reverts_at_ms, "what is logged was changed");
        if reverts_at_ms.is_some() {
            tokio::spawn(async move {
                tokio::time::sleep(duration).await;
                // Changed again meanwhile, it is another one's to revert.
                if self.current().reverts_at_ms == reverts_at_ms {
                    // It could be read before, and only that can fail.
                    drop(self.set("", Duration::ZERO));
                }
            });
        }
        Ok(current)
    }

    fn apply(&self, read: EnvFilter, filter: &str, reverts_at_ms: Option<i64>) -> Result<Current, String> {
        let mut current = self.lock();
        self.handle.reload(read).map_err(|error| error.to_string())?;
        filter.clone_into(&mut current.filter);
        current.reverts_at_ms = reverts_at_ms;
        Ok(current.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        // No code under the lock can leave it half changed.
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
