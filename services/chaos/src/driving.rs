//! The drivers: each asks, starts, charges for a few seconds, stops and waits for its ticket, over and over, as an app would by Kafka.

use std::{collections::HashMap, time::Duration};

use evcharging_common::{
    events::Event,
    ids,
    kafka::{self, KafkaConfig, OutgoingRecord, Producer},
    pb::events::v1::{self as pb, driver_notification::Notification},
    shutdown::CancellationToken,
};
use rand::{RngExt, SeedableRng, rngs::StdRng};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{Instant, timeout_at},
};

/// How long a driver waits for an answer or a ticket before it goes on with its life.
const PATIENCE: Duration = Duration::from_secs(45);

/// What the drivers saw.
#[derive(Debug, Default)]
pub struct Heard {
    /// Requests that Kafka took.
    pub requests: Vec<String>,
    /// Sessions that a driver saw authorized.
    pub authorized: Vec<String>,
    /// Sessions whose ticket a driver saw in time.
    pub tickets: usize,
    /// Requests that were not answered in time.
    pub unanswered: usize,
}

/// The drivers under way.
pub struct Drivers {
    tasks: JoinSet<Heard>,
}

impl Drivers {
    /// Begins to listen, then to drive, until `stop`; charges under way are brought to their end.
    pub async fn start(kafka: &KafkaConfig, drivers: u16, seed: u64, stop: CancellationToken) -> Self {
        let listening = CancellationToken::new();
        let mut told = kafka::follow::<pb::DriverNotification>(kafka, "chaos-drivers", listening)
            .await
            .expect("notifications are followed");
        let producer = Producer::new(kafka, "chaos-drivers").expect("a producer");
        let mut tasks = JoinSet::new();
        let mut inboxes = HashMap::new();
        for number in 1..=drivers {
            let driver_id = format!("driver{number}");
            let (sender, inbox) = mpsc::unbounded_channel();
            inboxes.insert(driver_id.clone(), sender);
            let random = StdRng::seed_from_u64(seed ^ (u64::from(number) << 32));
            let driver =
                Driver { driver_id, inbox, random, producer: producer.clone(), heard: Heard::default() };
            tasks.spawn(driver.drive(stop.clone()));
        }
        tokio::spawn(async move {
            while let Some(seen) = told.recv().await {
                if let (Some(inbox), Some(notification)) = (inboxes.get(&seen.key), seen.event.notification) {
                    // A driver that is done reads no more.
                    drop(inbox.send(notification));
                }
            }
        });
        Self { tasks }
    }

    /// Waits until all are done.
    pub async fn join(mut self) -> Heard {
        let mut all = Heard::default();
        while let Some(heard) = self.tasks.join_next().await {
            let heard = heard.expect("a driver does not fail");
            all.requests.extend(heard.requests);
            all.authorized.extend(heard.authorized);
            all.tickets += heard.tickets;
            all.unanswered += heard.unanswered;
        }
        all
    }
}

struct Driver {
    driver_id: String,
    inbox: mpsc::UnboundedReceiver<Notification>,
    random: StdRng,
    producer: Producer,
    heard: Heard,
}

impl Driver {
    async fn drive(mut self, stop: CancellationToken) -> Heard {
        while stop.run_until_cancelled(self.pause(200..4_000)).await.is_some() {
            self.charge(&stop).await;
        }
        self.heard
    }

    fn pause(&mut self, ms: std::ops::Range<u64>) -> impl Future<Output = ()> + use<> {
        tokio::time::sleep(Duration::from_millis(self.random.random_range(ms)))
    }

    async fn charge(&mut self, stop: &CancellationToken) {
        let request_id = ids::new_id();
        let request = pb::AuthorizationRequest {
            request_id: request_id.clone(),
            driver_id: self.driver_id.clone(),
            ..Default::default()
        };
        if !self.send(&pb::DriverRequest::from(request), stop).await {
            return;
        }
        self.heard.requests.push(request_id.clone());
        let answer = self
            .wait_for(|told| match told {
                Notification::AuthorizationResponse(answer) if answer.request_id == request_id => {
                    Some(answer.clone())
                }
                _ => None,
            })
            .await;
        let Some(answer) = answer else {
            self.heard.unanswered += 1;
            return;
        };
        if !answer.authorized {
            return;
        }
        self.heard.authorized.push(answer.session_id.clone());
        if self.random.random_range(0..20) == 0 {
            // Walks away without starting.
            return;
        }
        let (driver_id, cp_id) = (self.driver_id.clone(), answer.cp_id);
        let started = pb::ChargingStarted { driver_id, cp_id, request_id: request_id.clone() };
        let stopped = pb::ChargingStopped {
            driver_id: started.driver_id.clone(),
            cp_id: started.cp_id.clone(),
            request_id,
        };
        self.send(&pb::DriverEvent::from(started), stop).await;
        self.pause(2_000..8_000).await;
        self.send(&pb::DriverEvent::from(stopped), stop).await;
        let session_id = answer.session_id;
        let ended = self.wait_for(|told| match told {
            Notification::Ticket(ticket) if ticket.session_id == session_id => Some(true),
            Notification::SupplyError(error) if error.session_id == session_id && !error.ticket_follows => {
                Some(false)
            }
            Notification::ReservationExpired(expired) if expired.session_id == session_id => Some(false),
            _ => None,
        });
        self.heard.tickets += usize::from(ended.await == Some(true));
    }

    /// Sends until Kafka has it; `false` when the end came first.
    async fn send<E: Event>(&self, event: &E, stop: &CancellationToken) -> bool {
        let record = OutgoingRecord::new(&self.driver_id, event);
        while self.producer.send_record(&record).await.is_err() {
            if stop.is_cancelled() {
                return false;
            }
        }
        true
    }

    async fn wait_for<T>(&mut self, pick: impl Fn(&Notification) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let told = timeout_at(deadline, self.inbox.recv()).await.ok()??;
            if let Some(picked) = pick(&told) {
                return Some(picked);
            }
        }
    }
}
