-- Analytics: facts as they come in, for a while, and what they add up to by hour and day.

CREATE SCHEMA analytics;
GRANT USAGE ON SCHEMA analytics TO souk_app;

-- The secret of a day's visitor ids. Destroyed after the day, so that ids cannot be linked or traced
-- back; unlogged, so that it reaches no write-ahead log, no replica and no archive of one.
CREATE UNLOGGED TABLE analytics.salts (
    day date PRIMARY KEY,
    salt bytea NOT NULL CHECK (octet_length(salt) = 32)
);

-- One row: facts before this moment were deleted, so their roll-ups are final.
CREATE TABLE analytics.horizon (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    deleted_before timestamptz NOT NULL
);
INSERT INTO analytics.horizon (deleted_before) VALUES ('-infinity');

-- Something that happened to a listing. `seq` is in the order of commits: writers take an advisory lock.
-- `visitor` holds for one day; of an order, a refund and a download it is the buyer's organisation.
CREATE TABLE analytics.facts (
    id text PRIMARY KEY,
    seq bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    kind text NOT NULL CHECK (kind IN
        ('view', 'click', 'checkout', 'favourite', 'download', 'order', 'refund')),
    listing_id text NOT NULL,
    organisation_id text NOT NULL,
    at timestamptz NOT NULL,
    visitor text NOT NULL,
    user_id text,
    country text NOT NULL,
    source text NOT NULL,
    query text NOT NULL,
    order_id text,
    currency text,
    gross_minor bigint NOT NULL DEFAULT 0 CHECK (gross_minor >= 0),
    net_minor bigint NOT NULL DEFAULT 0 CHECK (net_minor >= 0),
    CHECK ((kind IN ('order', 'refund')) = (order_id IS NOT NULL)),
    CHECK ((order_id IS NULL) = (currency IS NULL))
);
CREATE INDEX facts_of_listing ON analytics.facts (listing_id, at);
CREATE INDEX facts_of_organisation ON analytics.facts (organisation_id, at);
CREATE INDEX facts_by_time ON analytics.facts (at);
CREATE INDEX facts_of_user ON analytics.facts (user_id, at) WHERE user_id IS NOT NULL;
CREATE INDEX facts_of_order ON analytics.facts (order_id) WHERE order_id IS NOT NULL;

-- Which hours of which listings have to be added up again. It only grows, until a roll-up takes it.
CREATE TABLE analytics.stale_hours (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    listing_id text NOT NULL,
    organisation_id text NOT NULL,
    hour timestamptz NOT NULL
);

CREATE TABLE analytics.searches (
    id text PRIMARY KEY,
    at timestamptz NOT NULL,
    visitor text NOT NULL,
    query text NOT NULL,
    result_count bigint NOT NULL CHECK (result_count >= 0)
);
CREATE INDEX searches_by_time ON analytics.searches (at);

-- Where a sale came from, for its refund: outlives the facts, and names no person.
CREATE TABLE analytics.order_origins (
    order_id text PRIMARY KEY,
    listing_id text NOT NULL,
    country text NOT NULL,
    source text NOT NULL,
    currency text NOT NULL,
    net_minor bigint NOT NULL CHECK (net_minor >= 0)
);

-- What is counted of a listing, by hour and by day (UTC).
CREATE TABLE analytics.traffic (
    listing_id text NOT NULL,
    grain text NOT NULL CHECK (grain IN ('hour', 'day')),
    starts_at timestamptz NOT NULL,
    organisation_id text NOT NULL,
    views bigint NOT NULL,
    visitors bigint NOT NULL,
    clicks bigint NOT NULL,
    checkouts bigint NOT NULL,
    favourites bigint NOT NULL,
    downloads bigint NOT NULL,
    orders bigint NOT NULL,
    refunds bigint NOT NULL,
    PRIMARY KEY (listing_id, grain, starts_at)
);
CREATE INDEX traffic_of_organisation ON analytics.traffic (organisation_id, grain, starts_at);

-- Different visitors of all listings of an organisation together.
CREATE TABLE analytics.audience (
    organisation_id text NOT NULL,
    grain text NOT NULL CHECK (grain IN ('hour', 'day')),
    starts_at timestamptz NOT NULL,
    visitors bigint NOT NULL,
    PRIMARY KEY (organisation_id, grain, starts_at)
);

