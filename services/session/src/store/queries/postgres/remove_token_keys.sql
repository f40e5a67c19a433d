DELETE FROM token_keys WHERE until < instant($1)
