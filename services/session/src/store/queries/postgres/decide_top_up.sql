UPDATE top_ups SET state = $1, decided_at = instant($2), decided_by = $3 WHERE top_up_id = $4 AND state = 'REQUESTED'
