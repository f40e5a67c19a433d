-- Who may log in. Passwords are Argon2id hashes; a driver's user_id is its driver_id.
CREATE TABLE users (
    user_id       TEXT    NOT NULL PRIMARY KEY,
    role          TEXT    NOT NULL CHECK (role IN ('DRIVER', 'OPERATOR', 'ADMIN')),
    password_hash TEXT    NOT NULL,
    changed_at_ms INTEGER NOT NULL         -- what was signed for the user before is void
) STRICT;

-- The public keys with which callers' tokens are checked. The private ones never leave the process that made them.
CREATE TABLE token_keys (
    key_id     TEXT    NOT NULL PRIMARY KEY,
    public_key TEXT    NOT NULL,           -- base64url
    until_ms   INTEGER NOT NULL
) STRICT;

-- What drivers ask an operator for.
CREATE TABLE top_ups (
    top_up_id       TEXT    NOT NULL PRIMARY KEY,
    driver_id       TEXT    NOT NULL REFERENCES drivers (driver_id),
    amount_micros   INTEGER NOT NULL CHECK (amount_micros > 0),
    state           TEXT    NOT NULL CHECK (state IN ('REQUESTED', 'CREDITING', 'APPROVED', 'DECLINED')),
    requested_at_ms INTEGER NOT NULL,
    decided_at_ms   INTEGER,
    decided_by      TEXT,
    CHECK ((state = 'REQUESTED') = (decided_at_ms IS NULL) AND (decided_at_ms IS NULL) = (decided_by IS NULL))
) STRICT;
CREATE INDEX top_ups_driver ON top_ups (driver_id, requested_at_ms);
CREATE INDEX top_ups_state ON top_ups (state, requested_at_ms);

CREATE VIEW user_rows AS SELECT * FROM users;
CREATE VIEW token_key_rows AS SELECT * FROM token_keys;
CREATE VIEW top_up_rows AS SELECT * FROM top_ups;
