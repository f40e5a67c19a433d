SELECT * FROM charge_point_rows WHERE cp_id IN (SELECT id FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(256) PATH '$')) AS ids)
ORDER BY cp_id
FOR UPDATE
