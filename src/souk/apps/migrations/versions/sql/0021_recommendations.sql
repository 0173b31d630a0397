-- Recommendations. All of it is derived: from orders, favourites, and what analytics counted.

CREATE SCHEMA recommendations;
GRANT USAGE ON SCHEMA recommendations TO souk_app;

-- What a person did with a listing. A person is a user, an organisation that buys as one, or a
-- visitor of one day (`vis_…`).
CREATE TABLE recommendations.deeds (
    person text NOT NULL,
    listing_id text NOT NULL,
    kind text NOT NULL
        CHECK (kind IN ('view', 'click', 'checkout', 'download', 'order', 'favourite')),
    times integer NOT NULL DEFAULT 1 CHECK (times > 0),
    at timestamptz NOT NULL,
    noted_at timestamptz NOT NULL,
    PRIMARY KEY (person, listing_id, kind)
);
CREATE INDEX deeds_latest ON recommendations.deeds (person, at DESC);
CREATE INDEX deeds_noted ON recommendations.deeds (noted_at);
ALTER TABLE recommendations.deeds ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON recommendations.deeds USING (people.is_me(person) OR infra.may_see(person));
GRANT SELECT, INSERT, UPDATE, DELETE ON recommendations.deeds TO souk_app;

-- How far analytics has been read.
CREATE TABLE recommendations.progress (
    reader text PRIMARY KEY,
    cursor text
);
INSERT INTO recommendations.progress VALUES ('analytics', NULL);
ALTER TABLE recommendations.progress ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_the_system ON recommendations.progress USING (infra.is_system());
GRANT SELECT, UPDATE ON recommendations.progress TO souk_app;

-- Models that were learnt, the current one last. Figures alone; the arrays lie beside the indexes.
CREATE TABLE recommendations.models (
    version text PRIMARY KEY,
    people integer NOT NULL,
    listings integer NOT NULL,
    interactions integer NOT NULL,
    took_s real NOT NULL,
    trained_at timestamptz NOT NULL
);
GRANT SELECT, INSERT ON recommendations.models TO souk_app;
