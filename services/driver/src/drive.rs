//! Serves the requests of a file one after another: the thin shell around [`Charge`].

use std::time::Duration;

use evcharging_common::{
    clock, ids, kafka,
    pb::events::v1::{
        AuthorizationRequest, ChargingStarted, ChargingStopped, NetworkStatus, network_status::Status,
    },
    shutdown::CancellationToken,
};
use tokio::time::Instant;
use tracing::Instrument;

use crate::{
    Config,
    charge::{Charge, Input, Outgoing, Reaction},
    interrupts::{Interrupt, Interrupts},
    messaging::{Delivery, Messaging},
    network_status::PageCollector,
    printer::{ChargeReference, Printer},
    reachability::{Change, Reachability},
    requests_file::{Request, Target},
    said::Said,
    steady_clock::SteadyClock,
    step::{ChargePoint, Step},
    summary::{ChargeResult, Outcome, Summary},
};

#[cfg(test)]
mod tests;

/// How often it is looked whether Kafka can be reached.
const TICK_MS: i64 = 1_000;
/// The network tells its status every five seconds.
const NETWORK_STATUS_WAIT: Duration = Duration::from_secs(20);

/// A driver on its way through a file.
pub(crate) struct Drive<'a> {
    config: &'a Config,
    messaging: Messaging,
    interrupts: Interrupts,
    printer: Printer,
    reachability: Reachability,
    anything_sent: bool,
}

impl<'a> Drive<'a> {
    pub fn new(config: &'a Config, messaging: Messaging, interrupts: Interrupts, printer: Printer) -> Self {
        let reachability = Reachability::default();
        Self { config, messaging, interrupts, printer, reachability, anything_sent: false }
    }

    /// Serves every request and returns the exit code.
    pub async fn serve(mut self, requests: &[Request]) -> u8 {
        if self.config.network_status {
            self.show_network().await;
        }
        let mut outcomes = Vec::new();
        for request in requests {
            if !outcomes.is_empty() && !self.interrupts.any() {
                self.pause().await;
            }
            if self.interrupts.any() {
                break;
            }
            let request_id = ids::new_id();
            let span = tracing::info_span!(
                parent: None,
                "charge",
                driver_id = self.config.driver_id,
                request_id,
                cp_id = request.cp_id.as_deref().unwrap_or("any"),
            );
            outcomes.push(self.charge(request, request_id).instrument(span).await);
        }
        let summary = Summary::new(requests, outcomes, self.interrupts.any(), self.anything_sent);
        let exit_code = summary.exit_code;
        self.show(None, &Step::Summary(summary));
        exit_code
    }

    async fn charge(&mut self, request: &Request, request_id: String) -> Outcome {
        let clock = SteadyClock::start();
        let reference = ChargeReference { line: request.line, request_id: request_id.clone() };
        let now_ms = clock.now_ms();
        let timeout_ms = i64::try_from(self.config.request_timeout.as_millis()).unwrap_or(i64::MAX / 2);
        let (mut charge, reaction) =
            Charge::begin(&self.config.driver_id, request_id, request, now_ms + timeout_ms, now_ms);
        let mut delivery = self.messaging.delivery();
        self.act(&charge, reaction, &reference, &mut delivery);
        loop {
            if let Some(outcome) = charge.outcome() {
                return outcome.clone();
            }
            let waiting = delivery.is_waiting() || !self.messaging.is_up();
            let change = self.reachability.on_tick(waiting, clock.now_ms());
            self.show_change(Some(&reference), change);
            let tick_at_ms = clock.now_ms() + TICK_MS;
            let wake_at_ms = charge.wake_at_ms().map_or(tick_at_ms, |at_ms| at_ms.min(tick_at_ms));
            let input = tokio::select! {
                interrupt = self.interrupts.next() => match interrupt {
                    Interrupt::Stop => {
                        let message = "asked to end; press Ctrl-C again to leave at once".to_owned();
                        self.show(Some(&reference), &Step::StopAsked { message });
                        Input::StopAsked
                    }
                    Interrupt::Leave => {
                        self.printer.finish();
                        return abandoned(&charge);
                    }
                },
                Some(notification) = self.messaging.notifications.recv() => Input::Heard(notification),
                outgoing = delivery.next() => Input::Delivered(outgoing),
                () = clock.sleep_until(wake_at_ms) => Input::Tick,
            };
            let now_ms = clock.now_ms();
            if matches!(input, Input::Heard(_) | Input::Delivered(_)) {
                let change = self.reachability.on_contact();
                self.show_change(Some(&reference), change);
            }
            let reaction = charge.on(input, now_ms);
            self.anything_sent |= charge.is_request_delivered();
            self.act(&charge, reaction, &reference, &mut delivery);
        }
    }

