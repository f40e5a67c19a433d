//! The sidecar of one engine.
