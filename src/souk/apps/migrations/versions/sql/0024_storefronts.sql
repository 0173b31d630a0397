-- Storefronts and badges.

-- What an organisation says of itself. Everybody may read it.
CREATE TABLE people.profiles (
    organisation_id text PRIMARY KEY REFERENCES people.organisations,
    about text NOT NULL DEFAULT '' CHECK (length(about) <= 2000),
    website text CHECK (length(website) <= 200),
    updated_at timestamptz NOT NULL
);
ALTER TABLE people.profiles ENABLE ROW LEVEL SECURITY;
CREATE POLICY shown ON people.profiles FOR SELECT USING (true);
CREATE POLICY own ON people.profiles USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, UPDATE ON people.profiles TO souk_app;

CREATE SCHEMA badges;
GRANT USAGE ON SCHEMA badges TO souk_app;

-- The checks that somebody or something carries out: one row for each kind and seller, its latest
-- outcome. Sellers ask; only the system says how it ended.
CREATE TABLE badges.checks (
    organisation_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('website', 'identity')),
    state text NOT NULL CHECK (state IN ('pending', 'passed', 'failed')),
    subject text NOT NULL CHECK (length(subject) <= 2000),
    outcome text NOT NULL DEFAULT '' CHECK (length(outcome) <= 500),
    requested_at timestamptz NOT NULL,
    checked_at timestamptz,
    checked_by text,
    checked_name text,
    PRIMARY KEY (organisation_id, kind),
    CONSTRAINT checks_ended CHECK ((state = 'pending') = (checked_at IS NULL))
);
CREATE INDEX checks_pending ON badges.checks (kind, requested_at) WHERE state = 'pending';
CREATE INDEX checks_old ON badges.checks (kind, checked_at) WHERE state = 'passed';
ALTER TABLE badges.checks ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON badges.checks FOR SELECT USING (infra.may_see(organisation_id));
CREATE POLICY asked ON badges.checks FOR INSERT
    WITH CHECK (infra.may_see(organisation_id) AND state = 'pending');
CREATE POLICY asked_again ON badges.checks FOR UPDATE USING (infra.may_see(organisation_id))
    WITH CHECK (infra.is_system() OR (infra.may_see(organisation_id) AND state = 'pending'));
CREATE POLICY dropped ON badges.checks FOR DELETE USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, UPDATE, DELETE ON badges.checks TO souk_app;

-- What everybody may know of a check: its outcome, not what was handed in for it.
CREATE FUNCTION badges.outcomes(organisation text)
    RETURNS TABLE (
        kind text, state text, subject text, outcome text, requested_at timestamptz,
        checked_at timestamptz, checked_name text
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.kind, c.state, CASE WHEN c.kind = 'website' THEN c.subject ELSE '' END, c.outcome,
        c.requested_at, c.checked_at, c.checked_name
    FROM badges.checks c WHERE c.organisation_id = organisation
$$;
REVOKE ALL ON FUNCTION badges.outcomes FROM PUBLIC;
GRANT EXECUTE ON FUNCTION badges.outcomes TO souk_app;
