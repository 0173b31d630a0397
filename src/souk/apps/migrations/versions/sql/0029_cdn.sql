-- The CDN: nodes, rules and what they report.

CREATE SCHEMA cdn;
GRANT USAGE ON SCHEMA cdn TO souk_app;

CREATE TABLE cdn.regions (
    name text PRIMARY KEY CHECK (name ~ '^[a-z]{2}-[a-z]{2,12}$'),
    title text NOT NULL,
    continent text NOT NULL CHECK (continent IN ('AF', 'AS', 'EU', 'NA', 'OC', 'SA')),
    latitude double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180)
);
INSERT INTO cdn.regions VALUES
    ('na-east', 'North America, east', 'NA', 39.0, -77.5),
    ('na-west', 'North America, west', 'NA', 37.4, -122.0),
    ('eu-west', 'Europe, west', 'EU', 50.1, 8.7),
    ('ap-south', 'Asia, south', 'AS', 19.1, 72.9),
    ('ap-northeast', 'Asia, north-east', 'AS', 35.7, 139.7),
    ('sa-east', 'South America, east', 'SA', -23.5, -46.6);
GRANT SELECT ON cdn.regions TO souk_app;

-- A node joins once with one of these.
CREATE TABLE cdn.join_tokens (
    digest bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    region text NOT NULL REFERENCES cdn.regions,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    used_at timestamptz
);
GRANT SELECT, INSERT, DELETE, UPDATE (used_at) ON cdn.join_tokens TO souk_app;
ALTER TABLE cdn.join_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.join_tokens USING (infra.is_system());

-- `wanted` is what the operator wants; `reported` what the node last said of itself. Secrets are kept as digests; a fresh one
-- waits in next_digest until the node has used it.
CREATE TABLE cdn.nodes (
    id text PRIMARY KEY,
    region text NOT NULL REFERENCES cdn.regions,
    url text NOT NULL,
    is_local boolean NOT NULL,
    wanted text NOT NULL CHECK (wanted IN ('ready', 'draining', 'removed')),
    reported text NOT NULL CHECK (reported IN ('joining', 'ready', 'draining', 'down')),
    secret_digest bytea NOT NULL,
    next_digest bytea,
    secret_since timestamptz NOT NULL,
    joined_at timestamptz NOT NULL,
    seen_at timestamptz,
    load double precision NOT NULL DEFAULT 0 CHECK (load BETWEEN 0 AND 1),
    downloads bigint NOT NULL DEFAULT 0 CHECK (downloads >= 0),
    used_bytes bigint NOT NULL DEFAULT 0 CHECK (used_bytes >= 0),
    cache_bytes bigint NOT NULL DEFAULT 0 CHECK (cache_bytes >= 0),
    damaged bigint NOT NULL DEFAULT 0 CHECK (damaged >= 0),
    not_stored bigint NOT NULL DEFAULT 0 CHECK (not_stored >= 0),
    applied bigint NOT NULL DEFAULT 0 CHECK (applied >= 0),
    usage_number bigint NOT NULL DEFAULT 0
);
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.nodes TO souk_app;
ALTER TABLE cdn.nodes ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.nodes USING (infra.is_system());

-- What every node has to do, in this order. Who writes one holds the row of the log until its commit, so numbers become
-- visible in their order.
CREATE TABLE cdn.log (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    newest bigint NOT NULL DEFAULT 0,
    forgotten bigint NOT NULL DEFAULT 0 CHECK (forgotten <= newest)
);
INSERT INTO cdn.log DEFAULT VALUES;
GRANT SELECT, UPDATE (newest, forgotten) ON cdn.log TO souk_app;
ALTER TABLE cdn.log ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.log USING (infra.is_system());

CREATE TABLE cdn.commands (
    number bigint PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('artifact', 'tag', 'prefix', 'all', 'revoke')),
    value text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX commands_revoking ON cdn.commands (created_at) WHERE kind = 'revoke';
GRANT SELECT, INSERT, DELETE ON cdn.commands TO souk_app;
ALTER TABLE cdn.commands ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.commands USING (infra.is_system());
CREATE TRIGGER append_only BEFORE UPDATE ON cdn.commands
    FOR EACH ROW EXECUTE FUNCTION infra.refuse_change();

-- The sha256 of every MiB of an artifact, end to end, and the root that tickets name.
CREATE TABLE cdn.slice_lists (
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    root text NOT NULL CHECK (root ~ '^[0-9a-f]{64}$'),
    digests bytea NOT NULL CHECK (octet_length(digests) % 32 = 0)
);
GRANT SELECT, INSERT ON cdn.slice_lists TO souk_app;
ALTER TABLE cdn.slice_lists ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.slice_lists USING (infra.is_system());

-- Where the bytes of a seller's works may lie; the row of a listing counts before that of its seller.
CREATE TABLE cdn.residency (
    organisation_id text NOT NULL,
    listing_id text NOT NULL DEFAULT '',
    regions text[] NOT NULL CHECK (cardinality(regions) BETWEEN 1 AND 32),
    set_by text NOT NULL,
    set_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, listing_id)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.residency TO souk_app;
ALTER TABLE cdn.residency ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON cdn.residency USING (infra.may_see(organisation_id));

-- What was served of one seller's by one node in one minute.
CREATE TABLE cdn.usage (
    minute timestamptz NOT NULL,
    node_id text NOT NULL,
    organisation_id text NOT NULL,
    requests bigint NOT NULL CHECK (requests >= 0),
    errors bigint NOT NULL CHECK (errors >= 0),
    bytes_sent bigint NOT NULL CHECK (bytes_sent >= 0),
    hit_bytes bigint NOT NULL CHECK (hit_bytes >= 0),
    latency bigint[] NOT NULL CHECK (cardinality(latency) = 11),
    PRIMARY KEY (minute, node_id, organisation_id)
);
CREATE INDEX usage_of ON cdn.usage (organisation_id, minute);
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.usage TO souk_app;
ALTER TABLE cdn.usage ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON cdn.usage USING (infra.may_see(organisation_id));

CREATE TABLE cdn.configuration (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    redirects boolean NOT NULL DEFAULT true,
    default_region text NOT NULL DEFAULT '',
    shield_region text NOT NULL DEFAULT '',
    changed_by text NOT NULL DEFAULT '',
    changed_at timestamptz
);
INSERT INTO cdn.configuration DEFAULT VALUES;
GRANT SELECT, UPDATE ON cdn.configuration TO souk_app;
ALTER TABLE cdn.configuration ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.configuration USING (infra.is_system());
