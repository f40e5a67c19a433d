//! Commands that show and command a running network.
