INSERT INTO idempotency_keys (
    idempotency_key,
    fingerprint,
    reply,
    created_at
)
SELECT
    changed.idempotency_key,
    changed.fingerprint,
    changed.reply,
    TIMESTAMP '1970-01-01 00:00:00' + INTERVAL changed.created_at_ms * 1000 MICROSECOND
FROM JSON_TABLE(?, '$[*]' COLUMNS (
    position FOR ORDINALITY,
    idempotency_key VARCHAR(256) PATH '$.idempotency_key',
    fingerprint VARCHAR(256) PATH '$.fingerprint',
    reply MEDIUMTEXT PATH '$.reply',
    created_at_ms BIGINT PATH '$.created_at_ms'
)) AS changed
ORDER BY changed.position
