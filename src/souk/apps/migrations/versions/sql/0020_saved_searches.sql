-- Saved searches, and what their owners were told of.

CREATE SCHEMA alerts;
GRANT USAGE ON SCHEMA alerts TO souk_app;

CREATE TABLE alerts.saved_searches (
    id text PRIMARY KEY,
    user_id text NOT NULL,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    query text NOT NULL CHECK (length(query) <= 900),
    -- What is asked of the index: as the query, but with every word needed.
    strict_query text NOT NULL CHECK (length(strict_query) <= 1000),
    filters jsonb NOT NULL,
    -- The hash of query and filters: what many people keep is asked once.
    question bytea NOT NULL CHECK (octet_length(question) = 32),
    -- Only these kinds and sellers can match; empty is all of them.
    kinds text[] NOT NULL,
    owners text[] NOT NULL,
    paused boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    UNIQUE (user_id, question)
);
CREATE INDEX saved_searches_by_question ON alerts.saved_searches (question) WHERE NOT paused;
ALTER TABLE alerts.saved_searches ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON alerts.saved_searches USING (people.is_me(user_id));
GRANT SELECT, INSERT, DELETE ON alerts.saved_searches TO souk_app;
GRANT UPDATE (name, paused) ON alerts.saved_searches TO souk_app;

-- A user is told of a listing once a saved search, whatever happens to the listing.
CREATE TABLE alerts.matches (
    saved_search_id text NOT NULL REFERENCES alerts.saved_searches ON DELETE CASCADE,
    listing_id text NOT NULL,
    user_id text NOT NULL,
    matched_at timestamptz NOT NULL,
    PRIMARY KEY (saved_search_id, listing_id)
);
ALTER TABLE alerts.matches ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON alerts.matches USING (people.is_me(user_id));
GRANT SELECT, INSERT ON alerts.matches TO souk_app;

-- Changed listings that saved searches have yet to be held against.
CREATE TABLE alerts.waiting (
    listing_id text PRIMARY KEY,
    -- Counts the listing's changes, so that one that comes while it is looked at is not lost.
    change bigint NOT NULL DEFAULT 1,
    noted_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL
);
CREATE INDEX waiting_due ON alerts.waiting (due_at);
ALTER TABLE alerts.waiting ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_system ON alerts.waiting USING (infra.is_system());
GRANT SELECT, INSERT, UPDATE, DELETE ON alerts.waiting TO souk_app;
