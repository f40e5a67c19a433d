//! Asking the parts to end: one token that each part watches.

use std::future::Future;

pub use tokio_util::sync::CancellationToken;

/// A token that is cancelled by Ctrl-C or SIGTERM.
///
/// # Errors
/// When the signal handlers can't be installed.
pub fn on_signal() -> std::io::Result<CancellationToken> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let token = CancellationToken::new();
    let cancelled = token.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        cancelled.cancel();
    });
    Ok(token)
}

/// Runs a future until it ends or the token is cancelled; `None` when cancelled.
pub async fn unless_cancelled<T>(token: &CancellationToken, future: impl Future<Output = T>) -> Option<T> {
    token.run_until_cancelled(future).await
}
