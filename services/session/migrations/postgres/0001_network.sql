-- The whole network. Energy is in mWh, money in micro-units, power in watts; all are exact integers. Instants are in UTC, to the millisecond.
-- Ids are compared byte by byte, so that pages come in the same order on every database.
-- Only the session service writes here.

CREATE TABLE charge_points (
    cp_id                text COLLATE "C" PRIMARY KEY,
    location             text           NOT NULL,
    price_micros_per_kwh bigint         NOT NULL CONSTRAINT charge_points_price CHECK (price_micros_per_kwh >= 0),
    max_power_w          bigint         NOT NULL CONSTRAINT charge_points_power CHECK (max_power_w > 0),
    key_hash             text           NOT NULL,
    in_service           boolean        NOT NULL,
    fault_kind           text,
    fault_message        text           NOT NULL,
    fault_driver_id      text COLLATE "C", -- who was interrupted by the fault and is told when it is fixed
    simulated_error      text,
    link_id              text COLLATE "C", -- the link that holds it; null when offline
    presence_until       timestamptz(3),   -- when the link counts as lost unless it is renewed
    session_id           text COLLATE "C", -- the open session that holds it
    driver_id            text COLLATE "C", -- that session's driver
    status               text           NOT NULL, -- derived from the facts above when they are written
    status_since         timestamptz(3) NOT NULL,
    version              bigint         NOT NULL,
    CONSTRAINT charge_points_link CHECK ((link_id IS NULL) = (presence_until IS NULL)),
    CONSTRAINT charge_points_occupant CHECK ((session_id IS NULL) = (driver_id IS NULL))
);
CREATE INDEX charge_points_status ON charge_points (status, cp_id);
CREATE INDEX charge_points_presence ON charge_points (presence_until) WHERE presence_until IS NOT NULL;

CREATE TABLE drivers (
    driver_id      text COLLATE "C" PRIMARY KEY,
    name           text    NOT NULL,
    blocked        boolean NOT NULL,
    balance_micros bigint  NOT NULL CONSTRAINT drivers_balance CHECK (balance_micros >= 0),
    session_id     text COLLATE "C",       -- the driver's open session
    version        bigint  NOT NULL
);

CREATE TABLE sessions (
    session_id           text COLLATE "C" PRIMARY KEY, -- UUID version 7: ids grow with time
    request_id           text           NOT NULL,
    driver_id            text COLLATE "C" NOT NULL CONSTRAINT sessions_driver_id REFERENCES drivers (driver_id),
    cp_id                text COLLATE "C" NOT NULL CONSTRAINT sessions_cp_id REFERENCES charge_points (cp_id),
    state                text           NOT NULL CONSTRAINT sessions_state
        CHECK (state IN ('RESERVED', 'STARTING', 'CHARGING', 'STOPPING', 'COMPLETED', 'INTERRUPTED', 'CANCELLED')),
    price_micros_per_kwh bigint         NOT NULL CONSTRAINT sessions_price CHECK (price_micros_per_kwh >= 0),
    energy_limit_mwh     bigint         NOT NULL CONSTRAINT sessions_limit CHECK (energy_limit_mwh > 0),
    balance_limited      boolean        NOT NULL, -- the limit is what the balance affords
    reserved_until       timestamptz(3) NOT NULL,
    deadline             timestamptz(3),          -- when a waiting state is moved on
    start_register_mwh   bigint CONSTRAINT sessions_start_register CHECK (start_register_mwh >= 0),
    register_mwh         bigint CONSTRAINT sessions_register CHECK (register_mwh >= start_register_mwh),
    meter_seq            bigint         NOT NULL,
    power_w              bigint         NOT NULL,
    cost_micros          bigint CONSTRAINT sessions_cost CHECK (cost_micros >= 0), -- what was billed; null until then
    created_at           timestamptz(3) NOT NULL,
    started_at           timestamptz(3),
    ended_at             timestamptz(3),
    end_reason           text,                    -- why it ends, known once the stop was asked
    traceparent          text           NOT NULL,
    version              bigint         NOT NULL,
    CONSTRAINT sessions_billed CHECK ((state IN ('COMPLETED', 'INTERRUPTED')) = (cost_micros IS NOT NULL)),
    CONSTRAINT sessions_ended CHECK ((state IN ('COMPLETED', 'INTERRUPTED', 'CANCELLED')) = (ended_at IS NOT NULL))
);
CREATE UNIQUE INDEX sessions_open_cp ON sessions (cp_id) WHERE ended_at IS NULL;
CREATE UNIQUE INDEX sessions_open_driver ON sessions (driver_id) WHERE ended_at IS NULL;
CREATE INDEX sessions_deadline ON sessions (deadline) WHERE deadline IS NOT NULL;
CREATE INDEX sessions_driver ON sessions (driver_id, session_id);
CREATE INDEX sessions_cp ON sessions (cp_id, session_id);

