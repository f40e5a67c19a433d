UPDATE JSON_TABLE(?, '$[*]' COLUMNS (
    session_id VARCHAR(64) PATH '$.session_id',
    state VARCHAR(16) PATH '$.state',
    deadline_ms BIGINT PATH '$.deadline_ms',
    start_register_mwh BIGINT PATH '$.start_register_mwh',
    register_mwh BIGINT PATH '$.register_mwh',
    meter_seq BIGINT PATH '$.meter_seq',
    power_w BIGINT PATH '$.power_w',
    cost_micros BIGINT PATH '$.cost_micros',
    started_at_ms BIGINT PATH '$.started_at_ms',
    ended_at_ms BIGINT PATH '$.ended_at_ms',
    end_reason VARCHAR(64) PATH '$.end_reason',
    version BIGINT PATH '$.version'
)) AS changed
STRAIGHT_JOIN sessions ON sessions.session_id = CONVERT(changed.session_id USING ascii)
SET
    sessions.state = changed.state,
    sessions.deadline = TIMESTAMP '1970-01-01 00:00:00' + INTERVAL changed.deadline_ms * 1000 MICROSECOND,
    sessions.start_register_mwh = changed.start_register_mwh,
    sessions.register_mwh = changed.register_mwh,
    sessions.meter_seq = changed.meter_seq,
    sessions.power_w = changed.power_w,
    sessions.cost_micros = changed.cost_micros,
    sessions.started_at = TIMESTAMP '1970-01-01 00:00:00' + INTERVAL changed.started_at_ms * 1000 MICROSECOND,
    sessions.ended_at = TIMESTAMP '1970-01-01 00:00:00' + INTERVAL changed.ended_at_ms * 1000 MICROSECOND,
    sessions.end_reason = changed.end_reason,
    sessions.version = changed.version
