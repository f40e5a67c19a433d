//! Waiting a moment until a charge point does what it was told, so that an operator reads how things are and not how they were.

use std::time::Duration;

use evcharging_common::{
    grpc_client::GrpcChannel,
    pb::{
        cp_registry::v1::{GetChargePointRequest, registry_service_client::RegistryServiceClient},
        types::v1::ChargePoint,
    },
    vocabulary::ChargePointStatus,
};
use tokio::time::Instant;

/// A charge point that takes longer may have lost its link.
const PATIENCE: Duration = Duration::from_secs(3);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(200);

/// The charge point once it does what it was told, or as it is when that takes too long.
pub(crate) async fn settled(
    registry: &mut RegistryServiceClient<GrpcChannel>,
    told: Option<ChargePoint>,
    is_settled: impl Fn(&ChargePoint) -> bool,
) -> Option<ChargePoint> {
    let mut now = told?;
    let give_up_at = Instant::now() + PATIENCE;
    while !is_settled(&now) && Instant::now() < give_up_at {
        tokio::time::sleep(LOOK).await;
        let request = GetChargePointRequest { cp_id: now.cp_id.clone() };
        // What was told stands; a look that fails is tried again.
        let Ok(found) = registry.get_charge_point(request).await else { continue };
        now = found.into_inner().charge_point.unwrap_or(now);
    }
    Some(now)
}

/// Whether it can be used.
pub(crate) fn is_healthy(charge_point: &ChargePoint) -> bool {
    let broken = [ChargePointStatus::Faulted, ChargePointStatus::OutOfService, ChargePointStatus::Offline];
    ChargePointStatus::try_from(charge_point.status).is_ok_and(|status| !broken.contains(&status))
}
