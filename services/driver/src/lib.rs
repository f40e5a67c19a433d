//! The command-line driver.
