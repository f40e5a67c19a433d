SELECT COUNT(*) FROM replicas WHERE replica_id <> $1 AND until > instant($2)
