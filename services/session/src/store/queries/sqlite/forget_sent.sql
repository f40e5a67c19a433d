DELETE FROM outbox WHERE outbox_id IN (SELECT value FROM json_each(?1))
