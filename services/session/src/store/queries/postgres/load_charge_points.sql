-- Locked in the order of the ids as they come. By their index, as in load_sessions.
SELECT found.* FROM json_array_elements_text($1::json) AS ids (cp_id)
CROSS JOIN LATERAL (SELECT * FROM charge_point_rows WHERE cp_id = ids.cp_id LIMIT 1 FOR UPDATE) AS found
