-- Who may log in. Passwords are Argon2id hashes; a driver's user_id is its driver_id.
CREATE TABLE users (
    user_id       VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    role          ENUM ('DRIVER', 'OPERATOR', 'ADMIN') NOT NULL,
    password_hash VARCHAR(256) NOT NULL,
    changed_at    DATETIME(3)  NOT NULL              -- what was signed for the user before is void
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- The public keys with which callers' tokens are checked. The private ones never leave the process that made them.
CREATE TABLE token_keys (
    key_id     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    public_key CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, -- base64url
    until      DATETIME(3) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

-- What drivers ask an operator for.
CREATE TABLE top_ups (
    top_up_id     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY,
    driver_id     VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
    amount_micros BIGINT UNSIGNED NOT NULL,
    state         ENUM ('REQUESTED', 'CREDITING', 'APPROVED', 'DECLINED') NOT NULL,
    requested_at  DATETIME(3) NOT NULL,
    decided_at    DATETIME(3),
    decided_by    VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin,
    CONSTRAINT top_ups_driver_id FOREIGN KEY (driver_id) REFERENCES drivers (driver_id),
    INDEX top_ups_driver (driver_id, requested_at),
    INDEX top_ups_state (state, requested_at)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;

CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW user_rows AS
SELECT user_id, CAST(role AS CHAR(16)) AS role, password_hash,
       TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', changed_at) DIV 1000 AS changed_at_ms
FROM users;

CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW token_key_rows AS
SELECT key_id, public_key, TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', until) DIV 1000 AS until_ms
FROM token_keys;

CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW top_up_rows AS
SELECT top_up_id, driver_id, CAST(amount_micros AS SIGNED) AS amount_micros, CAST(state AS CHAR(16)) AS state,
       TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', requested_at) DIV 1000 AS requested_at_ms,
       TIMESTAMPDIFF(MICROSECOND, TIMESTAMP '1970-01-01 00:00:00', decided_at) DIV 1000 AS decided_at_ms, decided_by
FROM top_ups;
