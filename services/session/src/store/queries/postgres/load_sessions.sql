-- From the ids to the rows, each by its index. With a plain IN, a plan that PostgreSQL made while there were few sessions would go on reading
-- all of them for each batch; it can't see through a LIMIT, so it has no other way.
SELECT found.* FROM (
    SELECT ids.session_id FROM json_array_elements_text($1::json) AS ids (session_id)
    UNION
    SELECT open.session_id FROM json_array_elements_text($2::json) AS ids (driver_id)
    CROSS JOIN LATERAL (
        SELECT session_id FROM sessions WHERE ended_at IS NULL AND driver_id = ids.driver_id LIMIT 1
    ) AS open
) AS touched
CROSS JOIN LATERAL (SELECT * FROM session_rows WHERE session_id = touched.session_id LIMIT 1) AS found
