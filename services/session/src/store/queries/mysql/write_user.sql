INSERT INTO users (user_id, role, password_hash, changed_at) VALUES (?, ?, ?, TIMESTAMP '1970-01-01 00:00:00' + INTERVAL ? * 1000 MICROSECOND)
ON DUPLICATE KEY UPDATE role = VALUES(role), password_hash = VALUES(password_hash), changed_at = VALUES(changed_at)