CREATE TABLE analytics.revenue (
    listing_id text NOT NULL,
    grain text NOT NULL CHECK (grain IN ('hour', 'day')),
    starts_at timestamptz NOT NULL,
    currency text NOT NULL,
    country text NOT NULL,
    organisation_id text NOT NULL,
    orders bigint NOT NULL,
    refunds bigint NOT NULL,
    gross_minor bigint NOT NULL,
    net_minor bigint NOT NULL,
    refunded_minor bigint NOT NULL,
    PRIMARY KEY (listing_id, grain, starts_at, currency, country)
);
CREATE INDEX revenue_of_organisation ON analytics.revenue (organisation_id, grain, starts_at);

-- Where views and orders of a day came from.
CREATE TABLE analytics.origins (
    listing_id text NOT NULL,
    day date NOT NULL,
    dimension text NOT NULL CHECK (dimension IN ('country', 'source', 'query')),
    value text NOT NULL,
    organisation_id text NOT NULL,
    views bigint NOT NULL,
    orders bigint NOT NULL,
    PRIMARY KEY (listing_id, day, dimension, value)
);
CREATE INDEX origins_of_organisation ON analytics.origins (organisation_id, day);

-- What is wanted now; public, like the pages that show it.
CREATE TABLE analytics.trending (
    listing_id text PRIMARY KEY,
    kind text NOT NULL,
    category text NOT NULL,
    score double precision NOT NULL CHECK (score > 0),
    computed_at timestamptz NOT NULL
);
CREATE INDEX trending_by_score ON analytics.trending (score DESC, listing_id);
CREATE INDEX trending_by_kind ON analytics.trending (kind, score DESC, listing_id);
CREATE INDEX trending_by_category ON analytics.trending (category, score DESC, listing_id);

-- Whose a listing is and where it stands on the shelf, as far as analytics needs it.
CREATE TABLE analytics.listings (
    listing_id text PRIMARY KEY,
    organisation_id text NOT NULL,
    kind text NOT NULL,
    category text NOT NULL,
    published boolean NOT NULL
);

GRANT SELECT, INSERT, DELETE ON analytics.salts, analytics.stale_hours, analytics.searches,
    analytics.traffic, analytics.audience, analytics.revenue, analytics.origins TO souk_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA analytics TO souk_app;
GRANT SELECT, INSERT, DELETE, UPDATE (user_id) ON analytics.facts TO souk_app;
GRANT SELECT, UPDATE (deleted_before) ON analytics.horizon TO souk_app;
GRANT SELECT, INSERT ON analytics.order_origins TO souk_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON analytics.trending, analytics.listings TO souk_app;

ALTER TABLE analytics.salts ENABLE ROW LEVEL SECURITY;
ALTER TABLE analytics.horizon ENABLE ROW LEVEL SECURITY;
ALTER TABLE analytics.facts ENABLE ROW LEVEL SECURITY;
ALTER TABLE analytics.searches ENABLE ROW LEVEL SECURITY;
ALTER TABLE analytics.order_origins ENABLE ROW LEVEL SECURITY;
ALTER TABLE analytics.listings ENABLE ROW LEVEL SECURITY;
ALTER TABLE analytics.traffic ENABLE ROW LEVEL SECURITY;
ALTER TABLE analytics.audience ENABLE ROW LEVEL SECURITY;
ALTER TABLE analytics.revenue ENABLE ROW LEVEL SECURITY;
ALTER TABLE analytics.origins ENABLE ROW LEVEL SECURITY;

CREATE POLICY salts_of_the_system ON analytics.salts USING (infra.is_system());
CREATE POLICY horizon_of_the_system ON analytics.horizon USING (infra.is_system());
CREATE POLICY facts_of_the_system ON analytics.facts USING (infra.is_system());
CREATE POLICY searches_of_the_system ON analytics.searches USING (infra.is_system());
CREATE POLICY order_origins_of_the_system ON analytics.order_origins USING (infra.is_system());
CREATE POLICY listings_of_the_system ON analytics.listings USING (infra.is_system());
-- The seller reads sums; only the roll-up writes them.
CREATE POLICY traffic_own ON analytics.traffic FOR SELECT USING (infra.may_see(organisation_id));
CREATE POLICY traffic_written ON analytics.traffic USING (infra.is_system());
CREATE POLICY audience_own ON analytics.audience FOR SELECT USING (infra.may_see(organisation_id));
CREATE POLICY audience_written ON analytics.audience USING (infra.is_system());
CREATE POLICY revenue_own ON analytics.revenue FOR SELECT USING (infra.may_see(organisation_id));
CREATE POLICY revenue_written ON analytics.revenue USING (infra.is_system());
CREATE POLICY origins_own ON analytics.origins FOR SELECT USING (infra.may_see(organisation_id));
CREATE POLICY origins_written ON analytics.origins USING (infra.is_system());
