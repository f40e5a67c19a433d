DELETE FROM token_keys WHERE until_ms < ?
