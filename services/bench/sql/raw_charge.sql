-- The rows that a charge of eight commands writes, each command by itself: a client that knows no batches. Parts are cut at the lines `-- command`.
-- {session}, {driver} and {cp} stand for ids that are letters, digits and dashes.
-- command: reserve
INSERT INTO sessions (session_id, request_id, driver_id, cp_id, state, price_micros_per_kwh, energy_limit_mwh, balance_limited, reserved_until,
    deadline, meter_seq, power_w, created_at, traceparent, version)
VALUES ('{session}', '{session}', '{driver}', '{cp}', 'RESERVED', 400000, 1000000, FALSE, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, 0, 0,
    CURRENT_TIMESTAMP, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 1);
UPDATE charge_points SET session_id = '{session}', driver_id = '{driver}', status = 'RESERVED', version = version + 1 WHERE cp_id = '{cp}';
UPDATE drivers SET session_id = '{session}', version = version + 1 WHERE driver_id = '{driver}';
INSERT INTO idempotency_keys (idempotency_key, fingerprint, reply, created_at)
VALUES ('request:{session}', 'reserve {cp}', '{"reserved":{"session_id":"{session}","cp_id":"{cp}"}}', CURRENT_TIMESTAMP);
INSERT INTO audit_events (at, kind, cp_id, driver_id, session_id, actor, message)
VALUES (CURRENT_TIMESTAMP, 'RESERVED', '{cp}', '{driver}', '{session}', '{driver}', '');
INSERT INTO outbox (event_id, topic, record_key, event_type, payload, traceparent, at)
VALUES ('{session}', 'cp_events', '{cp}', 'CP_STATUS_CHANGED', '{"cp_status_changed":{"cp_id":"{cp}","status":"RESERVED"}}', '', CURRENT_TIMESTAMP);
-- command: start
UPDATE sessions SET state = 'STARTING', deadline = CURRENT_TIMESTAMP, version = version + 1 WHERE session_id = '{session}';
INSERT INTO audit_events (at, kind, cp_id, driver_id, session_id, actor, message)
VALUES (CURRENT_TIMESTAMP, 'START_ASKED', '{cp}', '{driver}', '{session}', '{driver}', '');
INSERT INTO outbox (event_id, topic, record_key, event_type, payload, traceparent, at)
VALUES ('{session}', 'central_commands', '{cp}', 'START', '{"start":{"session_id":"{session}","cp_id":"{cp}"}}', '', CURRENT_TIMESTAMP);
-- command: supply
UPDATE sessions SET state = 'CHARGING', deadline = NULL, start_register_mwh = 0, register_mwh = 0, started_at = CURRENT_TIMESTAMP, version = version + 1
WHERE session_id = '{session}';
UPDATE charge_points SET status = 'CHARGING', version = version + 1 WHERE cp_id = '{cp}';
INSERT INTO audit_events (at, kind, cp_id, driver_id, session_id, actor, message)
VALUES (CURRENT_TIMESTAMP, 'SUPPLY_STARTED', '{cp}', '{driver}', '{session}', '{cp}', '');
INSERT INTO outbox (event_id, topic, record_key, event_type, payload, traceparent, at)
VALUES ('{session}', 'driver_notifications', '{driver}', 'SESSION_STARTED', '{"session_started":{"session_id":"{session}"}}', '', CURRENT_TIMESTAMP),
    ('{session}', 'cp_events', '{cp}', 'CP_STATUS_CHANGED', '{"cp_status_changed":{"cp_id":"{cp}","status":"CHARGING"}}', '', CURRENT_TIMESTAMP);
-- command: reading
UPDATE sessions SET register_mwh = 10000, meter_seq = 1, power_w = 50000, version = version + 1 WHERE session_id = '{session}';
-- command: reading
UPDATE sessions SET register_mwh = 20000, meter_seq = 2, power_w = 50000, version = version + 1 WHERE session_id = '{session}';
-- command: reading
UPDATE sessions SET register_mwh = 30000, meter_seq = 3, power_w = 50000, version = version + 1 WHERE session_id = '{session}';
-- command: reading
UPDATE sessions SET register_mwh = 40000, meter_seq = 4, power_w = 50000, version = version + 1 WHERE session_id = '{session}';
-- command: end
UPDATE sessions SET state = 'COMPLETED', cost_micros = 20000, ended_at = CURRENT_TIMESTAMP, end_reason = 'DRIVER_STOPPED', power_w = 0,
    version = version + 1 WHERE session_id = '{session}';
UPDATE charge_points SET session_id = NULL, driver_id = NULL, status = 'AVAILABLE', version = version + 1 WHERE cp_id = '{cp}';
UPDATE drivers SET session_id = NULL, balance_micros = balance_micros - 20000, version = version + 1 WHERE driver_id = '{driver}';
INSERT INTO ledger_entries (driver_id, kind, amount_micros, balance_micros, session_id, at)
VALUES ('{driver}', 'CHARGE', -20000, 0, '{session}', CURRENT_TIMESTAMP);
INSERT INTO audit_events (at, kind, cp_id, driver_id, session_id, actor, message)
VALUES (CURRENT_TIMESTAMP, 'COMPLETED', '{cp}', '{driver}', '{session}', '{cp}', '');
INSERT INTO outbox (event_id, topic, record_key, event_type, payload, traceparent, at)
VALUES ('{session}', 'driver_notifications', '{driver}', 'TICKET', '{"ticket":{"session_id":"{session}","energy_mwh":"40000"}}', '', CURRENT_TIMESTAMP),
    ('{session}', 'cp_events', '{cp}', 'CP_STATUS_CHANGED', '{"cp_status_changed":{"cp_id":"{cp}","status":"AVAILABLE"}}', '', CURRENT_TIMESTAMP);
