INSERT INTO replicas (replica_id, until) VALUES ($1, instant($2))
ON CONFLICT (replica_id) DO UPDATE SET until = excluded.until
