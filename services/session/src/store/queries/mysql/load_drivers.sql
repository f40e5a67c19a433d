SELECT * FROM driver_rows WHERE driver_id IN (SELECT id FROM JSON_TABLE(?, '$[*]' COLUMNS (id VARCHAR(256) PATH '$')) AS ids)
ORDER BY driver_id
FOR UPDATE
