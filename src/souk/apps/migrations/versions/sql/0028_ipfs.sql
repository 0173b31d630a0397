-- IPFS: directories and pins.

CREATE SCHEMA ipfs;
GRANT USAGE ON SCHEMA ipfs TO souk_app;

-- What follows from published content is derived: `ipfs.rebuild()` makes the worker do it again.
-- Only the system's scope reads it; the gateway's rules say who may have what of it.

-- A block of a file: `head`, then a range of the artifact, then `tail`. A leaf has its range alone,
-- an inner node its head alone, and a leaf in the form of other tools all three.
CREATE TABLE ipfs.blocks (
    digest bytea NOT NULL CHECK (length(digest) = 32),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    start_byte bigint NOT NULL CHECK (start_byte >= 0),
    range_bytes integer NOT NULL CHECK (range_bytes >= 0),
    head bytea NOT NULL DEFAULT '',
    tail bytea NOT NULL DEFAULT '',
    PRIMARY KEY (digest, sha256),
    CHECK (length(head) + range_bytes + length(tail) <= 2097152)
);
ALTER TABLE ipfs.blocks ENABLE ROW LEVEL SECURITY;
CREATE POLICY derived ON ipfs.blocks USING (infra.is_system());
GRANT SELECT, INSERT, DELETE ON ipfs.blocks TO souk_app;

-- Artifacts whose tree of our own form is in `blocks`. `dag_bytes`: all its blocks together.
CREATE TABLE ipfs.files (
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    root bytea NOT NULL,
    dag_bytes bigint NOT NULL CHECK (dag_bytes >= 0),
    indexed_at timestamptz NOT NULL
);
ALTER TABLE ipfs.files ENABLE ROW LEVEL SECURITY;
CREATE POLICY derived ON ipfs.files USING (infra.is_system());
GRANT SELECT, INSERT, DELETE ON ipfs.files TO souk_app;

-- The nodes of directories.
CREATE TABLE ipfs.directories (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    block bytea NOT NULL CHECK (length(block) <= 2097152)
);
ALTER TABLE ipfs.directories ENABLE ROW LEVEL SECURITY;
CREATE POLICY derived ON ipfs.directories USING (infra.is_system());
GRANT SELECT, INSERT, DELETE ON ipfs.directories TO souk_app;

-- What makes content somebody's: a published version, or what an organisation has brought in.
CREATE TABLE ipfs.trees (
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('version', 'import')),
    organisation_id text NOT NULL,
    listing_id text,
    root bytea NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    made_at timestamptz NOT NULL,
    CHECK ((kind = 'version') = (listing_id IS NOT NULL))
);
CREATE INDEX trees_by_root ON ipfs.trees (root);
ALTER TABLE ipfs.trees ENABLE ROW LEVEL SECURITY;
CREATE POLICY derived ON ipfs.trees USING (infra.is_system());
GRANT SELECT, INSERT, DELETE ON ipfs.trees TO souk_app;

CREATE TABLE ipfs.tree_directories (
    tree_id text NOT NULL REFERENCES ipfs.trees ON DELETE CASCADE,
    digest bytea NOT NULL REFERENCES ipfs.directories,
    PRIMARY KEY (digest, tree_id)
);
CREATE INDEX tree_directories_of_tree ON ipfs.tree_directories (tree_id);
ALTER TABLE ipfs.tree_directories ENABLE ROW LEVEL SECURITY;
CREATE POLICY derived ON ipfs.tree_directories USING (infra.is_system());
GRANT SELECT, INSERT, DELETE ON ipfs.tree_directories TO souk_app;

CREATE TABLE ipfs.tree_files (
    tree_id text NOT NULL REFERENCES ipfs.trees ON DELETE CASCADE,
    sha256 text NOT NULL,
    PRIMARY KEY (sha256, tree_id)
);
CREATE INDEX tree_files_of_tree ON ipfs.tree_files (tree_id);
ALTER TABLE ipfs.tree_files ENABLE ROW LEVEL SECURITY;
CREATE POLICY derived ON ipfs.tree_files USING (infra.is_system());
GRANT SELECT, INSERT, DELETE ON ipfs.tree_files TO souk_app;

