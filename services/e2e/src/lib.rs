//! Whole-network tests live in `tests/`: each starts its own network of processes on free ports.
