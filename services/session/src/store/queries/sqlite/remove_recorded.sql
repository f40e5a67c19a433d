DELETE FROM idempotency_keys WHERE idempotency_key IN
    (SELECT idempotency_key FROM idempotency_keys WHERE created_at_ms < ? LIMIT ?)
