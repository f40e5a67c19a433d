DELETE FROM replicas WHERE until <= instant($1)
