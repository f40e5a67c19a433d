SELECT * FROM driver_rows WHERE driver_id IN (SELECT json_array_elements_text($1::json))
ORDER BY driver_id
FOR UPDATE
