INSERT INTO drivers (
    driver_id,
    name,
    blocked,
    balance_micros,
    session_id,
    version
)
SELECT
    changed.driver_id,
    changed.name,
    changed.blocked IN ('true', '1'),
    changed.balance_micros,
    changed.session_id,
    changed.version
FROM JSON_TABLE(?, '$[*]' COLUMNS (
    position FOR ORDINALITY,
    driver_id VARCHAR(64) PATH '$.driver_id',
    name VARCHAR(512) PATH '$.name',
    blocked VARCHAR(5) PATH '$.blocked',
    balance_micros BIGINT PATH '$.balance_micros',
    session_id VARCHAR(64) PATH '$.session_id',
    version BIGINT PATH '$.version'
)) AS changed
ORDER BY changed.position
ON DUPLICATE KEY UPDATE
    name = VALUES(name),
    blocked = VALUES(blocked),
    balance_micros = VALUES(balance_micros),
    session_id = VALUES(session_id),
    version = VALUES(version)
