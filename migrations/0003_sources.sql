-- Asking sources: what each told last, who asks when, and prices that wait for a second look.

-- One source about one product: how it was asked last, and when it may be asked again.
CREATE TABLE source_states (
    product_id TEXT NOT NULL REFERENCES products (product_id),
    source TEXT NOT NULL,
    -- What etag and last_modified belong to; paise, with shipping, is what they prove unchanged.
    url TEXT,
    etag TEXT,
    last_modified TEXT,
    paise BIGINT,
    asked_at_ms BIGINT NOT NULL,
    -- In a row, and until when it is left alone for them.
    failures BIGINT NOT NULL,
    retry_at_ms BIGINT NOT NULL,
    last_failure TEXT,
    PRIMARY KEY (product_id, source)
);

-- When each product is due, and which replica is at it.
CREATE TABLE polls (
    product_id TEXT NOT NULL PRIMARY KEY REFERENCES products (product_id),
    due_at_ms BIGINT NOT NULL,
    -- A replica that dies keeps a product no longer than until here; 0 when nobody has it.
    claimed_until_ms BIGINT NOT NULL,
    claimed_by TEXT NOT NULL,
    -- When its sources were asked last, by the scheduler or for a request.
    asked_at_ms BIGINT NOT NULL,
    -- Rounds in a row in which every source failed.
    failures BIGINT NOT NULL
);

CREATE INDEX polls_by_due ON polls (due_at_ms, product_id);

-- Prices too low to be recorded on one source's word.
CREATE TABLE held_prices (
    held_id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES products (product_id),
    lowest_paise BIGINT NOT NULL,
    -- What it fell from.
    recorded_paise BIGINT NOT NULL,
    -- As in prices.
    supporters TEXT NOT NULL,
    held_at_ms BIGINT NOT NULL,
    is_open BOOLEAN NOT NULL,
    closed_at_ms BIGINT,
    -- confirmed, supported (by a second source), replaced (by another price) or withdrawn.
    outcome TEXT,
    -- Who confirmed it.
    closed_by TEXT
);

CREATE UNIQUE INDEX held_prices_open ON held_prices (product_id) WHERE is_open;
