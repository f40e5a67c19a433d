DELETE FROM replicas WHERE replica_id = $1
