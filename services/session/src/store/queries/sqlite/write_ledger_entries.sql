INSERT INTO ledger_entries (
    driver_id,
    kind,
    amount_micros,
    balance_micros,
    session_id,
    top_up_id,
    at_ms
)
SELECT
    value ->> 'driver_id',
    value ->> 'kind',
    value ->> 'amount_micros',
    value ->> 'balance_micros',
    value ->> 'session_id',
    value ->> 'top_up_id',
    value ->> 'at_ms'
FROM jsonb_each(?1)
ORDER BY key
