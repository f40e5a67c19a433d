SELECT session_rows.* FROM session_rows JOIN (
    SELECT session_id FROM sessions WHERE session_id IN (SELECT id FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(256) PATH '$')) AS ids)
    UNION
    SELECT session_id FROM sessions WHERE open_cp_id IN (SELECT id FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(256) PATH '$')) AS ids)
    UNION
    SELECT session_id FROM sessions WHERE open_driver_id IN (SELECT id FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(256) PATH '$')) AS ids)
) AS touched USING (session_id)
