-- The whole network. Instants are milliseconds since 1970 (UTC), energy is in mWh, money in micro-units; all are exact integers.
-- Only the session service writes here.

CREATE TABLE charge_points (
    cp_id                TEXT    NOT NULL PRIMARY KEY,
    location             TEXT    NOT NULL,
    price_micros_per_kwh INTEGER NOT NULL CHECK (price_micros_per_kwh >= 0),
    max_power_w          INTEGER NOT NULL CHECK (max_power_w > 0),
    key_hash             TEXT    NOT NULL,
    in_service           INTEGER NOT NULL CHECK (in_service IN (0, 1)),
    fault_kind           TEXT,
    fault_message        TEXT    NOT NULL,
    fault_driver_id      TEXT,             -- who was interrupted by the fault and is told when it is fixed
    simulated_error      TEXT,
    link_id              TEXT,             -- the link that holds it; null when offline
    presence_until_ms    INTEGER,          -- when the link counts as lost unless it is renewed
    session_id           TEXT,             -- the open session that holds it
    driver_id            TEXT,             -- that session's driver
    status               TEXT    NOT NULL, -- derived from the facts above when they are written
    status_since_ms      INTEGER NOT NULL,
    version              INTEGER NOT NULL,
    CHECK ((link_id IS NULL) = (presence_until_ms IS NULL)),
    CHECK ((session_id IS NULL) = (driver_id IS NULL))
) STRICT;
CREATE INDEX charge_points_status ON charge_points (status, cp_id);
CREATE INDEX charge_points_presence ON charge_points (presence_until_ms) WHERE presence_until_ms IS NOT NULL;

CREATE TABLE drivers (
    driver_id      TEXT    NOT NULL PRIMARY KEY,
    name           TEXT    NOT NULL,
    blocked        INTEGER NOT NULL CHECK (blocked IN (0, 1)),
    balance_micros INTEGER NOT NULL CHECK (balance_micros >= 0),
    session_id     TEXT,                   -- the driver's open session
    version        INTEGER NOT NULL
) STRICT;

CREATE TABLE sessions (
    session_id           TEXT    NOT NULL PRIMARY KEY, -- UUID version 7: ids grow with time
    request_id           TEXT    NOT NULL,
    driver_id            TEXT    NOT NULL REFERENCES drivers (driver_id),
    cp_id                TEXT    NOT NULL REFERENCES charge_points (cp_id),
    state                TEXT    NOT NULL
        CHECK (state IN ('RESERVED', 'STARTING', 'CHARGING', 'STOPPING', 'COMPLETED', 'INTERRUPTED', 'CANCELLED')),
    price_micros_per_kwh INTEGER NOT NULL CHECK (price_micros_per_kwh >= 0),
    energy_limit_mwh     INTEGER NOT NULL CHECK (energy_limit_mwh > 0),
    balance_limited      INTEGER NOT NULL CHECK (balance_limited IN (0, 1)), -- the limit is what the balance affords
    reserved_until_ms    INTEGER NOT NULL,
    deadline_ms          INTEGER,          -- when a waiting state is moved on
    start_register_mwh   INTEGER CHECK (start_register_mwh >= 0),
    register_mwh         INTEGER CHECK (register_mwh >= start_register_mwh),
    meter_seq            INTEGER NOT NULL,
    power_w              INTEGER NOT NULL,
    cost_micros          INTEGER CHECK (cost_micros >= 0), -- what was billed; null until then
    created_at_ms        INTEGER NOT NULL,
    started_at_ms        INTEGER,
    ended_at_ms          INTEGER,
    end_reason           TEXT,             -- why it ends, known once the stop was asked
    traceparent          TEXT    NOT NULL,
    version              INTEGER NOT NULL,
    CHECK ((state IN ('COMPLETED', 'INTERRUPTED')) = (cost_micros IS NOT NULL)),
    CHECK ((state IN ('COMPLETED', 'INTERRUPTED', 'CANCELLED')) = (ended_at_ms IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX sessions_open_cp ON sessions (cp_id) WHERE ended_at_ms IS NULL;
CREATE UNIQUE INDEX sessions_open_driver ON sessions (driver_id) WHERE ended_at_ms IS NULL;
CREATE INDEX sessions_deadline ON sessions (deadline_ms) WHERE deadline_ms IS NOT NULL;
CREATE INDEX sessions_driver ON sessions (driver_id, session_id);
CREATE INDEX sessions_cp ON sessions (cp_id, session_id);

CREATE TABLE ledger_entries (
    entry_id       INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    driver_id      TEXT    NOT NULL REFERENCES drivers (driver_id),
    kind           TEXT    NOT NULL CHECK (kind IN ('TOP_UP', 'CHARGE')),
    amount_micros  INTEGER NOT NULL,       -- what it adds to the balance: a charge is negative or zero
    balance_micros INTEGER NOT NULL CHECK (balance_micros >= 0),
    session_id     TEXT REFERENCES sessions (session_id),
    top_up_id      TEXT,
    at_ms          INTEGER NOT NULL,
    CHECK ((kind = 'CHARGE') = (session_id IS NOT NULL)),
    CHECK ((kind = 'TOP_UP') = (top_up_id IS NOT NULL))
) STRICT;
CREATE UNIQUE INDEX ledger_entries_session ON ledger_entries (session_id) WHERE session_id IS NOT NULL;
CREATE UNIQUE INDEX ledger_entries_top_up ON ledger_entries (driver_id, top_up_id) WHERE top_up_id IS NOT NULL;
CREATE INDEX ledger_entries_driver ON ledger_entries (driver_id, entry_id);

CREATE TABLE audit_events (
    event_id   INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at_ms      INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    cp_id      TEXT,
    driver_id  TEXT,
    session_id TEXT,
    actor      TEXT    NOT NULL,
    message    TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_events_cp ON audit_events (cp_id, event_id) WHERE cp_id IS NOT NULL;
CREATE INDEX audit_events_driver ON audit_events (driver_id, event_id) WHERE driver_id IS NOT NULL;
CREATE INDEX audit_events_session ON audit_events (session_id, event_id) WHERE session_id IS NOT NULL;

-- Events that are decided and not yet taken by Kafka. A row is removed once it is.
CREATE TABLE outbox (
    outbox_id   INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    event_id    TEXT    NOT NULL,
    topic       TEXT    NOT NULL,
    record_key  TEXT    NOT NULL,
    event_type  TEXT    NOT NULL,
    payload     TEXT    NOT NULL,          -- proto3 JSON
    traceparent TEXT    NOT NULL,
    at_ms       INTEGER NOT NULL
) STRICT;

-- Replies to commands that must not take effect twice.
CREATE TABLE idempotency_keys (
    idempotency_key TEXT    NOT NULL PRIMARY KEY,
    fingerprint     TEXT    NOT NULL,      -- of the command's content: the same key with other content is a conflict
    reply           TEXT    NOT NULL,
    created_at_ms   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at_ms);

-- Which session replicas live.
CREATE TABLE replicas (
    replica_id TEXT    NOT NULL PRIMARY KEY,
    until_ms   INTEGER NOT NULL
) STRICT;
