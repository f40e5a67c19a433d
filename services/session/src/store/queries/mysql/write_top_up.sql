INSERT INTO top_ups (top_up_id, amount_micros, state, requested_at, driver_id)
SELECT ?, ?, 'REQUESTED', TIMESTAMP '1970-01-01 00:00:00' + INTERVAL ? * 1000 MICROSECOND, driver_id FROM drivers
WHERE driver_id = ? AND (SELECT waiting FROM (SELECT COUNT(*) AS waiting FROM top_ups WHERE driver_id = ? AND state = 'REQUESTED') AS counted) < ?
ON DUPLICATE KEY UPDATE top_up_id = top_ups.top_up_id
