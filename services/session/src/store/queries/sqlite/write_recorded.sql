INSERT INTO idempotency_keys (
    idempotency_key,
    fingerprint,
    reply,
    created_at_ms
)
SELECT
    value ->> 'idempotency_key',
    value ->> 'fingerprint',
    value ->> 'reply',
    value ->> 'created_at_ms'
FROM jsonb_each(?1)
ORDER BY key
