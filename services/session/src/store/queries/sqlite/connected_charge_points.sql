SELECT cp_id, link_id FROM charge_points WHERE link_id IS NOT NULL LIMIT ?
