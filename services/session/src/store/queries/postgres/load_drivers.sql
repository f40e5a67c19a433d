-- Locked in the order of the ids as they come. By their index, as in load_sessions.
SELECT found.* FROM json_array_elements_text($1::json) AS ids (driver_id)
CROSS JOIN LATERAL (SELECT * FROM driver_rows WHERE driver_id = ids.driver_id LIMIT 1 FOR UPDATE) AS found
