//! The Kafka door: drivers start and stop.

use evcharging_common::{
    backoff::Backoff,
    error::Error,
    ids,
    kafka::{self, DeadLetters, Producer, Received},
    pb::events::v1 as pb,
};
use tracing::Instrument;

use crate::{
    command::{Command, StopCharging, WhichCharge},
    writer::Writer,
};

/// Drivers whose events are worked on at a time.
const CONCURRENCY: usize = 256;

/// Takes what drivers say.
pub struct DriverEvents {
    /// Decides.
    pub writer: Writer,
    /// Tells the drivers of what had no effect.
    pub producer: Producer,
}

impl kafka::Handler<pb::DriverEvent> for DriverEvents {
    /// Drivers side by side, each driver's events in order.
    async fn handle(&self, batch: Vec<Received<'_, pb::DriverEvent>>, dead_letters: &DeadLetters) {
        let events = batch.into_iter().map(|received| {
            (charge_of(&received.event).map(|charge| charge.driver_id).unwrap_or_default(), received)
        });
        kafka::side_by_side(events, CONCURRENCY, |received| {
            let span = received.record.process_span();
            self.handle_one(received, dead_letters).instrument(span)
        })
        .await;
    }
}

impl DriverEvents {
    async fn handle_one(&self, received: Received<'_, pb::DriverEvent>, dead_letters: &DeadLetters) {
        let Some(command) = to_command(&received.event) else { return };
        let charge = charge_of(&received.event).unwrap_or_default();
        if let Err(error) = check(&charge) {
            dead_letters.reject(&received.record, &error.message).await;
            return;
        }
        let mut backoff = Backoff::reconnect();
        loop {
            match self.writer.execute_event(command.clone(), Some(received.record.event_id())).await {
                Ok(_) => return,
                Err(error) if error.is_retryable() => {
                    tracing::debug!(%error, driver_id = charge.driver_id, "a driver's event is tried again");
                    backoff.wait().await;
                }
                Err(error) => {
                    tracing::info!(driver_id = charge.driver_id, reason = %error.reason, "a driver's event was refused: {}", error.message);
                    tell(&self.producer, &charge, &error).await;
                    return;
                }
            }
        }
    }
}

/// Tells the driver that what it did had no effect. It is not told twice; should Kafka be away, its next event is answered.
async fn tell(producer: &Producer, charge: &WhichCharge, error: &Error) {
    let event: pb::DriverNotification = pb::SupplyError {
        driver_id: charge.driver_id.clone(),
        cp_id: charge.cp_id.clone(),
        reason: error.reason.to_string(),
        message: error.message.clone(),
        ..Default::default()
    }
    .into();
    if let Err(error) = producer.send(&charge.driver_id, &event).await {
        tracing::warn!(%error, driver_id = charge.driver_id, "a driver could not be told that its event was refused");
    }
}

fn check(charge: &WhichCharge) -> Result<(), Error> {
    ids::check("driver_id", &charge.driver_id)?;
    ids::check("cp_id", &charge.cp_id)?;
    if charge.request_id.is_empty() { Ok(()) } else { ids::check("request_id", &charge.request_id) }
}

fn charge_of(event: &pb::DriverEvent) -> Option<WhichCharge> {
    Some(match event.event.clone()? {
        pb::driver_event::Event::ChargingStarted(pb::ChargingStarted { driver_id, cp_id, request_id })
        | pb::driver_event::Event::ChargingStopped(pb::ChargingStopped { driver_id, cp_id, request_id }) => {
            WhichCharge { driver_id, cp_id, request_id }
        }
    })
}

fn to_command(event: &pb::DriverEvent) -> Option<Command> {
    let charge = charge_of(event)?;
    Some(match event.event.as_ref()? {
        pb::driver_event::Event::ChargingStarted(_) => Command::StartCharging(charge),
        pb::driver_event::Event::ChargingStopped(_) => Command::StopCharging(StopCharging {
            charge: Some(charge),
            session_id: String::new(),
            operator_id: None,
        }),
    })
}
