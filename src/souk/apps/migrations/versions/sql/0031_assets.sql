-- Assets: files of an organisation at public addresses, what is made of them, and domains of their owners' own.

CREATE SCHEMA assets;
GRANT USAGE ON SCHEMA assets TO souk_app;

-- One row for each organisation that has assets or domains; whoever changes its assets holds it, so that limits hold.
CREATE TABLE assets.spaces (
    owner_organisation_id text PRIMARY KEY,
    site_id text,
    created_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE (site_id) ON assets.spaces TO souk_app;
ALTER TABLE assets.spaces ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON assets.spaces USING (infra.may_see(owner_organisation_id));

CREATE TABLE assets.assets (
    id text PRIMARY KEY,
    owner_organisation_id text NOT NULL REFERENCES assets.spaces,
    path text NOT NULL CHECK (length(path) BETWEEN 1 AND 512),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    media_type text NOT NULL CHECK (length(media_type) BETWEEN 3 AND 100),
    max_age_s integer NOT NULL CHECK (max_age_s BETWEEN 0 AND 31536000),
    optimise boolean NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL CHECK (changed_at >= created_at),
    CONSTRAINT assets_one_a_path UNIQUE (owner_organisation_id, path)
);
CREATE INDEX assets_of_content ON assets.assets (sha256);
GRANT SELECT, INSERT, DELETE, UPDATE (sha256, size_bytes, media_type, max_age_s, optimise, changed_at) ON assets.assets TO souk_app;
ALTER TABLE assets.assets ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON assets.assets USING (infra.may_see(owner_organisation_id));

-- What was made of a content, once: `br`, `min`, `w640.avif.q80` … Without a hash nothing came of it, and the content is served.
CREATE TABLE assets.made (
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    recipe text NOT NULL CHECK (recipe ~ '^[a-z0-9.+-]{1,60}$'),
    made_sha256 text CHECK (made_sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    media_type text NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (sha256, recipe)
);
GRANT SELECT, INSERT, DELETE ON assets.made TO souk_app;
ALTER TABLE assets.made ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON assets.made USING (infra.is_system());

-- A name of the owner's own. Several may claim one; only one of them can prove it.
CREATE TABLE assets.domains (
    id text PRIMARY KEY,
    owner_organisation_id text NOT NULL REFERENCES assets.spaces,
    name text NOT NULL CHECK (name = lower(name) AND length(name) BETWEEN 3 AND 253),
    site_id text NOT NULL,
    token text NOT NULL,
    certificate_by text NOT NULL CHECK (certificate_by IN ('acme', 'own')),
    hsts_s integer NOT NULL CHECK (hsts_s BETWEEN 0 AND 63072000),
    cors_origins text[] NOT NULL CHECK (cardinality(cors_origins) <= 32),
    per_address_per_minute integer NOT NULL CHECK (per_address_per_minute BETWEEN 1 AND 1000000),
    per_key_per_minute integer NOT NULL CHECK (per_key_per_minute BETWEEN 1 AND 1000000),
    key_header text NOT NULL,
    proven_at timestamptz,
    checked_at timestamptz,
    problem text NOT NULL DEFAULT '',
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT domains_claimed_once UNIQUE (owner_organisation_id, name)
);
CREATE UNIQUE INDEX domains_proven_once ON assets.domains (name) WHERE proven_at IS NOT NULL;
GRANT SELECT, INSERT, DELETE, UPDATE (certificate_by, hsts_s, cors_origins, per_address_per_minute, per_key_per_minute,
    key_header, proven_at, checked_at, problem) ON assets.domains TO souk_app;
ALTER TABLE assets.domains ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON assets.domains USING (infra.may_see(owner_organisation_id));

-- The certificate of a domain; its key is sealed with the marketplace's secret.
CREATE TABLE assets.certificates (
    domain_id text PRIMARY KEY REFERENCES assets.domains ON DELETE CASCADE,
    owner_organisation_id text NOT NULL,
    source text NOT NULL CHECK (source IN ('acme', 'own')),
    chain_pem text NOT NULL,
    key_sealed bytea NOT NULL,
    not_before timestamptz NOT NULL,
    not_after timestamptz NOT NULL CHECK (not_after > not_before),
    made_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE, UPDATE (source, chain_pem, key_sealed, not_before, not_after, made_at) ON assets.certificates TO souk_app;
ALTER TABLE assets.certificates ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON assets.certificates USING (infra.may_see(owner_organisation_id));

-- Certificates under way: one order of a domain at a time, tried again later each time it fails.
CREATE TABLE assets.orders (
    domain_id text PRIMARY KEY REFERENCES assets.domains ON DELETE CASCADE,
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL,
    problem text NOT NULL DEFAULT ''
);
GRANT SELECT, INSERT, DELETE, UPDATE (attempts, due_at, problem) ON assets.orders TO souk_app;
ALTER TABLE assets.orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON assets.orders USING (infra.is_system());

-- The marketplace's account at the authority, and what is to be answered at /.well-known/acme-challenge/.
CREATE TABLE assets.accounts (
    directory text PRIMARY KEY,
    key_sealed bytea NOT NULL,
    address text NOT NULL,
    made_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE ON assets.accounts TO souk_app;
ALTER TABLE assets.accounts ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON assets.accounts USING (infra.is_system());

CREATE TABLE assets.challenges (
    token text PRIMARY KEY CHECK (token ~ '^[A-Za-z0-9_-]{10,200}$'),
    domain text NOT NULL,
    answer text NOT NULL,
    made_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, DELETE ON assets.challenges TO souk_app;
ALTER TABLE assets.challenges ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON assets.challenges USING (infra.is_system());

-- Nodes ask anew for domains, their rules and certificates when this number has changed.
CREATE TABLE assets.news (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    number bigint NOT NULL DEFAULT 1
);
INSERT INTO assets.news DEFAULT VALUES;
GRANT SELECT, UPDATE (number) ON assets.news TO souk_app;
ALTER TABLE assets.news ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON assets.news USING (infra.is_system());
