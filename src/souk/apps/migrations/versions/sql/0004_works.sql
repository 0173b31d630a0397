-- Artifacts, uploads, revisions, listings, offers.

CREATE SCHEMA works;
GRANT USAGE ON SCHEMA works TO souk_app;

-- Artifacts -----------------------------------------------------------------------------------

-- Content by the sha256 of its plaintext. The bytes are in the blob store before the row is here.
CREATE TABLE works.artifacts (
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    cid text NOT NULL,
    media_type text NOT NULL,
    filename text NOT NULL,
    scan_state text NOT NULL DEFAULT 'pending'
        CHECK (scan_state IN ('pending', 'clean', 'quarantined')),
    scan_format text,
    scan_reasons text[] NOT NULL DEFAULT '{}',
    scan_facts jsonb NOT NULL DEFAULT '{}',
    scanned_at timestamptz,
    released_by text,
    release_reason text,
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    CHECK (scan_state <> 'quarantined' OR cardinality(scan_reasons) > 0),
    CHECK (scan_state = 'clean' OR NOT is_public)
);
CREATE INDEX artifacts_quarantined ON works.artifacts (sha256) WHERE scan_state = 'quarantined';
CREATE INDEX artifacts_pending ON works.artifacts (created_at) WHERE scan_state = 'pending';
CREATE INDEX artifacts_by_cid ON works.artifacts (cid);

-- Who has sent these bytes. Knowing a hash gives nobody the content.
CREATE TABLE works.holders (
    sha256 text NOT NULL REFERENCES works.artifacts,
    organisation_id text NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, sha256)
);
CREATE INDEX holders_by_artifact ON works.holders (sha256);

ALTER TABLE works.holders ENABLE ROW LEVEL SECURITY;
CREATE POLICY holders_seen ON works.holders FOR SELECT USING (infra.may_see(organisation_id));
CREATE POLICY holders_written ON works.holders USING (infra.is_system());
GRANT SELECT, INSERT ON works.holders TO souk_app;

ALTER TABLE works.artifacts ENABLE ROW LEVEL SECURITY;
CREATE POLICY artifacts_seen ON works.artifacts FOR SELECT USING (
    is_public OR infra.is_system() OR EXISTS (
        SELECT 1 FROM works.holders h
        WHERE h.sha256 = artifacts.sha256 AND infra.may_see(h.organisation_id)
    )
);
CREATE POLICY artifacts_written ON works.artifacts USING (infra.is_system());
GRANT SELECT, INSERT, UPDATE ON works.artifacts TO souk_app;

