-- The border between edge and origin; README.md beside this holds the rules.

-- Nonces of signed changes that were let through. One is refused the second time; after expires_at_ms its signature
-- is too old anyway, and the row goes.
CREATE TABLE nonces (
    nonce TEXT NOT NULL PRIMARY KEY,
    expires_at_ms BIGINT NOT NULL
);

CREATE INDEX nonces_by_expiry ON nonces (expires_at_ms);
