UPDATE top_ups SET state = 'REQUESTED', decided_at = NULL, decided_by = NULL WHERE top_up_id = ? AND state = 'CREDITING'
