-- From the ids to the rows, by their index: ids of a JSON table are utf8mb4, and a column that had to be converted to it could use none.
SELECT idempotency_key_rows.* FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(256) PATH '$')) AS ids
STRAIGHT_JOIN idempotency_key_rows ON idempotency_key_rows.idempotency_key = CONVERT(ids.id USING ascii)
