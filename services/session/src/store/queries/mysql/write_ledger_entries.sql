INSERT INTO ledger_entries (
    driver_id,
    kind,
    amount_micros,
    balance_micros,
    session_id,
    top_up_id,
    at
)
SELECT
    changed.driver_id,
    changed.kind,
    changed.amount_micros,
    changed.balance_micros,
    changed.session_id,
    changed.top_up_id,
    TIMESTAMP '1970-01-01 00:00:00' + INTERVAL changed.at_ms * 1000 MICROSECOND
FROM JSON_TABLE(?, '$[*]' COLUMNS (
    position FOR ORDINALITY,
    driver_id VARCHAR(64) PATH '$.driver_id',
    kind VARCHAR(64) PATH '$.kind',
    amount_micros BIGINT PATH '$.amount_micros',
    balance_micros BIGINT PATH '$.balance_micros',
    session_id VARCHAR(64) PATH '$.session_id',
    top_up_id VARCHAR(64) PATH '$.top_up_id',
    at_ms BIGINT PATH '$.at_ms'
)) AS changed
ORDER BY changed.position
