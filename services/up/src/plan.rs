//! Which charge points and drivers the network is going to have, wherever they come from.

use evcharging_common::error::Error;

use crate::{Config, demo_network, network_file};

/// The most that a simulated charge point can supply, in watts.
pub const MAX_POWER_W: i64 = 1_000_000;

/// What a vehicle takes until it is full when nothing else is said, in mWh.
pub const VEHICLE_ENERGY_MWH: i64 = 40_000_000;

/// A charge point to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedChargePoint {
    /// Its id.
    pub cp_id: String,
    /// Where it stands, for people.
    pub location: String,
    /// Price in micro-units for each kWh.
    pub price_micros_per_kwh: i64,
    /// The most it can supply, in watts, at most [`MAX_POWER_W`].
    pub max_power_w: i64,
    /// What a vehicle takes there until it is full, in mWh.
    pub vehicle_energy_mwh: i64,
}

/// A driver to make known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedDriver {
    /// Its id.
    pub driver_id: String,
    /// What people call it.
    pub name: String,
    /// What it gets when it is first made known, in micro-units.
    pub balance_micros: i64,
}

/// The whole network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// The charge points, ids unique.
    pub charge_points: Vec<PlannedChargePoint>,
    /// The drivers, ids unique.
    pub drivers: Vec<PlannedDriver>,
}

impl Plan {
    /// Reads the network file when there is one, and else makes a network up.
    ///
    /// # Errors
    /// Names file, line and reason when the file can't be used.
    pub fn from_config(config: &Config) -> Result<Self, Error> {
        match &config.network {
            Some(path) => network_file::read(path),
            None => Ok(demo_network::plan(config.charge_points, config.drivers)),
        }
    }
}
