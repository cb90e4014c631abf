-- The catalogue: what the shop sells, what the market asks for it, what the shop shows.
-- One text for SQLite and PostgreSQL; README.md beside it holds the rules.

-- One product of the shop.
CREATE TABLE products (
    product_id TEXT NOT NULL PRIMARY KEY,
    -- Insertion order, which lists follow and cursors point into.
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    brand TEXT NOT NULL,
    model TEXT,
    category TEXT NOT NULL,
    -- Newest known market price; null until there is one.
    last_known_paise BIGINT,
    last_known_at_ms BIGINT,
    -- The product's own margin, 0 to 9000; null takes DEFAULT_MARGIN_PERCENT.
    margin_basis_points BIGINT,
    -- The display price is never below this, and exactly pinned_paise where that is set.
    floor_paise BIGINT,
    pinned_paise BIGINT,
    is_active BOOLEAN NOT NULL,
    -- Number of the newest row in prices; 0 before the first.
    seq BIGINT NOT NULL,
    created_at_ms BIGINT NOT NULL,
    updated_at_ms BIGINT NOT NULL
);

CREATE UNIQUE INDEX products_by_position ON products (position);
CREATE INDEX products_by_category ON products (category, position);

-- Everything a source ever said about a product (the design's price_history). Rows are never changed, save that
-- is_newest moves on.
CREATE TABLE observations (
    product_id TEXT NOT NULL REFERENCES products (product_id),
    source TEXT NOT NULL,
    -- 1, 2, 3, … within product and source: the order of telling, whatever the clock says.
    number BIGINT NOT NULL,
    -- csv, …
    kind TEXT NOT NULL,
    -- With shipping; null when the source stopped naming a price.
    paise BIGINT,
    -- Ten-thousandths.
    confidence BIGINT NOT NULL,
    observed_at_ms BIGINT NOT NULL,
    is_newest BOOLEAN NOT NULL,
    PRIMARY KEY (product_id, source, number)
);

-- A price is computed from the newest word of each source: one seek, however long the history is.
CREATE UNIQUE INDEX observations_newest ON observations (product_id, source) WHERE is_newest;

-- Every price the shop has shown, recorded when lowest or display changed.
CREATE TABLE prices (
    product_id TEXT NOT NULL REFERENCES products (product_id),
    seq BIGINT NOT NULL,
    lowest_paise BIGINT NOT NULL,
    display_paise BIGINT NOT NULL,
    margin_basis_points BIGINT NOT NULL,
    -- JSON: [{"source": …, "confidence": ten-thousandths}], empty when the last known price stood in.
    supporters TEXT NOT NULL,
    computed_at_ms BIGINT NOT NULL,
    PRIMARY KEY (product_id, seq)
);
