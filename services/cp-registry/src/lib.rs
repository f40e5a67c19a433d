//! Holds the live link to each charge point.
