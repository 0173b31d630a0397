-- Running the CDN: placement, scaling, figures, availability, alerts.

-- What shall lie where before anybody asks. `pin`: held while the rule is there. `prefetch`: fetched once. `publish`: each
-- version that is published from now on is fetched once; for all works of the seller when no listing is named.
CREATE TABLE cdn.placements (
    id text PRIMARY KEY,
    organisation_id text NOT NULL,
    listing_id text NOT NULL DEFAULT '',
    sha256 text NOT NULL DEFAULT '' CHECK (sha256 ~ '^([0-9a-f]{64})?$'),
    kind text NOT NULL CHECK (kind IN ('pin', 'prefetch', 'publish')),
    regions text[] NOT NULL CHECK (cardinality(regions) BETWEEN 1 AND 32),
    copies integer NOT NULL CHECK (copies BETWEEN 1 AND 16),
    size_bytes bigint NOT NULL DEFAULT 0 CHECK (size_bytes >= 0),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    ends_at timestamptz,
    CHECK (listing_id <> '' OR (kind = 'publish' AND sha256 = '')),
    CHECK ((kind = 'prefetch') = (ends_at IS NOT NULL))
);
CREATE INDEX placements_of ON cdn.placements (organisation_id, created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.placements TO souk_app;
ALTER TABLE cdn.placements ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON cdn.placements USING (infra.may_see(organisation_id));

-- What each node shall hold by these rules and by demand, and how much of it the node says it holds.
CREATE TABLE cdn.placed (
    node_id text NOT NULL REFERENCES cdn.nodes ON DELETE CASCADE,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    root text NOT NULL,
    listing_id text NOT NULL,
    organisation_id text NOT NULL,
    address text NOT NULL,
    filename text NOT NULL,
    pinned boolean NOT NULL,
    cause text NOT NULL CHECK (cause IN ('pin', 'prefetch', 'demand')),
    rule_id text NOT NULL DEFAULT '',
    number bigint NOT NULL,
    held_bytes bigint NOT NULL DEFAULT 0 CHECK (held_bytes >= 0),
    decided_at timestamptz NOT NULL,
    reported_at timestamptz,
    PRIMARY KEY (node_id, sha256)
);
CREATE INDEX placed_of ON cdn.placed (organisation_id);
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.placed TO souk_app;
ALTER TABLE cdn.placed ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON cdn.placed USING (infra.may_see(organisation_id));

-- How often a file was asked for in a region.
CREATE TABLE cdn.demand (
    minute timestamptz NOT NULL,
    region text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    listing_id text NOT NULL,
    organisation_id text NOT NULL,
    requests bigint NOT NULL CHECK (requests >= 0),
    PRIMARY KEY (minute, region, sha256)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.demand TO souk_app;
ALTER TABLE cdn.demand ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON cdn.demand USING (infra.may_see(organisation_id));

-- Popular files that are kept in a region for as long as they are.
CREATE TABLE cdn.replicas (
    region text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    listing_id text NOT NULL,
    organisation_id text NOT NULL,
    copies integer NOT NULL CHECK (copies BETWEEN 1 AND 16),
    since timestamptz NOT NULL,
    low_since timestamptz,
    PRIMARY KEY (region, sha256)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.replicas TO souk_app;
ALTER TABLE cdn.replicas ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON cdn.replicas USING (infra.may_see(organisation_id));

-- How many nodes a region shall have.
CREATE TABLE cdn.scaling (
    region text PRIMARY KEY REFERENCES cdn.regions,
    enabled boolean NOT NULL,
    provider text NOT NULL,
    minimum integer NOT NULL CHECK (minimum BETWEEN 0 AND 64),
    maximum integer NOT NULL CHECK (maximum BETWEEN minimum AND 64),
    target_load double precision NOT NULL CHECK (target_load > 0 AND target_load <= 1),
    cool_down_s integer NOT NULL CHECK (cool_down_s >= 0),
    drain_s integer NOT NULL CHECK (drain_s >= 0),
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.scaling TO souk_app;
ALTER TABLE cdn.scaling ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.scaling USING (infra.is_system());

-- Nodes that a provider runs for us. The handle is the provider's own word for one.
CREATE TABLE cdn.instances (
    id text PRIMARY KEY,
    region text NOT NULL REFERENCES cdn.regions,
    provider text NOT NULL,
    state text NOT NULL CHECK (state IN ('wanted', 'running', 'draining', 'ended')),
    handle text NOT NULL DEFAULT '',
    url text NOT NULL DEFAULT '',
    reason text NOT NULL,
    problem text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    state_since timestamptz NOT NULL,
    drain_until timestamptz,
    CHECK (state <> 'draining' OR drain_until IS NOT NULL)
);
CREATE INDEX instances_alive ON cdn.instances (region) WHERE state <> 'ended';
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.instances TO souk_app;
ALTER TABLE cdn.instances ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.instances USING (infra.is_system());

CREATE TABLE cdn.scaling_decisions (
    id text PRIMARY KEY,
    at timestamptz NOT NULL,
    region text NOT NULL,
    action text NOT NULL CHECK (action IN ('out', 'in', 'replace')),
    nodes integer NOT NULL,
    wanted integer NOT NULL,
    load double precision NOT NULL,
    reason text NOT NULL
);
CREATE INDEX scaling_decisions_at ON cdn.scaling_decisions (at);
GRANT SELECT, INSERT, DELETE ON cdn.scaling_decisions TO souk_app;
ALTER TABLE cdn.scaling_decisions ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.scaling_decisions USING (infra.is_system());
CREATE TRIGGER append_only BEFORE UPDATE ON cdn.scaling_decisions
    FOR EACH ROW EXECUTE FUNCTION infra.refuse_change();

-- What a GB out of a region and an hour of a node there cost, in millionths of the currency; region '' is home.
CREATE TABLE cdn.prices (
    region text PRIMARY KEY,
    currency text NOT NULL CHECK (currency ~ '^[A-Z]{3,5}$'),
    egress_micros_per_gb bigint NOT NULL CHECK (egress_micros_per_gb BETWEEN 0 AND 1000000000),
    hour_micros bigint NOT NULL CHECK (hour_micros BETWEEN 0 AND 1000000000000),
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.prices TO souk_app;
ALTER TABLE cdn.prices ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.prices USING (infra.is_system());

-- How each node was in each minute: its heartbeats, home's own probes, its highest load.
CREATE TABLE cdn.node_minutes (
    minute timestamptz NOT NULL,
    node_id text NOT NULL,
    region text NOT NULL,
    expected boolean NOT NULL,
    beats integer NOT NULL DEFAULT 0,
    probes integer NOT NULL DEFAULT 0,
    probes_good integer NOT NULL DEFAULT 0,
    load double precision NOT NULL DEFAULT 0,
    downloads bigint NOT NULL DEFAULT 0,
    judged boolean NOT NULL DEFAULT false,
    PRIMARY KEY (minute, node_id)
);
CREATE INDEX node_minutes_open ON cdn.node_minutes (minute) WHERE NOT judged;
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.node_minutes TO souk_app;
ALTER TABLE cdn.node_minutes ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.node_minutes USING (infra.is_system());

CREATE TABLE cdn.availability (
    day date NOT NULL,
    kind text NOT NULL CHECK (kind IN ('node', 'region')),
    subject text NOT NULL,
    region text NOT NULL,
    expected integer NOT NULL CHECK (expected >= 0),
    good integer NOT NULL CHECK (good BETWEEN 0 AND expected),
    PRIMARY KEY (day, kind, subject)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.availability TO souk_app;
ALTER TABLE cdn.availability ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.availability USING (infra.is_system());

CREATE TABLE cdn.alert_rules (
    id text PRIMARY KEY,
    name text NOT NULL,
    metric text NOT NULL,
    region text NOT NULL DEFAULT '',
    above boolean NOT NULL,
    threshold double precision NOT NULL,
    clear_at double precision NOT NULL,
    for_s integer NOT NULL CHECK (for_s BETWEEN 0 AND 86400),
    enabled boolean NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    CHECK (CASE WHEN above THEN clear_at <= threshold ELSE clear_at >= threshold END)
);
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.alert_rules TO souk_app;
ALTER TABLE cdn.alert_rules ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.alert_rules USING (infra.is_system());

-- Each time a limit was crossed. `pending` is not yet told: it has not lasted long enough.
CREATE TABLE cdn.alerts (
    id text PRIMARY KEY,
    rule_id text NOT NULL REFERENCES cdn.alert_rules ON DELETE CASCADE,
    subject text NOT NULL,
    state text NOT NULL CHECK (state IN ('pending', 'raised', 'cleared')),
    value double precision NOT NULL,
    since timestamptz NOT NULL,
    raised_at timestamptz,
    cleared_at timestamptz
);
CREATE UNIQUE INDEX alerts_open ON cdn.alerts (rule_id, subject) WHERE state <> 'cleared';
CREATE INDEX alerts_since ON cdn.alerts (since);
GRANT SELECT, INSERT, UPDATE, DELETE ON cdn.alerts TO souk_app;
ALTER TABLE cdn.alerts ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.alerts USING (infra.is_system());
