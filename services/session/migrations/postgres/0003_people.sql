-- Who may log in. Passwords are Argon2id hashes; a driver's user_id is its driver_id.
CREATE TABLE users (
    user_id       text COLLATE "C" PRIMARY KEY,
    role          text           NOT NULL CONSTRAINT users_role CHECK (role IN ('DRIVER', 'OPERATOR', 'ADMIN')),
    password_hash text           NOT NULL,
    changed_at    timestamptz(3) NOT NULL -- what was signed for the user before is void
);

-- The public keys with which callers' tokens are checked. The private ones never leave the process that made them.
CREATE TABLE token_keys (
    key_id     text COLLATE "C" PRIMARY KEY,
    public_key text           NOT NULL, -- base64url
    until      timestamptz(3) NOT NULL
);

-- What drivers ask an operator for.
CREATE TABLE top_ups (
    top_up_id     text COLLATE "C" PRIMARY KEY,
    driver_id     text COLLATE "C" NOT NULL CONSTRAINT top_ups_driver_id REFERENCES drivers (driver_id),
    amount_micros bigint         NOT NULL CONSTRAINT top_ups_amount CHECK (amount_micros > 0),
    state         text           NOT NULL CONSTRAINT top_ups_state CHECK (state IN ('REQUESTED', 'CREDITING', 'APPROVED', 'DECLINED')),
    requested_at  timestamptz(3) NOT NULL,
    decided_at    timestamptz(3),
    decided_by    text COLLATE "C",
    CONSTRAINT top_ups_decided CHECK ((state = 'REQUESTED') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL))
);
CREATE INDEX top_ups_driver ON top_ups (driver_id, requested_at);
CREATE INDEX top_ups_state ON top_ups (state, requested_at);

CREATE VIEW user_rows AS SELECT user_id, role, password_hash, ms(changed_at) AS changed_at_ms FROM users;
CREATE VIEW token_key_rows AS SELECT key_id, public_key, ms(until) AS until_ms FROM token_keys;
CREATE VIEW top_up_rows AS
SELECT top_up_id, driver_id, amount_micros, state, ms(requested_at) AS requested_at_ms, ms(decided_at) AS decided_at_ms, decided_by
FROM top_ups;
