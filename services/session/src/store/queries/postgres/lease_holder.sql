SELECT replica_id FROM leases WHERE lease_name = $1
