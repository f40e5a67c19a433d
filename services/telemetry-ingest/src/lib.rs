//! Validates meter readings and keeps live energy and cost.
