SELECT * FROM session_rows WHERE session_id IN (
    SELECT session_id FROM sessions WHERE session_id IN (SELECT json_array_elements_text($1::json))
    UNION
    SELECT session_id FROM sessions WHERE ended_at IS NULL AND cp_id IN (SELECT json_array_elements_text($2::json))
    UNION
    SELECT session_id FROM sessions WHERE ended_at IS NULL AND driver_id IN (SELECT json_array_elements_text($3::json))
)
