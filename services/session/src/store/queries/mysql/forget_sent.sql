DELETE outbox FROM outbox
JOIN JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) AS sent ON outbox.outbox_id = sent.id
