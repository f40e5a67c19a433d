INSERT INTO leases (lease_name, replica_id, until) VALUES (?, ?, TIMESTAMP '1970-01-01 00:00:00' + INTERVAL ? * 1000 MICROSECOND)
ON DUPLICATE KEY UPDATE
    -- In this order: the second sees what the first has set.
    replica_id = IF(until <= TIMESTAMP '1970-01-01 00:00:00' + INTERVAL ? * 1000 MICROSECOND, VALUES(replica_id), replica_id),
    until = IF(replica_id = VALUES(replica_id), VALUES(until), until)
