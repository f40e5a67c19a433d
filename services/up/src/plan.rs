//! Which charge points and drivers the network is going to have, wherever they come from.

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
