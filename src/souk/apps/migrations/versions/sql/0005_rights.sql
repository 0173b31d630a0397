-- Provenance log and licences.

------------------------------------------------------------------------------------------------
-- The provenance log: public, and append-only down to the grants.
------------------------------------------------------------------------------------------------
CREATE SCHEMA provenance;
GRANT USAGE ON SCHEMA provenance TO souk_app;

-- Which log this is: fixed by the first process that needs it, since every signature names it.
CREATE TABLE provenance.log (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    origin text NOT NULL CHECK (origin <> '')
);

-- SHA-256 over 0x00 and the leaf's UTF-8 bytes (RFC 6962). Declared immutable, which convert_to is
-- not only because conversions to other encodings may be redefined.
CREATE FUNCTION provenance.leaf_hash(leaf text) RETURNS bytea
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN sha256('\x00'::bytea || convert_to(leaf, 'UTF8'));

-- What happened. `leaf` is canonical JSON (RFC 8785). All that entries are found by, and the hash in
-- the tree, is computed from it by the database, so nothing can say other than the leaf does.
CREATE TABLE provenance.entries (
    leaf text NOT NULL,
    created_at timestamptz NOT NULL,
    id text PRIMARY KEY GENERATED ALWAYS AS (leaf::jsonb ->> 'id') STORED,
    kind text NOT NULL GENERATED ALWAYS AS (leaf::jsonb ->> 'kind') STORED
        CHECK (kind IN (
            'created', 'edited', 'published', 'retired', 'sold', 'licensed', 'transferred',
            'refunded', 'revoked'
        )),
    listing_id text NOT NULL GENERATED ALWAYS AS (leaf::jsonb ->> 'listing_id') STORED,
    content_sha256 text GENERATED ALWAYS AS (leaf::jsonb ->> 'content_sha256') STORED,
    leaf_hash bytea NOT NULL GENERATED ALWAYS AS (provenance.leaf_hash(leaf)) STORED
);
CREATE INDEX entries_by_listing ON provenance.entries (listing_id, id);
CREATE INDEX entries_by_kind ON provenance.entries (kind, id);
CREATE INDEX entries_by_content ON provenance.entries (content_sha256, listing_id, id)
    WHERE content_sha256 IS NOT NULL;

-- Files that an entry made public.
CREATE TABLE provenance.file_hashes (
    sha256 text NOT NULL,
    entry_id text NOT NULL REFERENCES provenance.entries,
    PRIMARY KEY (sha256, entry_id)
);

-- Whose entry it is. Not public: the log names a buyer only by a commitment.
CREATE TABLE provenance.parties (
    organisation_id text NOT NULL,
    entry_id text NOT NULL REFERENCES provenance.entries,
    PRIMARY KEY (organisation_id, entry_id)
);
ALTER TABLE provenance.parties ENABLE ROW LEVEL SECURITY;
CREATE POLICY read_own ON provenance.parties FOR SELECT
    USING (infra.may_see(organisation_id));
-- A sale writes the row of the seller in the buyer's transaction.
CREATE POLICY write_any ON provenance.parties FOR INSERT WITH CHECK (true);

-- Entries that have no place in the tree yet, in the order of their arrival.
CREATE TABLE provenance.waiting (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id text NOT NULL,
    leaf_hash bytea NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 20000);

-- The tree (RFC 6962): its leaves, and the perfect nodes above them. The hash of node
-- (level, place) covers the leaves from place * 2^level up to (place + 1) * 2^level - 1.
CREATE TABLE provenance.leaves (
    leaf_index bigint PRIMARY KEY CHECK (leaf_index >= 0),
    entry_id text NOT NULL UNIQUE REFERENCES provenance.entries,
    hash bytea NOT NULL CHECK (length(hash) = 32)
);
CREATE TABLE provenance.nodes (
    level smallint NOT NULL CHECK (level BETWEEN 1 AND 62),
    place bigint NOT NULL CHECK (place >= 0),
    hash bytea NOT NULL CHECK (length(hash) = 32),
    PRIMARY KEY (level, place)
);

-- Signed heads. `checkpoint` is the signed note (C2SP tlog-checkpoint).
CREATE TABLE provenance.heads (
    tree_size bigint PRIMARY KEY CHECK (tree_size > 0),
    root bytea NOT NULL CHECK (length(root) = 32),
    signed_at timestamptz NOT NULL,
    checkpoint text NOT NULL
);

GRANT SELECT, INSERT ON provenance.log, provenance.entries, provenance.file_hashes,
    provenance.parties, provenance.leaves, provenance.nodes, provenance.heads TO souk_app;
GRANT SELECT, INSERT, DELETE ON provenance.waiting TO souk_app;

DO $$
DECLARE
    grows_only text;
