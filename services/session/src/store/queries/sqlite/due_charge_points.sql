SELECT cp_id FROM charge_points WHERE presence_until_ms <= ? ORDER BY presence_until_ms LIMIT ?
