-- What the origin's own response cache must not answer with any more, on any replica; README.md beside this holds the
-- rules.

-- One purge, in the transaction of the change. Its epoch counts them; a row may stand for all up to its own.
CREATE TABLE purges (
    epoch BIGINT NOT NULL PRIMARY KEY,
    -- Which tags or paths: a part of a table of epochs (shared/src/cache/epochs).
    part TEXT NOT NULL
);

INSERT INTO counters (name, value) VALUES ('purges', 0);
