INSERT INTO token_keys (key_id, public_key, until_ms) VALUES (?, ?, ?)
ON CONFLICT (key_id) DO NOTHING
