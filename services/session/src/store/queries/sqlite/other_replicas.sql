SELECT COUNT(*) FROM replicas WHERE replica_id <> ? AND until_ms > ?
