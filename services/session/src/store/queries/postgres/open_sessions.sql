SELECT session_id FROM sessions WHERE ended_at IS NULL LIMIT $1
