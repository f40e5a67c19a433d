SELECT * FROM charge_point_rows WHERE cp_id IN (SELECT json_array_elements_text($1::json))
ORDER BY cp_id
FOR UPDATE