-- A holder publishes a work: everybody may see these artifacts' rows from now on.
CREATE FUNCTION works.make_public(hashes text[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = works, pg_temp AS $$
    UPDATE works.artifacts a SET is_public = true
    WHERE a.sha256 = ANY (hashes) AND NOT a.is_public AND a.scan_state = 'clean' AND EXISTS (
        SELECT 1 FROM works.holders h
        WHERE h.sha256 = a.sha256 AND infra.may_see(h.organisation_id)
    )
$$;
REVOKE ALL ON FUNCTION works.make_public(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION works.make_public(text[]) TO souk_app;

-- `verified`: the hash was right and the bytes are on their way into the blob store.
CREATE TABLE works.uploads (
    id text PRIMARY KEY,
    organisation_id text NOT NULL,
    user_id text NOT NULL,
    filename text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    sha256 text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    part_size_bytes bigint NOT NULL CHECK (part_size_bytes > 0 AND part_size_bytes % 1048576 = 0),
    part_count integer NOT NULL CHECK (part_count >= 0),
    state text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'verified', 'complete', 'failed', 'expired')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    completed_at timestamptz
);
CREATE INDEX uploads_open ON works.uploads (organisation_id) WHERE state IN ('open', 'verified');
CREATE INDEX uploads_expiring ON works.uploads (expires_at) WHERE state IN ('open', 'verified');
ALTER TABLE works.uploads ENABLE ROW LEVEL SECURITY;
CREATE POLICY uploads_own ON works.uploads USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, UPDATE ON works.uploads TO souk_app;

-- A part whose bytes are durable in the staging file. `digests`: sha256 of each MiB of it.
CREATE TABLE works.upload_parts (
    upload_id text NOT NULL REFERENCES works.uploads ON DELETE CASCADE,
    organisation_id text NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    digests bytea NOT NULL CHECK (length(digests) = 32 * ((size_bytes + 1048575) / 1048576)),
    received_at timestamptz NOT NULL,
    PRIMARY KEY (upload_id, number)
);
ALTER TABLE works.upload_parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY upload_parts_own ON works.upload_parts USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, DELETE ON works.upload_parts TO souk_app;

-- Revisions -----------------------------------------------------------------------------------

-- An immutable tree with its parents; the id is the sha256 of both. `files`: [[path, sha256, size]].
CREATE TABLE works.revisions (
    id text PRIMARY KEY CHECK (id ~ '^[0-9a-f]{64}$'),
    work_id text NOT NULL,
    organisation_id text NOT NULL,
    parents text[] NOT NULL,
    files jsonb NOT NULL,
    tree_hash text NOT NULL,
    file_count integer NOT NULL CHECK (file_count > 0),
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    message text NOT NULL,
    author_id text,
    is_public boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL
);
CREATE INDEX revisions_by_work ON works.revisions (work_id, created_at);
ALTER TABLE works.revisions ENABLE ROW LEVEL SECURITY;
CREATE POLICY revisions_seen ON works.revisions FOR SELECT
    USING (is_public OR infra.may_see(organisation_id));
CREATE POLICY revisions_own ON works.revisions USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, UPDATE (is_public) ON works.revisions TO souk_app;

-- Names that move: `main` is where commits go.
CREATE TABLE works.refs (
    work_id text NOT NULL,
    name text NOT NULL,
    organisation_id text NOT NULL,
    revision_id text NOT NULL REFERENCES works.revisions,
    updated_at timestamptz NOT NULL,
    PRIMARY KEY (work_id, name)
);
ALTER TABLE works.refs ENABLE ROW LEVEL SECURITY;
CREATE POLICY refs_own ON works.refs USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, UPDATE ON works.refs TO souk_app;

-- Listings ------------------------------------------------------------------------------------

CREATE TABLE works.listings (
    id text PRIMARY KEY,
    organisation_id text NOT NULL,
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9]([a-z0-9._-]{0,94}[a-z0-9])?$'),
    kind text NOT NULL CHECK (kind IN (
        'model', 'dataset', 'api', 'plugin', 'design', 'template', 'material', 'agent', 'compute')),
    title text NOT NULL CHECK (title <> ''),
    summary text NOT NULL,
    card text NOT NULL,
    licence text,
    category text NOT NULL,
    task text NOT NULL,
    tags text[] NOT NULL,
    metrics jsonb NOT NULL,
    compatibility jsonb NOT NULL,
    state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'published', 'retired')),
    current_version_id text,
    created_by text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    published_at timestamptz,
    retired_at timestamptz,
    UNIQUE (organisation_id, slug),
    CHECK (state <> 'published' OR
        (licence IS NOT NULL AND current_version_id IS NOT NULL AND published_at IS NOT NULL))
);
CREATE INDEX listings_published ON works.listings (id) WHERE state = 'published';
CREATE INDEX listings_of_organisation ON works.listings (organisation_id, id DESC);
ALTER TABLE works.listings ENABLE ROW LEVEL SECURITY;
-- A retired listing stays readable: who bought it still needs its name, licence and files.
CREATE POLICY listings_seen ON works.listings FOR SELECT
    USING (published_at IS NOT NULL OR infra.may_see(organisation_id));
CREATE POLICY listings_own ON works.listings USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, UPDATE ON works.listings TO souk_app;

