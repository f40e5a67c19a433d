INSERT INTO outbox (
    topic,
    record_key,
    event_type,
    payload,
    traceparent,
    at_ms,
    event_id
)
SELECT
    value ->> 'topic',
    value ->> 'record_key',
    value ->> 'event_type',
    value ->> 'payload',
    value ->> 'traceparent',
    value ->> 'at_ms',
    lower(hex(randomblob(16)))
FROM jsonb_each(?1)
ORDER BY key
