INSERT INTO users (user_id, role, password_hash, changed_at_ms) VALUES (?, ?, ?, ?)
ON CONFLICT (user_id) DO UPDATE SET role = excluded.role, password_hash = excluded.password_hash, changed_at_ms = excluded.changed_at_ms
