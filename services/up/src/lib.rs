//! The whole network in one process on embedded parts.
