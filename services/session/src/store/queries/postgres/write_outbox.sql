INSERT INTO outbox (
    topic,
    record_key,
    event_type,
    payload,
    traceparent,
    at,
    event_id
)
SELECT
    topic,
    record_key,
    event_type,
    payload,
    traceparent,
    instant(at_ms),
    gen_random_uuid()::text
FROM json_to_recordset($1::json) AS changed (
    topic text,
    record_key text,
    event_type text,
    payload text,
    traceparent text,
    at_ms bigint
)
