SELECT session_id FROM sessions WHERE open_cp_id IS NOT NULL LIMIT ?
