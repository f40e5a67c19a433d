-- Charge points and drivers of the past, so many of each.
INSERT INTO charge_points (
    cp_id, location, price_micros_per_kwh, max_power_w, key_hash, in_service, fault_message, status, status_since, version
)
SELECT 'PAST-' || n, 'Madrid', 400000, 50000, '', TRUE, '', 'OFFLINE', CURRENT_TIMESTAMP, 1
FROM generate_series(1, {places}) AS n
ON CONFLICT DO NOTHING;

INSERT INTO drivers (driver_id, name, blocked, balance_micros, version)
SELECT 'past-driver-' || n, '', FALSE, 0, 1
FROM generate_series(1, {places}) AS n
ON CONFLICT DO NOTHING;
