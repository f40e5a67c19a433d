INSERT INTO audit_events (
    at_ms,
    kind,
    cp_id,
    driver_id,
    session_id,
    actor,
    message
)
SELECT
    value ->> 'at_ms',
    value ->> 'kind',
    value ->> 'cp_id',
    value ->> 'driver_id',
    value ->> 'session_id',
    value ->> 'actor',
    value ->> 'message'
FROM jsonb_each(?1)
ORDER BY key
