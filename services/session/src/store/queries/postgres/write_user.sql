INSERT INTO users (user_id, role, password_hash, changed_at) VALUES ($1, $2, $3, instant($4))
ON CONFLICT (user_id) DO UPDATE SET role = excluded.role, password_hash = excluded.password_hash, changed_at = excluded.changed_at
