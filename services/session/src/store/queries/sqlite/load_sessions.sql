SELECT * FROM session_rows WHERE session_id IN (SELECT value FROM json_each(?1))
UNION ALL
SELECT * FROM session_rows WHERE ended_at_ms IS NULL AND driver_id IN (SELECT value FROM json_each(?2))
