SELECT cp_id FROM charge_points WHERE presence_until <= TIMESTAMP '1970-01-01 00:00:00' + INTERVAL ? * 1000 MICROSECOND
ORDER BY presence_until LIMIT ?
