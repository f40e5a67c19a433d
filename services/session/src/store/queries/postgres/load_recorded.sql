SELECT * FROM idempotency_key_rows WHERE idempotency_key IN (SELECT json_array_elements_text($1::json))
