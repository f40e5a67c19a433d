INSERT INTO token_keys (key_id, public_key, until) VALUES (?, ?, TIMESTAMP '1970-01-01 00:00:00' + INTERVAL ? * 1000 MICROSECOND)
ON DUPLICATE KEY UPDATE key_id = token_keys.key_id
