//! What feeds the pages: cp-registry's charge points, Kafka's topics, session's events. One follower of each for the whole process.

use std::time::Duration;

use evcharging_common::{
    backoff::Backoff,
    clock,
    error::Error,
    kafka::{self, KafkaConfig},
    outage::Outage,
    pb::{
        cp_registry::v1::{ListChargePointsRequest, WatchChargePointsRequest},
        events::v1::{
            ConsumptionUpdate, DriverNotification, NetworkStatus, driver_notification::Notification,
        },
        portal::v1::{Notice, NoticeKind, Reading},
        session::v1::ListEventsRequest,
    },
    shutdown::CancellationToken,
};
use futures::TryStreamExt;
use tokio::time::{Instant, MissedTickBehavior};

use crate::{
    drivers::Drivers,
    hub::Hub,
    peers::{Peers, answer},
};

/// How often the pages are told what changed.
const TICK: Duration = Duration::from_secs(1);
/// Notifications that are read together.
const BATCH: usize = 1_024;
/// Charge points in one answer.
const PAGE_SIZE: i32 = 1_000;
/// Events that are asked for each second; more of them in a second are seen in the list of events alone.
const MOST_EVENTS: i32 = 200;
/// How often all charge points are looked at, in case a change was not told; and while Kafka, which tells of changes, is not heard.
const LOOK_AGAIN: Duration = Duration::from_secs(60);
const LOOK_AGAIN_IN_SILENCE: Duration = Duration::from_secs(3);

/// What is fed, and from where.
#[derive(Clone)]
pub struct Following {
    /// The network.
    pub hub: Hub,
    /// The drivers.
    pub drivers: Drivers,
    /// The services.
    pub peers: Peers,
}

impl Following {
    /// Follows everything until the token is cancelled.
    ///
    /// # Errors
    /// When a Kafka client can't be made.
    pub async fn run(&self, kafka: &KafkaConfig, shutdown: CancellationToken) -> Result<(), Error> {
        let always = async {
            tokio::join!(self.watch_charge_points(), self.look_again(), self.poll_events(), self.tick());
            Ok(())
        };
        let following = async {
            tokio::try_join!(
                always,
                self.hear_notifications(kafka, &shutdown),
                self.hear_status(kafka, &shutdown)
            )
        };
        match shutdown.run_until_cancelled(following).await {
            Some(Err(error)) if !shutdown.is_cancelled() => Err(error),
            _ => Ok(()),
        }
    }

    async fn tick(&self) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            self.hub.tick();
            self.drivers.forget_closed();
        }
    }

    async fn watch_charge_points(&self) {
        let mut backoff = Backoff::reconnect();
        let mut outage = Outage::of("watching the charge points");
        loop {
            let watched = self.watch_once(&mut backoff, &mut outage).await;
            outage.note(&watched);
            backoff.wait().await;
        }
    }

    async fn watch_once(&self, backoff: &mut Backoff, outage: &mut Outage) -> Result<(), Error> {
        let watch = self.peers.registry().watch_charge_points(WatchChargePointsRequest {}).await;
        let mut changes = answer("cp-registry", watch)?;
        // The watch is open: what changes from now on comes by it, and what is there now by the list.
        self.list_charge_points().await?;
        outage.note(&Ok(()));
        backoff.reset();
        while let Some(changed) = changes.try_next().await? {
            if let Some(charge_point) = changed.charge_point {
                self.hub.network().set_charge_point(charge_point, clock::now_ms());
            }
        }
        Ok(())
    }

    async fn list_charge_points(&self) -> Result<(), Error> {
        let mut request =
            ListChargePointsRequest { page_size: PAGE_SIZE, ..ListChargePointsRequest::default() };
        loop {
            let listed = self.peers.registry().list_charge_points(request.clone()).await;
            let page = answer("cp-registry", listed)?;
            let mut network = self.hub.network();
            for charge_point in page.charge_points {
                network.set_charge_point(charge_point, clock::now_ms());
            }
            if page.next_page_token.is_empty() {
                network.set_complete();
                return Ok(());
            }
            request.page_token = page.next_page_token;
        }
    }

    async fn look_again(&self) {
        let mut looked = Instant::now();
        loop {
            tokio::time::sleep(LOOK_AGAIN_IN_SILENCE).await;
            let is_heard = self.hub.network().is_heard();
            if is_heard && looked.elapsed() < LOOK_AGAIN {
                continue;
            }
            looked = Instant::now();
            // What fails here is said by the watch, which fails as well.
            drop(self.list_charge_points().await);
        }
    }

    async fn poll_events(&self) {
        let mut outage = Outage::of("reading the events");
        let mut looks = tokio::time::interval(TICK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            let request = ListEventsRequest { page_size: MOST_EVENTS, ..ListEventsRequest::default() };
            let polled = answer("session", self.peers.session().list_events(request).await);
            outage.note(&polled);
            if let Ok(page) = polled {
                self.hub.network().add_events(page.events);
            }
        }
    }

    async fn hear_status(&self, kafka: &KafkaConfig, shutdown: &CancellationToken) -> Result<(), Error> {
        let mut heard = kafka::follow::<NetworkStatus>(kafka, "portal-status", shutdown.clone()).await?;
        while heard.recv().await.is_some() {
            self.hub.network().hear(clock::now_ms());
        }
        Ok(())
    }

    async fn hear_notifications(
        &self,
        kafka: &KafkaConfig,
        shutdown: &CancellationToken,
    ) -> Result<(), Error> {
        let mut heard =
            kafka::follow::<DriverNotification>(kafka, "portal-notifications", shutdown.clone()).await?;
        let mut batch = Vec::new();
        while heard.recv_many(&mut batch, BATCH).await > 0 {
            self.hub.network().hear(clock::now_ms());
            for seen in batch.drain(..) {
                if let Some(notification) = seen.event.notification {
                    self.hear(&seen.key, notification);
                }
            }
        }
        Ok(())
    }

    fn hear(&self, driver_id: &str, notification: Notification) {
        let notice = |cp_id, kind: NoticeKind, error_kind, message| {
            self.drivers.notify(driver_id, Notice { cp_id, kind: kind.into(), error_kind, message });
        };
        match notification {
            Notification::ConsumptionUpdate(update) => {
                let reading = reading(update);
                self.drivers.read(driver_id, reading.clone());
                self.hub.network().read(reading);
            }
            Notification::CpError(error) => {
                notice(error.cp_id, NoticeKind::CpError, error.kind, error.message);
            }
            Notification::CpFixed(fixed) => {
                notice(fixed.cp_id, NoticeKind::CpFixed, String::new(), fixed.message);
            }
            Notification::ReservationExpired(expired) => {
                notice(expired.cp_id, NoticeKind::ReservationExpired, String::new(), String::new());
            }
            Notification::AuthorizationResponse(_)
            | Notification::SessionStarted(_)
            | Notification::SupplyError(_)
            | Notification::Ticket(_) => self.drivers.touch(driver_id),
        }
    }
}

fn reading(update: ConsumptionUpdate) -> Reading {
    Reading {
        cp_id: update.cp_id,
        session_id: update.session_id,
        energy_mwh: update.energy_mwh,
        cost_micros: update.cost_micros,
        power_w: update.power_w,
        measured_at_ms: update.measured_at.as_ref().map_or_else(clock::now_ms, clock::from_timestamp),
    }
}
