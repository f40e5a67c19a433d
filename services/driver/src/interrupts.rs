//! Ctrl-C: once asks for an orderly end, twice to leave at once.

use evcharging_common::error::Error;
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::watch,
};

/// How often the driver was asked to end. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Interrupts {
    count: watch::Receiver<u32>,
}

/// What an interrupt means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Interrupt {
    /// Stop the charge properly, then end.
    Stop,
    /// End now.
    Leave,
}

impl Interrupts {
    /// Counts Ctrl-C and SIGTERM from now on.
    ///
    /// # Errors
    /// When the signal handlers can't be installed.
    pub fn of_process() -> Result<Self, Error> {
        let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
        let (sender, interrupts) = Self::channel();
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                sender.send_modify(|count| *count += 1);
            }
        });
        Ok(interrupts)
    }

    /// Interrupts that come from elsewhere than the process's signals.
    pub fn channel() -> (watch::Sender<u32>, Self) {
        let (sender, count) = watch::channel(0);
        (sender, Self { count })
    }

    /// Whether the driver was ever asked to end.
    pub fn any(&self) -> bool {
        *self.count.borrow() > 0
    }

    /// Waits for the next interrupt that was not waited for yet.
    pub async fn next(&mut self) -> Interrupt {
        if self.count.changed().await.is_err() {
            // Nobody is left to interrupt.
            return std::future::pending().await;
        }
        if *self.count.borrow_and_update() > 1 { Interrupt::Leave } else { Interrupt::Stop }
    }
}
