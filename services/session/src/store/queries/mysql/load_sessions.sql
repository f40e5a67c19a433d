-- From the ids to the rows, by their index: ids of a JSON table are utf8mb4, and a column that had to be converted to it could use none.
SELECT session_rows.* FROM (
    SELECT sessions.session_id FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(256) PATH '$')) AS ids
    STRAIGHT_JOIN sessions ON sessions.session_id = CONVERT(ids.id USING ascii)
    UNION
    SELECT sessions.session_id FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(256) PATH '$')) AS ids
    STRAIGHT_JOIN sessions ON sessions.open_driver_id = CONVERT(ids.id USING ascii)
) AS touched
STRAIGHT_JOIN session_rows ON session_rows.session_id = touched.session_id
