-- Origins of their owners' own behind the CDN.

-- What has changed about sites is numbered, so that a node hears only of what is new. Who takes a number holds this row until
-- the commit, so numbers become visible in their order.
CREATE TABLE cdn.site_log (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    newest bigint NOT NULL DEFAULT 0
);
INSERT INTO cdn.site_log DEFAULT VALUES;
GRANT SELECT, UPDATE (newest) ON cdn.site_log TO souk_app;
ALTER TABLE cdn.site_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.site_log USING (infra.is_system());

-- A removed site stays as a row: nodes that were away hear of it.
CREATE TABLE cdn.sites (
    id text PRIMARY KEY,
    owner_organisation_id text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('origin', 'assets')),
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 120),
    upstream text NOT NULL CHECK (length(upstream) <= 2000 AND (kind = 'assets' OR upstream ~ '^https?://')),
    rules jsonb NOT NULL CHECK (jsonb_typeof(rules) = 'object'),
    number bigint NOT NULL UNIQUE CHECK (number > 0),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    removed_at timestamptz
);
CREATE INDEX sites_of ON cdn.sites (owner_organisation_id, created_at) WHERE removed_at IS NULL;
GRANT SELECT, INSERT, UPDATE (name, upstream, rules, number, changed_at, removed_at) ON cdn.sites TO souk_app;
ALTER TABLE cdn.sites ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON cdn.sites USING (infra.may_see(owner_organisation_id));

-- Anybody may name a host; it counts once it is proven, and then for one site alone.
CREATE TABLE cdn.site_hosts (
    site_id text NOT NULL REFERENCES cdn.sites ON DELETE CASCADE,
    owner_organisation_id text NOT NULL,
    host text NOT NULL CHECK (host = lower(host) AND length(host) BETWEEN 3 AND 253),
    added_at timestamptz NOT NULL,
    proven_at timestamptz,
    PRIMARY KEY (site_id, host)
);
CREATE UNIQUE INDEX site_hosts_proven ON cdn.site_hosts (host) WHERE proven_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE (proven_at), DELETE ON cdn.site_hosts TO souk_app;
ALTER TABLE cdn.site_hosts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON cdn.site_hosts USING (infra.may_see(owner_organisation_id));

ALTER TABLE cdn.commands DROP CONSTRAINT commands_kind_check;
ALTER TABLE cdn.commands ADD CONSTRAINT commands_kind_check
    CHECK (kind IN ('artifact', 'url', 'tag', 'prefix', 'all', 'revoke', 'sites'));
