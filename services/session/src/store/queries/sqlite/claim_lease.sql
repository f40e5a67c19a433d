INSERT INTO leases (lease_name, replica_id, until_ms) VALUES (?1, ?2, ?3)
ON CONFLICT (lease_name) DO UPDATE SET replica_id = excluded.replica_id, until_ms = excluded.until_ms
WHERE leases.replica_id = excluded.replica_id OR leases.until_ms <= ?4