    fn act(
        &mut self,
        charge: &Charge,
        reaction: Reaction,
        reference: &ChargeReference,
        delivery: &mut Delivery,
    ) {
        for step in &reaction.steps {
            self.show(Some(reference), step);
        }
        let driver_id = charge.driver_id.clone();
        let cp_id = charge.cp_id.clone();
        let request_id = charge.request_id.clone();
        match reaction.send {
            Some(Outgoing::Request) => {
                let energy_limit_mwh = match charge.target {
                    Target::EnergyMwh(energy_mwh) => Some(energy_mwh),
                    Target::Full | Target::TimeMs(_) => None,
                };
                let expires_at = Some(clock::to_timestamp(charge.expires_at_ms));
                let request =
                    AuthorizationRequest { request_id, driver_id, cp_id, energy_limit_mwh, expires_at };
                delivery.push(Said::Request(request));
            }
            Some(Outgoing::Start) => {
                let started = ChargingStarted { driver_id, cp_id, request_id };
                delivery.push(Said::Started(started));
            }
            Some(Outgoing::Stop) => {
                let stopped = ChargingStopped { driver_id, cp_id, request_id };
                delivery.push(Said::Stopped(stopped));
            }
            None => {}
        }
    }

    /// Waits between two charges. What is told meanwhile is of charges that are over.
    async fn pause(&mut self) {
        let end = Instant::now() + self.config.pause;
        loop {
            tokio::select! {
                _ = self.interrupts.next() => return self.skip_the_rest(),
                Some(_) = self.messaging.notifications.recv() => {}
                () = tokio::time::sleep_until(end) => return,
            }
        }
    }

    fn skip_the_rest(&mut self) {
        let message = "asked to end; what remains is skipped".to_owned();
        self.show(None, &Step::StopAsked { message });
    }

    /// Shows the network as it is, when it says so in time.
    async fn show_network(&mut self) {
        let found = tokio::time::timeout(NETWORK_STATUS_WAIT, self.network()).await;
        match found {
            Ok(Some(charge_points)) => self.show(None, &Step::NetworkStatus { charge_points }),
            Ok(None) if self.interrupts.any() => self.skip_the_rest(),
            Ok(None) | Err(_) => {
                let waited_s = NETWORK_STATUS_WAIT.as_secs();
                let message =
                    format!("no status of the network came within {waited_s} s; is cp-registry running?");
                self.show(None, &Step::NetworkStatusMissing { message });
            }
        }
    }

    /// The network's charge points; `None` when interrupted, or when they can't be read at all.
    async fn network(&mut self) -> Option<Vec<ChargePoint>> {
        // Whatever way this ends, the following ends with it.
        let end = CancellationToken::new();
        let _ended = end.clone().drop_guard();
        let client_id = format!("driver-{}-status", self.config.driver_id);
        let config = self.messaging.kafka()?.clone();
        let following = kafka::follow::<NetworkStatus>(&config, &client_id, end);
        tokio::pin!(following);
        let clock = SteadyClock::start();
        let mut pages = loop {
            let change = self.reachability.on_tick(true, clock.now_ms());
            self.show_change(None, change);
            tokio::select! {
                _ = self.interrupts.next() => return None,
                // It fails for a configuration that nothing else here would accept either.
                pages = &mut following => break pages.ok()?,
                () = clock.sleep_until(clock.now_ms() + TICK_MS) => {}
            }
        };
        let change = self.reachability.on_contact();
        self.show_change(None, change);
        let mut collector = PageCollector::default();
        loop {
            tokio::select! {
                _ = self.interrupts.next() => return None,
                page = pages.recv() => {
                    if let Some(Status::NetworkStatus(update)) = page?.event.status
                        && let Some(charge_points) = collector.add(update)
                    {
                        return Some(charge_points);
                    }
                }
            }
        }
    }

    fn show_change(&mut self, charge: Option<&ChargeReference>, change: Option<Change>) {
        match change {
            Some(Change::Lost) => self.show(charge, &Step::MessagingUnavailable),
            Some(Change::Back) => self.show(charge, &Step::MessagingBack),
            None => {}
        }
    }

    fn show(&mut self, charge: Option<&ChargeReference>, step: &Step) {
        self.printer.show(charge, step, clock::now_ms());
    }
}

fn abandoned(charge: &Charge) -> Outcome {
    Outcome {
        cp_id: (!charge.cp_id.is_empty()).then(|| charge.cp_id.clone()),
        result: ChargeResult::Abandoned,
        message: "left before its end; the network bills what was supplied".to_owned(),
        energy_mwh: 0,
        cost_micros: 0,
    }
}