CREATE TABLE ledger_entries (
    entry_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    driver_id      text COLLATE "C" NOT NULL CONSTRAINT ledger_entries_driver_id REFERENCES drivers (driver_id),
    kind           text           NOT NULL CONSTRAINT ledger_entries_kind CHECK (kind IN ('TOP_UP', 'CHARGE')),
    amount_micros  bigint         NOT NULL, -- what it adds to the balance: a charge is negative or zero
    balance_micros bigint         NOT NULL CONSTRAINT ledger_entries_balance CHECK (balance_micros >= 0),
    session_id     text COLLATE "C" CONSTRAINT ledger_entries_session_id REFERENCES sessions (session_id),
    top_up_id      text COLLATE "C",
    at             timestamptz(3) NOT NULL,
    CONSTRAINT ledger_entries_charge CHECK ((kind = 'CHARGE') = (session_id IS NOT NULL)),
    CONSTRAINT ledger_entries_top_up_kind CHECK ((kind = 'TOP_UP') = (top_up_id IS NOT NULL))
);
CREATE UNIQUE INDEX ledger_entries_session ON ledger_entries (session_id);
CREATE UNIQUE INDEX ledger_entries_top_up ON ledger_entries (driver_id, top_up_id);
CREATE INDEX ledger_entries_driver ON ledger_entries (driver_id, entry_id);

CREATE TABLE audit_events (
    event_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz(3) NOT NULL,
    kind       text           NOT NULL,
    cp_id      text COLLATE "C",
    driver_id  text COLLATE "C",
    session_id text COLLATE "C",
    actor      text           NOT NULL,
    message    text           NOT NULL
);
CREATE INDEX audit_events_cp ON audit_events (cp_id, event_id) WHERE cp_id IS NOT NULL;
CREATE INDEX audit_events_driver ON audit_events (driver_id, event_id) WHERE driver_id IS NOT NULL;
CREATE INDEX audit_events_session ON audit_events (session_id, event_id) WHERE session_id IS NOT NULL;

-- Events that are decided and not yet taken by Kafka. A row is removed once it is.
CREATE TABLE outbox (
    outbox_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id    text           NOT NULL,
    topic       text           NOT NULL,
    record_key  text           NOT NULL,
    event_type  text           NOT NULL,
    payload     text           NOT NULL, -- proto3 JSON
    traceparent text           NOT NULL,
    at          timestamptz(3) NOT NULL
);

-- Replies to commands that must not take effect twice.
CREATE TABLE idempotency_keys (
    idempotency_key text COLLATE "C" PRIMARY KEY,
    fingerprint     text           NOT NULL, -- of the command's content: the same key with other content is a conflict
    reply           text           NOT NULL,
    created_at      timestamptz(3) NOT NULL
);
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at);

-- Which session replicas live.
CREATE TABLE replicas (
    replica_id text COLLATE "C" PRIMARY KEY,
    until      timestamptz(3) NOT NULL
);

-- Work that one session replica does for all of them.
CREATE TABLE leases (
    lease_name text COLLATE "C" PRIMARY KEY,
    replica_id text COLLATE "C" NOT NULL,
    until      timestamptz(3) NOT NULL
);

-- The tables as the services read them: instants as milliseconds since 1970, the same names on every database.
CREATE FUNCTION ms(instant timestamptz) RETURNS bigint IMMUTABLE PARALLEL SAFE LANGUAGE SQL
    RETURN (extract(epoch FROM instant) * 1000)::bigint;
CREATE FUNCTION instant(ms bigint) RETURNS timestamptz IMMUTABLE PARALLEL SAFE LANGUAGE SQL
    RETURN to_timestamp(ms / 1000.0);

CREATE VIEW charge_point_rows AS
SELECT cp_id, location, price_micros_per_kwh, max_power_w, key_hash, in_service::int::bigint AS in_service, fault_kind, fault_message,
       fault_driver_id, simulated_error, link_id, ms(presence_until) AS presence_until_ms, session_id, driver_id, status,
       ms(status_since) AS status_since_ms, version
FROM charge_points;

CREATE VIEW driver_rows AS
SELECT driver_id, name, blocked::int::bigint AS blocked, balance_micros, session_id, version
FROM drivers;

CREATE VIEW session_rows AS
SELECT session_id, request_id, driver_id, cp_id, state, price_micros_per_kwh, energy_limit_mwh,
       balance_limited::int::bigint AS balance_limited, ms(reserved_until) AS reserved_until_ms, ms(deadline) AS deadline_ms,
       start_register_mwh, register_mwh, meter_seq, power_w, cost_micros, ms(created_at) AS created_at_ms, ms(started_at) AS started_at_ms,
       ms(ended_at) AS ended_at_ms, end_reason, traceparent, version
FROM sessions;

CREATE VIEW ledger_entry_rows AS
SELECT entry_id, driver_id, kind, amount_micros, balance_micros, session_id, top_up_id, ms(at) AS at_ms
FROM ledger_entries;

CREATE VIEW audit_event_rows AS
SELECT event_id, ms(at) AS at_ms, kind, cp_id, driver_id, session_id, actor, message
FROM audit_events;

CREATE VIEW outbox_rows AS
SELECT outbox_id, event_id, topic, record_key, event_type, payload, traceparent, ms(at) AS at_ms
FROM outbox;

CREATE VIEW idempotency_key_rows AS
SELECT idempotency_key, fingerprint, reply, ms(created_at) AS created_at_ms
FROM idempotency_keys;
