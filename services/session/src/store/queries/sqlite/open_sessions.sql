SELECT session_id FROM sessions WHERE ended_at_ms IS NULL LIMIT ?
