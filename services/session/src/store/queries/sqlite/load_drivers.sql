SELECT * FROM driver_rows WHERE driver_id IN (SELECT value FROM json_each(?1))
ORDER BY driver_id
