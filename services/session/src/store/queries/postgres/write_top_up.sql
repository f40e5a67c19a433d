INSERT INTO top_ups (top_up_id, amount_micros, state, requested_at, driver_id)
SELECT $1, $2, 'REQUESTED', instant($3), driver_id FROM drivers
WHERE driver_id = $4 AND (SELECT COUNT(*) FROM top_ups WHERE driver_id = $5 AND state = 'REQUESTED') < $6
ON CONFLICT (top_up_id) DO NOTHING
