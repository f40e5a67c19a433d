SELECT * FROM charge_point_rows WHERE cp_id IN (SELECT value FROM json_each(?1))
ORDER BY cp_id
