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
    changed.topic,
    changed.record_key,
    changed.event_type,
    changed.payload,
    changed.traceparent,
    TIMESTAMP '1970-01-01 00:00:00' + INTERVAL changed.at_ms * 1000 MICROSECOND,
    UUID()
FROM JSON_TABLE(?, '$[*]' COLUMNS (
    position FOR ORDINALITY,
    topic VARCHAR(64) PATH '$.topic',
    record_key VARCHAR(256) PATH '$.record_key',
    event_type VARCHAR(64) PATH '$.event_type',
    payload MEDIUMTEXT PATH '$.payload',
    traceparent VARCHAR(64) PATH '$.traceparent',
    at_ms BIGINT PATH '$.at_ms'
)) AS changed
ORDER BY changed.position
