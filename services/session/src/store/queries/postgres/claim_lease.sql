INSERT INTO leases (lease_name, replica_id, until) VALUES ($1, $2, instant($3))
ON CONFLICT (lease_name) DO UPDATE SET replica_id = excluded.replica_id, until = excluded.until
WHERE leases.replica_id = excluded.replica_id OR leases.until <= instant($4)
