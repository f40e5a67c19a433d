INSERT INTO idempotency_keys (
    idempotency_key,
    fingerprint,
    reply,
    created_at
)
SELECT
    idempotency_key,
    fingerprint,
    reply,
    instant(created_at_ms)
FROM json_to_recordset($1::json) AS changed (
    idempotency_key text,
    fingerprint text,
    reply text,
    created_at_ms bigint
)
