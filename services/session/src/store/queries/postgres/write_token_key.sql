INSERT INTO token_keys (key_id, public_key, until) VALUES ($1, $2, instant($3))
ON CONFLICT (key_id) DO NOTHING
