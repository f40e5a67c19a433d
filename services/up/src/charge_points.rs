//! The simulated charge points: an engine and a monitor each, connected over gRPC as if they stood in a street.

use std::time::Duration;

use evcharging_common::{
    clock,
    error::Error,
    grpc_client::{GrpcChannel, connect_lazily},
    grpc_server::ListenConfig,
    kafka::{KafkaConfig, Producer},
    shutdown::CancellationToken,
    tls::TlsConfig,
};
use evcharging_cp_engine as engine;
use evcharging_cp_monitor as monitor;
use tokio::task::JoinSet;

use crate::{
    data_folder::DataFolder,
    plan::{MAX_POWER_W, PlannedChargePoint},
    services::STOP_TIMEOUT,
};

/// 2026-01-01T00:00:00Z, in milliseconds since 1970: when the meters were built in, so to speak.
const METERS_SINCE_MS: i64 = 1_767_225_600_000;
/// Between one charge point's start and the next one's: their checks each second then stay spread over the second.
const START_INTERVAL: Duration = Duration::from_millis(1);

/// The charge points that run.
pub struct ChargePoints {
    tasks: JoinSet<()>,
    shutdown: CancellationToken,
}

impl ChargePoints {
    /// Starts all of them; they connect in their own time, every second one through the gateway when there is its address.
    ///
    /// # Errors
    /// When one of them can't have a port or its configuration is refused.
    pub async fn start(
        planned: &[PlannedChargePoint],
        folder: &DataFolder,
        kafka: &KafkaConfig,
        producer: &Producer,
        cp_registry_address: &str,
        gateway_address: Option<&str>,
    ) -> Result<Self, Error> {
        let shutdown = CancellationToken::new();
        let mut charge_points = Self { tasks: JoinSet::new(), shutdown };
        let registry = channel(cp_registry_address)?;
        let register_mwh = first_register_mwh(clock::now_ms());
        let loopback = ([127, 0, 0, 1], 0).into();
        for (number, planned) in planned.iter().enumerate() {
            let gateway_address = gateway_address.filter(|_| number % 2 == 1);
            let engine_config = engine::Config {
                listen: ListenConfig::at(loopback),
                listen_framed: gateway_address.map(|_| loopback),
                kafka: kafka.clone(),
                cp_id: planned.cp_id.clone(),
                max_power_w: planned.max_power_w,
                vehicle_energy_mwh: planned.vehicle_energy_mwh,
                register_mwh,
            };
            let engine = engine::Service::bind(engine_config, producer.clone()).await?;
            let engine_address = format!("http://{}", engine.local_address());
            let mut monitor = monitor_config(planned, folder, cp_registry_address, &engine_address)?;
            monitor.engine_framed = engine.framed_address().map(|address| address.to_string());
            monitor.central_framed = gateway_address.map(str::to_owned);
            let central = match &monitor.central_framed {
                Some(address) => monitor::Central::Framed(address.clone(), None),
                None => monitor::Central::Grpc(registry.clone()),
            };
            let engine_client = match &monitor.engine_framed {
                Some(address) => monitor::EngineClient::framed(address, None, &planned.cp_id),
                None => monitor::EngineClient::grpc(channel(&engine_address)?, &planned.cp_id),
            };
            charge_points.spawn(engine, monitor, central, engine_client);
            tokio::time::sleep(START_INTERVAL).await;
        }
        Ok(charge_points)
    }

    /// A part that ends with an error is told; the network goes on without it.
    fn spawn(
        &mut self,
        engine: engine::Service,
        monitor: monitor::Config,
        central: monitor::Central,
        engine_client: monitor::EngineClient,
    ) {
        let cp_id = monitor.cp_id.clone();
        let stop = self.shutdown.clone();
        // Boxed: a future that is passed on is otherwise kept twice, and there are thousands of these.
        let engine = Box::pin(engine.run(stop.clone()));
        let monitor = Box::pin(monitor::run_with(monitor, central, engine_client, stop));
        self.tasks.spawn(tell_failure(cp_id.clone(), "engine", engine));
        self.tasks.spawn(tell_failure(cp_id, "monitor", monitor));
    }

    /// Stops all of them.
    pub async fn stop(&mut self) {
        self.shutdown.cancel();
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_TIMEOUT, all).await.is_err() {
            tracing::warn!(
                left = self.tasks.len(),
                "parts of charge points did not end in time and are cut off"
            );
        }
        self.tasks.shutdown().await;
    }
}

async fn tell_failure(cp_id: String, part: &'static str, work: impl Future<Output = Result<(), Error>>) {
    if let Err(error) = work.await {
        tracing::error!(cp_id, part, %error, "a part of a charge point ended with an error");
    }
}

fn channel(address: &str) -> Result<GrpcChannel, Error> {
    connect_lazily(address).map_err(Error::internal)
}

fn monitor_config(
    planned: &PlannedChargePoint,
    folder: &DataFolder,
    cp_registry_address: &str,
    engine_address: &str,
) -> Result<monitor::Config, Error> {
    Ok(monitor::Config {
        cp_id: planned.cp_id.clone(),
        location: planned.location.clone(),
        price_micros_per_kwh: planned.price_micros_per_kwh,
        max_power_w: planned.max_power_w,
        key: folder.charge_point_key(&planned.cp_id).parse().map_err(Error::internal)?,
        cp_registry_address: cp_registry_address.to_owned(),
        health_listen: None,
        tls: TlsConfig::default(),
        engine_address: engine_address.to_owned(),
        engine_framed: None,
        central_framed: None,
    })
}

/// What a meter shows at the start: as much as the strongest charge point could have supplied since 2026 began.
///
/// A register must never go back, not even for those who read what a killed process had sent and not yet stored. No charge
/// point supplies faster than this grows with time, so a later start always begins above all that was ever reported, without
/// anything to keep.
fn first_register_mwh(now_ms: i64) -> i64 {
    // Watts times milliseconds are milliwatt-seconds; an hour has 3,600 seconds.
    (now_ms - METERS_SINCE_MS).max(0).saturating_mul(MAX_POWER_W) / 3_600
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_later_start_begins_above_all_that_full_power_could_have_supplied() {
        let (start_ms, run_ms) = (METERS_SINCE_MS + 12_345_678, 3_600_000);
        let supplied_at_full_power_mwh = MAX_POWER_W * 1_000;
        assert!(
            first_register_mwh(start_ms + run_ms)
                >= first_register_mwh(start_ms) + supplied_at_full_power_mwh
        );
    }

    #[test]
    fn a_clock_that_is_far_off_gives_no_negative_register() {
        assert_eq!(first_register_mwh(0), 0);
        assert!(first_register_mwh(i64::MAX) > 0);
    }
}
