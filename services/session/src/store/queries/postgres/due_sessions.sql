SELECT session_id FROM sessions WHERE deadline <= instant($1) ORDER BY deadline LIMIT $2
