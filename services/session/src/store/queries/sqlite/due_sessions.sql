SELECT session_id FROM sessions WHERE deadline_ms <= ? ORDER BY deadline_ms LIMIT ?
