INSERT INTO drivers (
    driver_id,
    name,
    blocked,
    balance_micros,
    session_id,
    version
)
SELECT
    value ->> 'driver_id',
    value ->> 'name',
    value ->> 'blocked',
    value ->> 'balance_micros',
    value ->> 'session_id',
    value ->> 'version'
FROM jsonb_each(?1)
WHERE TRUE
ON CONFLICT (driver_id) DO UPDATE SET
    name = excluded.name,
    blocked = excluded.blocked,
    balance_micros = excluded.balance_micros,
    session_id = excluded.session_id,
    version = excluded.version
