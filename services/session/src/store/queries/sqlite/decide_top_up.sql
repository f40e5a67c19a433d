UPDATE top_ups SET state = ?, decided_at_ms = ?, decided_by = ? WHERE top_up_id = ? AND state = 'REQUESTED'
