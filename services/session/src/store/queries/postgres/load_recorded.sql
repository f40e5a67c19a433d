-- By their index, as in load_sessions.
SELECT found.* FROM json_array_elements_text($1::json) AS ids (idempotency_key)
CROSS JOIN LATERAL (SELECT * FROM idempotency_key_rows WHERE idempotency_key = ids.idempotency_key LIMIT 1) AS found
