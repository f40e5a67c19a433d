DELETE FROM leases WHERE replica_id = $1
