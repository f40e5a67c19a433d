UPDATE top_ups SET state = ?, decided_at = TIMESTAMP '1970-01-01 00:00:00' + INTERVAL ? * 1000 MICROSECOND, decided_by = ?
WHERE top_up_id = ? AND state = 'REQUESTED'
