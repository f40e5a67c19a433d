//! What is logged, changed while the process runs.

use std::{
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use tokio::task::AbortHandle;
use tracing_subscriber::{EnvFilter, Registry, reload};

use crate::clock;

static INSTALLED: OnceLock<LogFilter> = OnceLock::new();

/// The filter of this process.
pub(crate) struct LogFilter {
    handle: reload::Handle<EnvFilter, Registry>,
    pub(crate) configured: String,
    state: Mutex<State>,
}

struct State {
    current: Current,
    /// What will set it back.
    reverting: Option<AbortHandle>,
}

/// What is logged now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Current {
    /// As the flag has it.
    pub(crate) filter: String,
    /// When it is as configured again.
    pub(crate) reverts_at_ms: Option<i64>,
}

/// Makes the filter that the layer of log lines gets. The process has one.
pub(super) fn install(configured: &str) -> Result<reload::Layer<EnvFilter, Registry>, String> {
    let (layer, handle) = reload::Layer::new(read(configured)?);
    let current = Current { filter: configured.to_owned(), reverts_at_ms: None };
    let state = Mutex::new(State { current, reverting: None });
    let installed = LogFilter { handle, configured: configured.to_owned(), state };
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
        self.lock().current.clone()
    }

    /// Logs by `filter` for a while, by what was configured when it is empty. Must be called inside a runtime.
    ///
    /// # Errors
    /// Says for people why a filter can't be read.
    pub(crate) fn set(&'static self, filter: &str, duration: Duration) -> Result<Current, String> {
        let filter = if filter.is_empty() { &self.configured } else { filter };
        let read = read(filter)?;
        let until_ms = clock::now_ms() + i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 2);
        let reverts_at_ms = (*filter != self.configured).then_some(until_ms);
        // Before it is: the new filter may leave it out.
        tracing::info!(filter, configured = self.configured, ?reverts_at_ms, "what is logged is changed");
        let mut state = self.lock();
        if let Some(reverting) = state.reverting.take() {
            reverting.abort();
        }
        self.apply(&mut state, read, filter, reverts_at_ms)?;
        if reverts_at_ms.is_some() {
            let reverting = tokio::spawn(async move {
                tokio::time::sleep(duration).await;
                self.revert(reverts_at_ms);
            });
            state.reverting = Some(reverting.abort_handle());
        }
        Ok(state.current.clone())
    }

    /// Logs as configured again, if it still is what was set until then.
    fn revert(&self, reverts_at_ms: Option<i64>) {
        let mut state = self.lock();
        if state.current.reverts_at_ms == reverts_at_ms
            && let Ok(read) = read(&self.configured)
            && let Ok(()) = self.apply(&mut state, read, &self.configured, None)
        {
            drop(state);
            tracing::info!(filter = self.configured, "what is logged is as configured again");
        }
    }

    fn apply(
        &self,
        state: &mut State,
        read: EnvFilter,
        filter: &str,
        reverts_at_ms: Option<i64>,
    ) -> Result<(), String> {
        self.handle.reload(read).map_err(|error| error.to_string())?;
        filter.clone_into(&mut state.current.filter);
        state.current.reverts_at_ms = reverts_at_ms;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // No code under the lock can leave it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
