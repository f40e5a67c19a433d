UPDATE top_ups SET state = 'APPROVED' WHERE top_up_id = $1 AND state = 'CREDITING'
