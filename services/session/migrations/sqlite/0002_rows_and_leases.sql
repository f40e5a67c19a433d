-- The tables as the services read them, under the names that they have on every database. Here instants are milliseconds already.

CREATE VIEW charge_point_rows AS SELECT * FROM charge_points;
CREATE VIEW driver_rows AS SELECT * FROM drivers;
CREATE VIEW session_rows AS SELECT * FROM sessions;
CREATE VIEW ledger_entry_rows AS SELECT * FROM ledger_entries;
CREATE VIEW audit_event_rows AS SELECT * FROM audit_events;
CREATE VIEW outbox_rows AS SELECT * FROM outbox;
CREATE VIEW idempotency_key_rows AS SELECT * FROM idempotency_keys;

-- Work that one session replica does for all of them.
CREATE TABLE leases (
    lease_name TEXT    NOT NULL PRIMARY KEY,
    replica_id TEXT    NOT NULL,
    until_ms   INTEGER NOT NULL
) STRICT;
