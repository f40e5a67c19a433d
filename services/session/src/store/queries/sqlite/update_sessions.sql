UPDATE sessions SET
    state = value ->> 'state',
    deadline_ms = value ->> 'deadline_ms',
    start_register_mwh = value ->> 'start_register_mwh',
    register_mwh = value ->> 'register_mwh',
    meter_seq = value ->> 'meter_seq',
    power_w = value ->> 'power_w',
    cost_micros = value ->> 'cost_micros',
    started_at_ms = value ->> 'started_at_ms',
    ended_at_ms = value ->> 'ended_at_ms',
    end_reason = value ->> 'end_reason',
    version = value ->> 'version'
FROM jsonb_each(?1)
WHERE session_id = value ->> 'session_id'