-- Published versions whose tree is not made yet.
CREATE TABLE ipfs.waiting (
    version_id text PRIMARY KEY,
    listing_id text NOT NULL,
    organisation_id text NOT NULL,
    revision_id text NOT NULL,
    due_at timestamptz NOT NULL,
    attempts integer NOT NULL DEFAULT 0
);
CREATE INDEX waiting_due ON ipfs.waiting (due_at);
ALTER TABLE ipfs.waiting ENABLE ROW LEVEL SECURITY;
CREATE POLICY derived ON ipfs.waiting USING (infra.is_system());
GRANT SELECT, INSERT, UPDATE, DELETE ON ipfs.waiting TO souk_app;

-- Forgets all that is derived, and has the worker make it from the published versions again.
-- What organisations have brought in is kept.
CREATE FUNCTION ipfs.rebuild() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    versions bigint;
BEGIN
    DELETE FROM ipfs.trees WHERE kind = 'version';
    DELETE FROM ipfs.files;
    DELETE FROM ipfs.directories d WHERE NOT EXISTS (
        SELECT 1 FROM ipfs.tree_directories t WHERE t.digest = d.digest);
    DELETE FROM ipfs.blocks b WHERE NOT EXISTS (
        SELECT 1 FROM ipfs.tree_files t WHERE t.sha256 = b.sha256);
    INSERT INTO ipfs.waiting (version_id, listing_id, organisation_id, revision_id, due_at)
    SELECT id, listing_id, organisation_id, revision_id, now() FROM works.versions
    WHERE published_at IS NOT NULL
    ON CONFLICT (version_id) DO UPDATE SET due_at = now(), attempts = 0;
    GET DIAGNOSTICS versions = ROW_COUNT;
    RETURN versions;
END $$;
REVOKE ALL ON FUNCTION ipfs.rebuild() FROM PUBLIC;
SELECT ipfs.rebuild();

-- What an organisation asked us to keep (Pinning Service API).
CREATE TABLE ipfs.pins (
    id text PRIMARY KEY,
    organisation_id text NOT NULL,
    user_id text NOT NULL,
    cid text NOT NULL CHECK (length(cid) <= 256),
    root bytea NOT NULL,
    name text CHECK (length(name) <= 255),
    origins jsonb NOT NULL,
    meta jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('queued', 'pinning', 'pinned', 'failed')),
    details text NOT NULL DEFAULT '',
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz,
    created_at timestamptz NOT NULL,
    UNIQUE (organisation_id, created_at),
    CHECK ((state IN ('queued', 'pinning')) = (due_at IS NOT NULL))
);
CREATE INDEX pins_due ON ipfs.pins (due_at) WHERE due_at IS NOT NULL;
ALTER TABLE ipfs.pins ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ipfs.pins USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, UPDATE, DELETE ON ipfs.pins TO souk_app;

-- What we asked a pinning service elsewhere to keep: versions that everybody may have.
CREATE TABLE ipfs.remote_pins (
    version_id text PRIMARY KEY,
    listing_id text NOT NULL,
    organisation_id text NOT NULL,
    cid text NOT NULL,
    request_id text,
    state text NOT NULL CHECK (state IN ('waiting', 'queued', 'pinning', 'pinned', 'failed', 'removed')),
    details text NOT NULL DEFAULT '',
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz,
    updated_at timestamptz NOT NULL
);
CREATE INDEX remote_pins_due ON ipfs.remote_pins (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX remote_pins_of_listing ON ipfs.remote_pins (listing_id);
ALTER TABLE ipfs.remote_pins ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ipfs.remote_pins FOR SELECT USING (infra.may_see(organisation_id));
CREATE POLICY written ON ipfs.remote_pins USING (infra.is_system());
GRANT SELECT, INSERT, UPDATE, DELETE ON ipfs.remote_pins TO souk_app;
