SELECT ended_at_ms / 3600000 * 3600000 AS from_ms, COUNT(*) AS tickets,
       CAST(SUM(CASE WHEN register_mwh - start_register_mwh > energy_limit_mwh THEN energy_limit_mwh
                     ELSE COALESCE(register_mwh - start_register_mwh, 0) END) AS BIGINT) AS energy_mwh,
       CAST(SUM(cost_micros) AS BIGINT) AS cost_micros
FROM session_rows
WHERE cost_micros IS NOT NULL AND session_id >= ? AND ended_at_ms >= ?
GROUP BY 1
ORDER BY 1
