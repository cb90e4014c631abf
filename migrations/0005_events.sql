-- Events for the edge (an outbox): written in the transaction of the change, gone once the edge has them.

CREATE TABLE events (
    -- A ULID.
    id TEXT NOT NULL PRIMARY KEY,
    -- purge, price, revoke or audit.
    kind TEXT NOT NULL,
    -- Prices only: those of a product are sent in the order of seq.
    product_id TEXT,
    seq BIGINT,
    -- JSON: the fields of the kind.
    body TEXT NOT NULL,
    -- pending, or refused: set aside until somebody looks.
    state TEXT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    -- A replica that dies keeps an event no longer than until here; 0 when nobody has it.
    claimed_by TEXT NOT NULL,
    claimed_until_ms BIGINT NOT NULL,
    -- Why it was refused.
    error TEXT
);

-- Partial ones, since nearly all rows have one state: an index of states would be taken where a product's is meant.
CREATE INDEX events_in_order ON events (id) WHERE state = 'pending';
CREATE INDEX events_refused ON events (id) WHERE state = 'refused';
CREATE INDEX events_pending ON events (product_id, seq, id) WHERE state = 'pending';
