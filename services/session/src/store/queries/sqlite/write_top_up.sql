INSERT INTO top_ups (top_up_id, amount_micros, state, requested_at_ms, driver_id)
SELECT ?, ?, 'REQUESTED', ?, driver_id FROM drivers
WHERE driver_id = ? AND (SELECT COUNT(*) FROM top_ups WHERE driver_id = ? AND state = 'REQUESTED') < ?
ON CONFLICT (top_up_id) DO NOTHING
