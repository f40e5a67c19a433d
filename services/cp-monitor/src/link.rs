//! Keeps a link to the registry, for ever, and stops the engine when it can't.

use std::time::Duration;

use evcharging_common::{
    backoff::Backoff,
    error::Error,
    pb::cp_registry::v1::{CommandRefused, Hello},
};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, timeout},
};

use crate::{
    commands::Instruction,
    health::EngineHealth,
    link_session::{Central, LinkSession},
};

/// Without a link for this long, the network has given up the session.
const LINK_GRACE: Duration = Duration::from_secs(5);
/// A link that lasted this long was a good one: the next is tried at once.
const GOOD_LINK: Duration = Duration::from_secs(5);

/// What a link needs.
pub struct Link {
    /// Who it is.
    pub hello: Hello,
    /// Where the network is.
    pub central: Central,
    /// The engine's health, as far as it is known.
    pub health: watch::Receiver<Option<EngineHealth>>,
    /// Takes what the registry tells.
    pub instructions: mpsc::Sender<Instruction>,
    /// What the engine refused.
    pub refusals: mpsc::Receiver<CommandRefused>,
    /// Is told whether there is a link.
    pub linked: watch::Sender<bool>,
}

impl Link {
    /// Links for ever, again after each loss.
    pub async fn keep(mut self) {
        let cp_id = self.hello.cp_id.clone();
        let mut lost_backoff = Backoff::reconnect();
        let mut refused_backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(5));
        // What was logged last: the same again is not logged again.
        let mut logged_problem = String::new();
        loop {
            match LinkSession::open(&self.central, &self.hello).await {
                Ok(session) => {
                    tracing::info!(cp_id, "linked to the registry");
                    self.linked.send_replace(true);
                    let began_at = Instant::now();
                    let error =
                        session.run(self.health.clone(), &self.instructions, &mut self.refusals).await;
                    self.linked.send_replace(false);
                    tracing::warn!(cp_id, %error, "the link to the registry is lost; it is tried again until it is back");
                    "UNAVAILABLE".clone_into(&mut logged_problem);
                    refused_backoff.reset();
                    // Two monitors of one charge point push each other out: that must not become a race.
                    if began_at.elapsed() >= GOOD_LINK {
                        lost_backoff.reset();
                    }
                    lost_backoff.wait().await;
                }
                Err(error) => {
                    let problem = if error.is_retryable() { "UNAVAILABLE" } else { &*error.reason };
                    if problem != logged_problem {
                        log_failure(&cp_id, &error);
                        problem.clone_into(&mut logged_problem);
                    }
                    let backoff = if error.is_retryable() { &mut lost_backoff } else { &mut refused_backoff };
                    backoff.wait().await;
                }
            }
        }
    }
}

fn log_failure(cp_id: &str, error: &Error) {
    if error.is_retryable() {
        tracing::warn!(cp_id, %error, "the registry can't be reached; it is tried again until it can");
        return;
    }
    let advice = match &*error.reason {
        "CP_KEY_WRONG" => "give --key the key with which this charge point registered first",
        "CP_OFFLINE_SIMULATED" => {
            "an operator simulates that it is offline; it is let in once the error is fixed"
        }
        _ => "see what the registry says, and correct the monitor's configuration",
    };
    tracing::warn!(cp_id, %error, "the registry refuses this charge point and is asked again every few seconds: {advice}");
}

/// Tells the engine to stop whatever it supplies, once, each time there was no link for [`LINK_GRACE`].
pub async fn stop_when_unlinked(
    cp_id: &str,
    mut linked: watch::Receiver<bool>,
    instructions: mpsc::Sender<Instruction>,
) {
    loop {
        let is_late = timeout(LINK_GRACE, linked.wait_for(|is_linked| *is_linked)).await.is_err();
        if is_late {
            tracing::warn!(cp_id, "no link to the registry for 5 s: whatever the engine supplies is stopped");
            if instructions.send(Instruction::Expect(String::new())).await.is_err() {
                return;
            }
        }
        // Not before the next link is lost is there a reason to say it again.
        for is_linked in [true, false] {
            if linked.wait_for(|now| *now == is_linked).await.is_err() {
                return;
            }
        }
    }
}
