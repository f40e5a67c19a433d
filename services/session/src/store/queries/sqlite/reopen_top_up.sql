UPDATE top_ups SET state = 'REQUESTED', decided_at_ms = NULL, decided_by = NULL WHERE top_up_id = ? AND state = 'CREDITING'
