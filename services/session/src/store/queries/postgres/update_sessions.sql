UPDATE sessions SET
    state = changed.state,
    deadline = instant(changed.deadline_ms),
    start_register_mwh = changed.start_register_mwh,
    register_mwh = changed.register_mwh,
    meter_seq = changed.meter_seq,
    power_w = changed.power_w,
    cost_micros = changed.cost_micros,
    started_at = instant(changed.started_at_ms),
    ended_at = instant(changed.ended_at_ms),
    end_reason = changed.end_reason,
    version = changed.version
FROM json_to_recordset($1::json) AS changed (
    session_id text,
    state text,
    deadline_ms bigint,
    start_register_mwh bigint,
    register_mwh bigint,
    meter_seq bigint,
    power_w bigint,
    cost_micros bigint,
    started_at_ms bigint,
    ended_at_ms bigint,
    end_reason text,
    version bigint
)
WHERE sessions.session_id = changed.session_id
