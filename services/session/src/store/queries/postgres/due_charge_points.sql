SELECT cp_id FROM charge_points WHERE presence_until <= instant($1) ORDER BY presence_until LIMIT $2
