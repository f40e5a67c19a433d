//! The single writer: charge points, reservations, sessions, ledger, outbox.