-- A semantic version: a name for a revision that never moves.
CREATE TABLE works.versions (
    id text PRIMARY KEY,
    listing_id text NOT NULL REFERENCES works.listings,
    organisation_id text NOT NULL,
    version text NOT NULL,
    revision_id text NOT NULL REFERENCES works.revisions,
    notes text NOT NULL,
    created_at timestamptz NOT NULL,
    published_at timestamptz,
    UNIQUE (listing_id, version)
);
ALTER TABLE works.versions ENABLE ROW LEVEL SECURITY;
CREATE POLICY versions_seen ON works.versions FOR SELECT
    USING (published_at IS NOT NULL OR infra.may_see(organisation_id));
CREATE POLICY versions_own ON works.versions USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, UPDATE (published_at) ON works.versions TO souk_app;
ALTER TABLE works.listings ADD FOREIGN KEY (current_version_id) REFERENCES works.versions;

-- Sales and downloads, spread over rows so that concurrent sales of one listing do not wait.
CREATE TABLE works.counts (
    listing_id text NOT NULL REFERENCES works.listings,
    offer_id text NOT NULL,
    shard smallint NOT NULL,
    sales bigint NOT NULL DEFAULT 0,
    downloads bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (listing_id, offer_id, shard)
);
GRANT SELECT, INSERT, UPDATE ON works.counts TO souk_app;

-- Offers --------------------------------------------------------------------------------------

-- An edition's price and terms. Price, terms and split never change: a change is a new row, so that
-- an old order's offer stays true.
CREATE TABLE works.offers (
    id text PRIMARY KEY,
    listing_id text NOT NULL REFERENCES works.listings,
    organisation_id text NOT NULL,
    edition text NOT NULL,
    price_minor bigint NOT NULL CHECK (price_minor BETWEEN 0 AND 1000000000000000),
    currency text NOT NULL,
    terms jsonb NOT NULL,
    split text NOT NULL CHECK (split IN ('standard', 'premium', 'custom')),
    shares jsonb NOT NULL,
    creator_organisation_id text,
    stock integer CHECK (stock > 0),
    sold integer NOT NULL DEFAULT 0 CHECK (sold >= 0),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'withdrawn')),
    replaced_by text REFERENCES works.offers,
    created_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    CONSTRAINT offers_never_oversold CHECK (sold <= stock)
);
CREATE UNIQUE INDEX offers_one_active ON works.offers (listing_id, edition) WHERE state = 'active';
CREATE INDEX offers_of_listing ON works.offers (listing_id);
ALTER TABLE works.offers ENABLE ROW LEVEL SECURITY;
CREATE POLICY offers_seen ON works.offers FOR SELECT USING (
    infra.may_see(organisation_id) OR EXISTS (
        SELECT 1 FROM works.listings l WHERE l.id = listing_id AND l.published_at IS NOT NULL
    )
);
CREATE POLICY offers_own ON works.offers USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, UPDATE (state, withdrawn_at, replaced_by) ON works.offers TO souk_app;

-- A buyer takes from (or a refund gives back to) another organisation's stock. Answers null when
-- there is no such offer, 'withdrawn', 'sold_out', or 'taken'.
CREATE FUNCTION works.take_stock(offer text, change integer) RETURNS text
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = works, pg_temp AS $$
DECLARE
    found_offer works.offers%ROWTYPE;
BEGIN
    SELECT * INTO found_offer FROM works.offers o WHERE o.id = offer;
    IF found_offer.id IS NULL THEN
        RETURN NULL;
    ELSIF change > 0 AND found_offer.state <> 'active' THEN
        RETURN 'withdrawn';
    ELSIF found_offer.stock IS NULL THEN
        RETURN 'taken';
    END IF;
    UPDATE works.offers o SET sold = greatest(0, o.sold + change)
    WHERE o.id = offer AND o.sold + change <= o.stock AND (change < 0 OR o.state = 'active');
    RETURN CASE WHEN FOUND THEN 'taken' ELSE 'sold_out' END;
END $$;
REVOKE ALL ON FUNCTION works.take_stock(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION works.take_stock(text, integer) TO souk_app;
