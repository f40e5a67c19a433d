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
    driver_id,
    kind,
    amount_micros,
    balance_micros,
    session_id,
    top_up_id,
    instant(at_ms)
FROM json_to_recordset($1::json) AS changed (
    driver_id text,
    kind text,
    amount_micros bigint,
    balance_micros bigint,
    session_id text,
    top_up_id text,
    at_ms bigint
)
