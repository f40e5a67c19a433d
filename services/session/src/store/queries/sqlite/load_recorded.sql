SELECT * FROM idempotency_key_rows WHERE idempotency_key IN (SELECT value FROM json_each(?1))