BEGIN
    FOREACH grows_only IN ARRAY
        ARRAY['log', 'entries', 'file_hashes', 'parties', 'leaves', 'nodes', 'heads']
    LOOP
        EXECUTE format(
            'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON provenance.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change()', grows_only
        );
    END LOOP;
END $$;

------------------------------------------------------------------------------------------------
-- Licences: a row names both parties, and either sees it.
------------------------------------------------------------------------------------------------
CREATE SCHEMA licences;
GRANT USAGE ON SCHEMA licences TO souk_app;

-- The files of a licensed version, once for all its licences, by their content digest. They are
-- those of a published version, which everybody may list.
CREATE TABLE licences.contents (
    content_sha256 text PRIMARY KEY,
    files jsonb NOT NULL
);
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON licences.contents
    FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change();
GRANT SELECT, INSERT ON licences.contents TO souk_app;

CREATE TABLE licences.licences (
    id text PRIMARY KEY,
    listing_id text NOT NULL,
    listing_address text NOT NULL,
    listing_title text NOT NULL,
    version_id text NOT NULL,
    version text NOT NULL,
    content_sha256 text NOT NULL REFERENCES licences.contents,
    spdx text,
    licensee_id text NOT NULL,
    licensee_slug text NOT NULL,
    licensee_name text NOT NULL,
    licensor_id text NOT NULL,
    licensor_slug text NOT NULL,
    licensor_name text NOT NULL,
    order_id text,
    kind text NOT NULL CHECK (kind IN ('perpetual', 'timed', 'counted', 'seats')),
    duration_days integer CHECK (duration_days > 0),
    transferable boolean NOT NULL,
    issued_at timestamptz NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_until timestamptz,
    use_limit bigint,
    uses_left bigint,
    seat_limit integer CHECK (seat_limit > 0),
    provenance_entry_id text NOT NULL REFERENCES provenance.entries,
    licensee_salt text NOT NULL CHECK (licensee_salt ~ '^[0-9a-f]{64}$'),
    revoked_at timestamptz,
    revoked_reason text,
    CONSTRAINT licences_uses_left CHECK (uses_left BETWEEN 0 AND use_limit),
    CONSTRAINT licences_term CHECK (valid_until > valid_from),
    CONSTRAINT licences_revocation CHECK ((revoked_at IS NULL) = (revoked_reason IS NULL)),
    CONSTRAINT licences_kind CHECK (
        (kind <> 'timed' OR valid_until IS NOT NULL)
        AND (kind = 'counted') = (use_limit IS NOT NULL AND uses_left IS NOT NULL)
        AND (kind = 'seats') = (seat_limit IS NOT NULL)
    ),
    UNIQUE (id, seat_limit)
);
CREATE INDEX licences_by_licensee ON licences.licences (licensee_id, id);
CREATE INDEX licences_by_licensor ON licences.licences (licensor_id, id);
CREATE INDEX licences_to_find ON licences.licences (listing_id, licensee_id)
    WHERE revoked_at IS NULL;
CREATE INDEX licences_by_order ON licences.licences (order_id) WHERE order_id IS NOT NULL;

ALTER TABLE licences.licences ENABLE ROW LEVEL SECURITY;
CREATE POLICY of_both_parties ON licences.licences
    USING (infra.may_see(licensee_id) OR infra.may_see(licensor_id));
GRANT SELECT, INSERT ON licences.licences TO souk_app;
GRANT UPDATE (uses_left, revoked_at, revoked_reason) ON licences.licences TO souk_app;

-- A revocation stands.
CREATE FUNCTION licences.keep_revocation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'licence % is revoked for good', OLD.id
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER keep_revocation BEFORE UPDATE OF revoked_at, revoked_reason ON licences.licences
    FOR EACH ROW WHEN (OLD.revoked_at IS NOT NULL) EXECUTE FUNCTION licences.keep_revocation();
CREATE TRIGGER refuse_removal BEFORE DELETE OR TRUNCATE ON licences.licences
    FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change();

-- Who sits on which seat. A seat's number is never above the licence's limit, and two people never
-- share one, so there are never more people than seats.
CREATE TABLE licences.seats (
    licence_id text NOT NULL,
    number integer NOT NULL,
    seat_limit integer NOT NULL,
    user_id text NOT NULL,
    user_name text NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (licence_id, number),
    UNIQUE (licence_id, user_id),
    FOREIGN KEY (licence_id, seat_limit) REFERENCES licences.licences (id, seat_limit),
    CONSTRAINT seats_within_limit CHECK (number BETWEEN 1 AND seat_limit)
);
ALTER TABLE licences.seats ENABLE ROW LEVEL SECURITY;
-- Whoever sees the licence (its own policy decides that) sees its seats.
CREATE POLICY of_the_licence ON licences.seats
    USING (EXISTS (SELECT 1 FROM licences.licences l WHERE l.id = licence_id));
GRANT SELECT, INSERT, DELETE ON licences.seats TO souk_app;
