//! Decides who may charge where.
