//! The simulated charge point.
