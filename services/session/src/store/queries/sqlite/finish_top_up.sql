UPDATE top_ups SET state = 'APPROVED' WHERE top_up_id = ? AND state = 'CREDITING'
