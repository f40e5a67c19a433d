-- Past sessions from one number to another, each charged and billed, over a thousand days. Ids grow with time, as they do in life.
SET session_replication_role = replica; -- no look at the foreign keys of each row: they are there
INSERT INTO sessions (
    session_id, request_id, driver_id, cp_id, state, price_micros_per_kwh, energy_limit_mwh, balance_limited, reserved_until,
    start_register_mwh, register_mwh, meter_seq, power_w, cost_micros, created_at, started_at, ended_at, end_reason, traceparent, version
)
SELECT
    '01800000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'), 'past-' || n, 'past-driver-' || 1 + n * 7919 % {places},
    'PAST-' || 1 + n * 104729 % {places}, 'COMPLETED', 400000, 20000000, FALSE, at, 0, 10000000, 900, 0, 4000000, at, at,
    at + interval '15 minutes', 'DRIVER_STOPPED', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 7
FROM generate_series({first}::bigint, {last}::bigint) AS n
CROSS JOIN LATERAL (SELECT timestamptz '2022-01-01' + n * interval '8640 milliseconds' AS at) AS begun;

INSERT INTO ledger_entries (driver_id, kind, amount_micros, balance_micros, session_id, at)
SELECT driver_id, 'CHARGE', -cost_micros, 0, session_id, ended_at
FROM sessions
WHERE session_id BETWEEN '01800000-0000-7000-8000-' || lpad(to_hex({first}::bigint), 12, '0')
    AND '01800000-0000-7000-8000-' || lpad(to_hex({last}::bigint), 12, '0');
