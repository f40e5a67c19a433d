DELETE FROM replicas WHERE until_ms <= ?
