-- Evaluations: the marketplace runs a model on a dataset itself; and what a listing said when each of
-- its versions became public.

CREATE SCHEMA evaluation;
GRANT USAGE ON SCHEMA evaluation TO souk_app;

CREATE TABLE evaluation.evaluations (
    id text PRIMARY KEY,
    listing_id text NOT NULL REFERENCES works.listings,
    owner_organisation_id text NOT NULL,
    version_id text NOT NULL REFERENCES works.versions,
    version text NOT NULL,
    model_path text NOT NULL,
    model_sha256 text NOT NULL,
    dataset_id text NOT NULL REFERENCES works.listings,
    dataset_address text NOT NULL,
    dataset_version text NOT NULL,
    dataset_path text NOT NULL,
    dataset_sha256 text NOT NULL,
    rows_path text,
    rows_sha256 text,
    target text NOT NULL,
    task text NOT NULL CHECK (task IN ('classification', 'regression')),
    claims jsonb NOT NULL,
    state text NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'finished', 'failed')),
    results jsonb NOT NULL DEFAULT '[]',
    is_verified boolean NOT NULL DEFAULT false,
    row_count integer CHECK (row_count > 0),
    problem text NOT NULL DEFAULT '',
    log text NOT NULL DEFAULT '',
    environment jsonb NOT NULL DEFAULT '{}',
    requested_by text NOT NULL,
    created_at timestamptz NOT NULL,
    finished_at timestamptz,
    CHECK ((rows_path IS NULL) = (rows_sha256 IS NULL)),
    CHECK ((state IN ('finished', 'failed')) = (finished_at IS NOT NULL)),
    CHECK (state <> 'failed' OR problem <> ''),
    CHECK (NOT is_verified OR state = 'finished')
);
CREATE INDEX evaluations_of_listing ON evaluation.evaluations (listing_id, id DESC);
CREATE INDEX evaluations_waiting ON evaluation.evaluations (owner_organisation_id)
    WHERE state IN ('queued', 'running');
ALTER TABLE evaluation.evaluations ENABLE ROW LEVEL SECURITY;
-- What was verified is for everybody; what was not, and why, is the seller's.
CREATE POLICY evaluations_seen ON evaluation.evaluations FOR SELECT USING (
    infra.may_see(owner_organisation_id) OR is_verified AND EXISTS (
        SELECT FROM works.listings l WHERE l.id = listing_id AND l.published_at IS NOT NULL
    )
);
CREATE POLICY evaluations_asked ON evaluation.evaluations FOR INSERT
    WITH CHECK (
        infra.may_see(owner_organisation_id) AND state = 'queued' AND EXISTS (
            SELECT FROM works.listings l
            WHERE l.id = listing_id AND l.organisation_id = owner_organisation_id
        )
    );
CREATE POLICY evaluations_written ON evaluation.evaluations FOR UPDATE USING (infra.is_system());
GRANT SELECT, INSERT,
    UPDATE (state, results, is_verified, row_count, problem, log, environment, finished_at)
    ON evaluation.evaluations TO souk_app;

-- The card, metrics, licence and compatibility that a listing had when a version became public:
-- what everybody could read then.
CREATE TABLE works.version_snapshots (
    version_id text PRIMARY KEY REFERENCES works.versions,
    listing_id text NOT NULL REFERENCES works.listings,
    card text NOT NULL,
    metrics jsonb NOT NULL,
    licence text,
    compatibility jsonb NOT NULL,
    taken_at timestamptz NOT NULL
);
GRANT SELECT ON works.version_snapshots TO souk_app;
CREATE TRIGGER snapshots_only_grow BEFORE UPDATE OR DELETE OR TRUNCATE ON works.version_snapshots
    FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change();

CREATE FUNCTION works.take_snapshot() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = works, pg_temp AS $$
BEGIN
    INSERT INTO works.version_snapshots (
        version_id, listing_id, card, metrics, licence, compatibility, taken_at
    )
    SELECT NEW.id, l.id, l.card, l.metrics, l.licence, l.compatibility, NEW.published_at
    FROM works.listings l WHERE l.id = NEW.listing_id
    ON CONFLICT (version_id) DO NOTHING;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION works.take_snapshot() FROM PUBLIC;
CREATE TRIGGER versions_snapshot AFTER INSERT OR UPDATE OF published_at ON works.versions
    FOR EACH ROW WHEN (NEW.published_at IS NOT NULL) EXECUTE FUNCTION works.take_snapshot();
