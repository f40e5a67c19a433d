INSERT INTO audit_events (
    at,
    kind,
    cp_id,
    driver_id,
    session_id,
    actor,
    message
)
SELECT
    instant(at_ms),
    kind,
    cp_id,
    driver_id,
    session_id,
    actor,
    message
FROM json_to_recordset($1::json) AS changed (
    at_ms bigint,
    kind text,
    cp_id text,
    driver_id text,
    session_id text,
    actor text,
    message text
)
