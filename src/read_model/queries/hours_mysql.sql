SELECT ended_at_ms DIV 3600000 * 3600000 AS from_ms, COUNT(*) AS tickets,
       CAST(SUM(LEAST(energy_limit_mwh, COALESCE(register_mwh - start_register_mwh, 0))) AS SIGNED) AS energy_mwh,
       CAST(SUM(cost_micros) AS SIGNED) AS cost_micros
FROM session_rows
WHERE cost_micros IS NOT NULL AND session_id >= ? AND ended_at_ms >= ?
GROUP BY 1
ORDER BY 1
