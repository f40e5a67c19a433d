-- The whole network, for MySQL 8 and MariaDB 10.11 and newer. Energy is in mWh, money in micro-units, power in watts; all are exact integers.
-- Instants are in UTC, to the millisecond. Ids are compared byte by byte, so that pages come in the same order on every database.
-- MySQL before 8.0.16 reads CHECK constraints and ignores them: unsigned columns guard there what must never be negative.
-- Only the session service writes here.

CREATE TABLE charge_points (
    cp_id                VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    location             VARCHAR(512)    NOT NULL,
    price_micros_per_kwh BIGINT UNSIGNED NOT NULL,
    max_power_w          BIGINT UNSIGNED NOT NULL CHECK (max_power_w > 0),
    key_hash             CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    in_service           BOOLEAN         NOT NULL,
    fault_kind           VARCHAR(64),
    fault_message        TEXT            NOT NULL,
    fault_driver_id      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, -- who was interrupted by the fault and is told when it is fixed
    simulated_error      VARCHAR(64),
    link_id              VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, -- the link that holds it; null when offline
    presence_until       DATETIME(3),                -- when the link counts as lost unless it is renewed
    session_id           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, -- the open session that holds it
    driver_id            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, -- that session's driver
    status               VARCHAR(32)     NOT NULL,   -- derived from the facts above when they are written
    status_since         DATETIME(3)     NOT NULL,
    version              BIGINT          NOT NULL,
    CONSTRAINT charge_points_link CHECK ((link_id IS NULL) = (presence_until IS NULL)),
    CONSTRAINT charge_points_occupant CHECK ((session_id IS NULL) = (driver_id IS NULL)),
    INDEX charge_points_status (status, cp_id),
    INDEX charge_points_presence (presence_until)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE drivers (
    driver_id      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    name           VARCHAR(512)    NOT NULL,
    blocked        BOOLEAN         NOT NULL,
    balance_micros BIGINT UNSIGNED NOT NULL,
    session_id     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin, -- the driver's open session
    version        BIGINT          NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE sessions (
    session_id           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, -- UUID version 7: ids grow with time
    request_id           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    driver_id            VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    cp_id                VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    state                ENUM ('RESERVED', 'STARTING', 'CHARGING', 'STOPPING', 'COMPLETED', 'INTERRUPTED', 'CANCELLED') NOT NULL,
    price_micros_per_kwh BIGINT UNSIGNED NOT NULL,
    energy_limit_mwh     BIGINT UNSIGNED NOT NULL CHECK (energy_limit_mwh > 0),
    balance_limited      BOOLEAN         NOT NULL,   -- the limit is what the balance affords
    reserved_until       DATETIME(3)     NOT NULL,
    deadline             DATETIME(3),                -- when a waiting state is moved on
    start_register_mwh   BIGINT UNSIGNED,
    register_mwh         BIGINT UNSIGNED CHECK (register_mwh >= start_register_mwh),
    meter_seq            BIGINT          NOT NULL,
    power_w              BIGINT          NOT NULL,
    cost_micros          BIGINT UNSIGNED,            -- what was billed; null until then
    created_at           DATETIME(3)     NOT NULL,
    started_at           DATETIME(3),
    ended_at             DATETIME(3),
    end_reason           VARCHAR(64),                -- why it ends, known once the stop was asked
    traceparent          VARCHAR(64)     NOT NULL,
    version              BIGINT          NOT NULL,
    -- An index over open sessions only: a null is unlike every other null.
    open_cp_id           VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin AS (IF(ended_at IS NULL, cp_id, NULL)) STORED,
    open_driver_id       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin AS (IF(ended_at IS NULL, driver_id, NULL)) STORED,
    CONSTRAINT sessions_billed CHECK ((state IN ('COMPLETED', 'INTERRUPTED')) = (cost_micros IS NOT NULL)),
    CONSTRAINT sessions_ended CHECK ((state IN ('COMPLETED', 'INTERRUPTED', 'CANCELLED')) = (ended_at IS NOT NULL)),
    CONSTRAINT sessions_driver_id FOREIGN KEY (driver_id) REFERENCES drivers (driver_id),
    CONSTRAINT sessions_cp_id FOREIGN KEY (cp_id) REFERENCES charge_points (cp_id),
    UNIQUE INDEX sessions_open_cp (open_cp_id),
    UNIQUE INDEX sessions_open_driver (open_driver_id),
    INDEX sessions_deadline (deadline),
    INDEX sessions_driver (driver_id, session_id),
    INDEX sessions_cp (cp_id, session_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE ledger_entries (
    entry_id       BIGINT          NOT NULL AUTO_INCREMENT PRIMARY KEY,
    driver_id      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    kind           ENUM ('TOP_UP', 'CHARGE') NOT NULL,
    amount_micros  BIGINT          NOT NULL,         -- what it adds to the balance: a charge is negative or zero
    balance_micros BIGINT UNSIGNED NOT NULL,
    session_id     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    top_up_id      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    at             DATETIME(3)     NOT NULL,
    CONSTRAINT ledger_entries_charge CHECK ((kind = 'CHARGE') = (session_id IS NOT NULL)),
    CONSTRAINT ledger_entries_top_up_kind CHECK ((kind = 'TOP_UP') = (top_up_id IS NOT NULL)),
    CONSTRAINT ledger_entries_driver_id FOREIGN KEY (driver_id) REFERENCES drivers (driver_id),
    CONSTRAINT ledger_entries_session_id FOREIGN KEY (session_id) REFERENCES sessions (session_id),
    UNIQUE INDEX ledger_entries_session (session_id),
    UNIQUE INDEX ledger_entries_top_up (driver_id, top_up_id),
    INDEX ledger_entries_driver (driver_id, entry_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE TABLE audit_events (
    event_id   BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    at         DATETIME(3)  NOT NULL,
    kind       VARCHAR(64)  NOT NULL,
    cp_id      VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    driver_id  VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    session_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    actor      VARCHAR(256) NOT NULL,
    message    TEXT         NOT NULL,
    INDEX audit_events_cp (cp_id, event_id),
    INDEX audit_events_driver (driver_id, event_id),
    INDEX audit_events_session (session_id, event_id)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Events that are decided and not yet taken by Kafka. A row is removed once it is.
CREATE TABLE outbox (
    outbox_id   BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    event_id    CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    topic       VARCHAR(64)  NOT NULL,
    record_key  VARCHAR(256) NOT NULL,
    event_type  VARCHAR(64)  NOT NULL,
    payload     MEDIUMTEXT   NOT NULL,               -- proto3 JSON
    traceparent VARCHAR(64)  NOT NULL,
    at          DATETIME(3)  NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Replies to commands that must not take effect twice.
CREATE TABLE idempotency_keys (
    idempotency_key VARCHAR(256) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    fingerprint     VARCHAR(256) NOT NULL,           -- of the command's content: the same key with other content is a conflict
    reply           MEDIUMTEXT   NOT NULL,
    created_at      DATETIME(3)  NOT NULL,
    INDEX idempotency_keys_age (created_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Which session replicas live.
CREATE TABLE replicas (
    replica_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    until      DATETIME(3) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- Work that one session replica does for all of them.
CREATE TABLE leases (
    lease_name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    replica_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    until      DATETIME(3) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The tables as the services read them: instants as milliseconds since 1970, the same names on every database.
CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW charge_point_rows AS
SELECT cp_id, location, CAST(price_micros_per_kwh AS SIGNED) AS price_micros_per_kwh, CAST(max_power_w AS SIGNED) AS max_power_w, key_hash,
       CAST(in_service AS SIGNED) AS in_service, fault_kind, fault_message, fault_driver_id, simulated_error, link_id,
       TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', presence_until) DIV 1000 AS presence_until_ms,
       session_id, driver_id, status,
       TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', status_since) DIV 1000 AS status_since_ms, version
FROM charge_points;

CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW driver_rows AS
SELECT driver_id, name, CAST(blocked AS SIGNED) AS blocked, CAST(balance_micros AS SIGNED) AS balance_micros, session_id, version
FROM drivers;

CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW session_rows AS
SELECT session_id, request_id, driver_id, cp_id, CAST(state AS CHAR(16)) AS state,
       CAST(price_micros_per_kwh AS SIGNED) AS price_micros_per_kwh, CAST(energy_limit_mwh AS SIGNED) AS energy_limit_mwh,
       CAST(balance_limited AS SIGNED) AS balance_limited,
       TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', reserved_until) DIV 1000 AS reserved_until_ms,
       TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', deadline) DIV 1000 AS deadline_ms,
       CAST(start_register_mwh AS SIGNED) AS start_register_mwh, CAST(register_mwh AS SIGNED) AS register_mwh, meter_seq, power_w,
       CAST(cost_micros AS SIGNED) AS cost_micros,
       TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', created_at) DIV 1000 AS created_at_ms,
       TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', started_at) DIV 1000 AS started_at_ms,
       TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', ended_at) DIV 1000 AS ended_at_ms,
       end_reason, traceparent, version
FROM sessions;

CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW ledger_entry_rows AS
SELECT entry_id, driver_id, CAST(kind AS CHAR(16)) AS kind, amount_micros, CAST(balance_micros AS SIGNED) AS balance_micros, session_id,
       top_up_id, TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', at) DIV 1000 AS at_ms
FROM ledger_entries;

CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW audit_event_rows AS
SELECT event_id, TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', at) DIV 1000 AS at_ms, kind, cp_id, driver_id, session_id,
       actor, message
FROM audit_events;

CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW outbox_rows AS
SELECT outbox_id, event_id, topic, record_key, event_type, payload, traceparent,
       TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', at) DIV 1000 AS at_ms
FROM outbox;

CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW idempotency_key_rows AS
SELECT idempotency_key, fingerprint, reply,
       TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', created_at) DIV 1000 AS created_at_ms
FROM idempotency_keys;
