-- Accounts: who may do what, which keys exist, who failed to log in.
-- One text for SQLite and PostgreSQL; README.md beside it holds the rules.

-- The last number that was given out. Neither database's own numbering is the other's, and MAX(id) + 1 gives two
-- writers of PostgreSQL the same number, and the number of a deleted row to another one, whose old tokens would then
-- open it. `UPDATE … SET value = value + 1 … RETURNING` locks the row in both until the commit.
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value BIGINT NOT NULL
);

INSERT INTO counters (name, value) VALUES ('users', 0), ('api_keys', 0);

CREATE TABLE users (
    id BIGINT NOT NULL PRIMARY KEY,
    username TEXT NOT NULL,
    -- Lower case, and unique: nobody is `Admin` beside an `admin`.
    username_key TEXT NOT NULL,
    email TEXT NOT NULL,
    email_key TEXT NOT NULL,
    -- argon2id, as a PHC string with its parameters and salt.
    password_hash TEXT NOT NULL,
    -- admin, user, viewer
    role TEXT NOT NULL,
    is_active BOOLEAN NOT NULL,
    -- Access tokens made up to here are revoked; 0 revokes none.
    not_before_ms BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);

CREATE UNIQUE INDEX users_by_username ON users (username_key);
CREATE UNIQUE INDEX users_by_email ON users (email_key);

-- Logins that failed, or are being checked now, for as long as they count. Kept here so that all replicas count the
-- same ones. A subject is the pseudonym of an account name or an address, never either of them: people type their
-- password into the wrong field.
CREATE TABLE login_attempts (
    -- The two rows of one attempt share it: the account's and the address's.
    attempt TEXT NOT NULL,
    subject TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    PRIMARY KEY (attempt, subject)
);

CREATE INDEX login_attempts_by_subject ON login_attempts (subject, at_ms);
CREATE INDEX login_attempts_by_time ON login_attempts (at_ms);

-- API keys. A key proves itself by its MAC; only what the MAC does not tell stands here, never the key.
CREATE TABLE api_keys (
    id BIGINT NOT NULL PRIMARY KEY,
    -- The source it may tell observations for; null for a key that only identifies its owner.
    source TEXT,
    -- Words separated by spaces: observations
    scopes TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    expires_at_ms BIGINT NOT NULL,
    revoked_at_ms BIGINT
);
