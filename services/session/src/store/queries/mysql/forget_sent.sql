DELETE outbox FROM JSON_TABLE(?, '$[*]' COLUMNS (id BIGINT PATH '$')) AS sent
STRAIGHT_JOIN outbox ON outbox.outbox_id = sent.id
