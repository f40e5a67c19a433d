DELETE FROM replicas WHERE replica_id = ?
