-- Plug-ins: what their manifests say, and the workspaces they are installed in.

CREATE SCHEMA plugins;
GRANT USAGE ON SCHEMA plugins TO souk_app;

-- A version of a plug-in with its manifest, as it was checked. `dependencies` inside is an object by
-- address. What was checked never changes; a version may be withdrawn ("yanked") and brought back.
CREATE TABLE plugins.releases (
    version_id text PRIMARY KEY,
    listing_id text NOT NULL,
    organisation_id text NOT NULL,
    address text NOT NULL,
    version text NOT NULL,
    manifest jsonb NOT NULL CHECK (jsonb_typeof(manifest) = 'object'),
    files jsonb NOT NULL CHECK (jsonb_typeof(files) = 'array'),
    created_at timestamptz NOT NULL,
    published_at timestamptz,
    yanked_at timestamptz,
    yank_reason text,
    UNIQUE (listing_id, version),
    CHECK ((yanked_at IS NULL) = (yank_reason IS NULL))
);
CREATE INDEX releases_by_address ON plugins.releases (address) WHERE published_at IS NOT NULL;
CREATE INDEX releases_by_dependency ON plugins.releases USING gin ((manifest -> 'dependencies'))
    WHERE published_at IS NOT NULL;
ALTER TABLE plugins.releases ENABLE ROW LEVEL SECURITY;
CREATE POLICY releases_seen ON plugins.releases FOR SELECT
    USING (published_at IS NOT NULL OR infra.may_see(organisation_id));
CREATE POLICY releases_own ON plugins.releases USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, UPDATE (published_at, yanked_at, yank_reason) ON plugins.releases TO souk_app;

CREATE TABLE plugins.workspaces (
    id text PRIMARY KEY,
    organisation_id text NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    lock_number integer NOT NULL DEFAULT 0 CHECK (lock_number >= 0),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX workspaces_by_name ON plugins.workspaces (organisation_id, lower(name));
ALTER TABLE plugins.workspaces ENABLE ROW LEVEL SECURITY;
CREATE POLICY workspaces_own ON plugins.workspaces USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, UPDATE (name, lock_number, changed_at) ON plugins.workspaces TO souk_app;

-- What was in a workspace after each change: the history only grows, so a roll-back is a new lock.
CREATE TABLE plugins.locks (
    workspace_id text NOT NULL REFERENCES plugins.workspaces,
    number integer NOT NULL CHECK (number > 0),
    organisation_id text NOT NULL,
    wanted jsonb NOT NULL CHECK (jsonb_typeof(wanted) = 'array'),
    plugins jsonb NOT NULL CHECK (jsonb_typeof(plugins) = 'array'),
    summary text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (workspace_id, number)
);
ALTER TABLE plugins.locks ENABLE ROW LEVEL SECURITY;
CREATE POLICY locks_own ON plugins.locks USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT ON plugins.locks TO souk_app;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON plugins.locks
    FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change();

-- The current lock of every workspace by plug-in, to count who uses what.
CREATE TABLE plugins.installs (
    workspace_id text NOT NULL REFERENCES plugins.workspaces,
    listing_id text NOT NULL,
    organisation_id text NOT NULL,
    version text NOT NULL,
    PRIMARY KEY (workspace_id, listing_id)
);
CREATE INDEX installs_by_listing ON plugins.installs (listing_id, version);
ALTER TABLE plugins.installs ENABLE ROW LEVEL SECURITY;
CREATE POLICY installs_own ON plugins.installs USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, DELETE ON plugins.installs TO souk_app;

-- How many workspaces have each version: numbers only, whoever they are.
CREATE FUNCTION plugins.installs_by_version(listing text) RETURNS TABLE (version text, installs bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = plugins, pg_temp AS $$
    SELECT i.version, count(*) FROM plugins.installs i WHERE i.listing_id = listing GROUP BY 1
$$;
REVOKE ALL ON FUNCTION plugins.installs_by_version(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION plugins.installs_by_version(text) TO souk_app;
