SELECT * FROM outbox_rows ORDER BY outbox_id LIMIT ?
