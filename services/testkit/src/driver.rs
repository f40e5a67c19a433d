//! A driver that speaks Kafka as its app would.

use std::time::Duration;

use evcharging_common::{
    events::Event,
    ids,
    kafka::{self, Seen},
    kafka::{KafkaConfig, Producer},
    pb::events::v1::{self as pb, driver_notification::Notification},
    shutdown::CancellationToken,
};
use tokio::sync::mpsc;

/// A driver and what it was told.
pub struct Driver {
    /// Its id.
    pub driver_id: String,
    producer: Producer,
    notifications: mpsc::Receiver<Seen<pb::DriverNotification>>,
    /// Everything that it was told, in order.
    pub told: Vec<pb::DriverNotification>,
}

/// How a charge ended for a driver.
#[derive(Debug)]
pub enum Outcome {
    /// With its bill.
    Ticket(pb::Ticket),
    /// Without energy, or with a bill that follows.
    Failed {
        /// The session.
        session_id: String,
        /// A ticket follows.
        ticket_follows: bool,
    },
}

/// The name of what happened.
pub fn event_type(event: &impl Event) -> &'static str {
    event.event_type().unwrap_or("NOTHING")
}

impl Driver {
    /// Begins to listen; what is said from now on is heard.
    pub async fn listen(kafka: &KafkaConfig, driver_id: &str) -> Self {
        let producer = Producer::new(kafka, "test-driver").expect("a producer");
        let notifications = kafka::follow(kafka, "test-driver", CancellationToken::new())
            .await
            .expect("the topic is followed");
        Self { driver_id: driver_id.to_owned(), producer, notifications, told: Vec::new() }
    }

    /// Asks to charge; an empty `cp_id` means any. Tells the request's id.
    pub async fn request(&self, cp_id: &str) -> String {
        self.request_limited(cp_id, None).await
    }

    /// Asks to charge with a limit of its own.
    pub async fn request_limited(&self, cp_id: &str, energy_limit_mwh: Option<i64>) -> String {
        let request_id = ids::new_id();
        let request = pb::AuthorizationRequest {
            request_id: request_id.clone(),
            driver_id: self.driver_id.clone(),
            cp_id: cp_id.to_owned(),
            energy_limit_mwh,
            expires_at: None,
        };
        self.send(&pb::DriverRequest::from(request)).await;
        request_id
    }

    /// Plugs in and starts.
    pub async fn start(&self, cp_id: &str) {
        let (driver_id, cp_id) = (self.driver_id.clone(), cp_id.to_owned());
        self.send(&pb::DriverEvent::from(pb::ChargingStarted {
            driver_id,
            cp_id,
            request_id: String::new(),
        }))
        .await;
    }

    /// Stops.
    pub async fn stop(&self, cp_id: &str) {
        let (driver_id, cp_id) = (self.driver_id.clone(), cp_id.to_owned());
        self.send(&pb::DriverEvent::from(pb::ChargingStopped {
            driver_id,
            cp_id,
            request_id: String::new(),
        }))
        .await;
    }

    /// Sends anything.
    pub async fn send<E: Event>(&self, event: &E) {
        self.producer.send(&self.driver_id, event).await.expect("the broker takes it");
    }

    /// Asks and is authorized; tells where, and the session.
    pub async fn reserve(&mut self, cp_id: &str) -> (String, String) {
        let request_id = self.request(cp_id).await;
        let response = self.answer_to(&request_id).await;
        assert!(response.authorized, "{response:?}");
        (response.cp_id, response.session_id)
    }

    /// Goes from the request to energy that flows; tells the session.
    pub async fn charge(&mut self, cp_id: &str) -> String {
        let (cp_id, session_id) = self.reserve(cp_id).await;
        self.start(&cp_id).await;
        self.wait_for("SESSION_STARTED").await;
        self.wait_for("CONSUMPTION_UPDATE").await;
        session_id
    }

    /// The answer to a request.
    pub async fn answer_to(&mut self, request_id: &str) -> pb::AuthorizationResponse {
        loop {
            if let Notification::AuthorizationResponse(response) = self.next("an answer").await
                && response.request_id == request_id
            {
                return response;
            }
        }
    }

    /// The next notification of a type.
    pub async fn wait_for(&mut self, wanted: &str) -> Notification {
        loop {
            let notification = self.next(wanted).await;
            if self.told.last().map(event_type) == Some(wanted) {
                return notification;
            }
        }
    }

    /// The bill.
    pub async fn ticket(&mut self) -> pb::Ticket {
        match self.wait_for("TICKET").await {
            Notification::Ticket(ticket) => ticket,
            other => panic!("{other:?}"),
        }
    }

    /// The failure that it is told of.
    pub async fn supply_error(&mut self) -> pb::SupplyError {
        match self.wait_for("SUPPLY_ERROR").await {
            Notification::SupplyError(error) => error,
            other => panic!("{other:?}"),
        }
    }

    /// The next thing that ends a charge, or announces its end.
    pub async fn outcome(&mut self) -> Outcome {
        loop {
            match self.next("the end of a charge").await {
                Notification::Ticket(ticket) => return Outcome::Ticket(ticket),
                Notification::SupplyError(pb::SupplyError { session_id, ticket_follows, .. }) => {
                    return Outcome::Failed { session_id, ticket_follows };
                }
                Notification::ReservationExpired(pb::ReservationExpired { session_id, .. }) => {
                    return Outcome::Failed { session_id, ticket_follows: false };
                }
                _ => {}
            }
        }
    }

    /// The types of what it was told, without repeated readings.
    pub fn told_types(&self) -> Vec<&'static str> {
        let mut types: Vec<_> = self.told.iter().map(event_type).collect();
        types.dedup();
        types
    }

    async fn next(&mut self, wanted: &str) -> Notification {
        loop {
            let heard = tokio::time::timeout(Duration::from_secs(40), self.notifications.recv()).await;
            let seen = heard.unwrap_or_else(|_| {
                panic!("{} waits for {wanted}; told so far: {:?}", self.driver_id, self.told_types())
            });
            let seen = seen.expect("the topic is followed");
            if seen.key == self.driver_id
                && let Some(notification) = seen.event.notification.clone()
            {
                self.told.push(seen.event);
                return notification;
            }
        }
    }
}
