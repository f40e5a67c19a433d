SELECT * FROM idempotency_key_rows WHERE idempotency_key IN (SELECT id FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(256) PATH '$')) AS ids)
