INSERT INTO replicas (replica_id, until_ms) VALUES (?, ?)
ON CONFLICT (replica_id) DO UPDATE SET until_ms = excluded.until_ms
