//! What the drivers are told, by driver: one reader for all of them.

use std::collections::HashMap;

use evcharging_common::{
    error::Error,
    kafka::{self, KafkaConfig},
    pb::events::v1::{DriverNotification, driver_notification::Notification},
    shutdown::CancellationToken,
};
use tokio::sync::mpsc;

/// Notifications that may wait for one driver: a charge has four, without readings.
const TOLD: usize = 32;

/// Begins to listen; returns an ear for each driver.
pub async fn listen(
    kafka: &KafkaConfig,
    driver_ids: &[String],
    end: CancellationToken,
) -> Result<HashMap<String, mpsc::Receiver<Notification>>, Error> {
    let mut heard = kafka::follow::<DriverNotification>(kafka, "load", end).await?;
    let (mut senders, mut ears) = (HashMap::new(), HashMap::new());
    for driver_id in driver_ids {
        let (sender, ear) = mpsc::channel(TOLD);
        senders.insert(driver_id.clone(), sender);
        ears.insert(driver_id.clone(), ear);
    }
    tokio::spawn(async move {
        while let Some(seen) = heard.recv().await {
            if let Some(notification) = seen.event.notification
                && !matches!(notification, Notification::ConsumptionUpdate(_))
                && let Some(sender) = senders.get(&seen.key)
            {
                // Full only when the driver has given up, which it says itself.
                let _ = sender.try_send(notification);
            }
        }
    });
    Ok(ears)
}
