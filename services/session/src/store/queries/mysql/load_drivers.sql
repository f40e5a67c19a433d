-- From the ids to the rows, by their index: ids of a JSON table are utf8mb4, and a column that had to be converted to it could use none.
-- Made distinct, they are a table of their own, without which MySQL 8.0.15 finds two locks where there is one.
SELECT driver_rows.* FROM (SELECT DISTINCT CONVERT(id USING ascii) AS id FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(256) PATH '$')) AS ids) AS wanted
STRAIGHT_JOIN driver_rows ON driver_rows.driver_id = wanted.id
ORDER BY driver_rows.driver_id
FOR UPDATE
