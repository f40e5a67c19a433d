INSERT INTO drivers (
    driver_id,
    name,
    blocked,
    balance_micros,
    session_id,
    version
)
SELECT
    driver_id,
    name,
    blocked,
    balance_micros,
    session_id,
    version
FROM json_to_recordset($1::json) AS changed (
    driver_id text,
    name text,
    blocked boolean,
    balance_micros bigint,
    session_id text,
    version bigint
)
ON CONFLICT (driver_id) DO UPDATE SET
    name = excluded.name,
    blocked = excluded.blocked,
    balance_micros = excluded.balance_micros,
    session_id = excluded.session_id,
    version = excluded.version
