DELETE FROM outbox WHERE outbox_id IN (SELECT json_array_elements_text($1::json)::bigint)
