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
    TIMESTAMP '1970-01-01 00:00:00' + INTERVAL changed.at_ms * 1000 MICROSECOND,
    changed.kind,
    changed.cp_id,
    changed.driver_id,
    changed.session_id,
    changed.actor,
    changed.message
FROM JSON_TABLE(?, '$[*]' COLUMNS (
    position FOR ORDINALITY,
    at_ms BIGINT PATH '$.at_ms',
    kind VARCHAR(64) PATH '$.kind',
    cp_id VARCHAR(64) PATH '$.cp_id',
    driver_id VARCHAR(64) PATH '$.driver_id',
    session_id VARCHAR(64) PATH '$.session_id',
    actor VARCHAR(256) PATH '$.actor',
    message TEXT PATH '$.message'
)) AS changed
ORDER BY changed.position
