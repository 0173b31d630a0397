-- Likeness of files, and certificates of ownership.

------------------------------------------------------------------------------------------------
-- Likeness: what published files have in common. Nothing here is about a file that is not public.
------------------------------------------------------------------------------------------------
CREATE SCHEMA likeness;
GRANT USAGE ON SCHEMA likeness TO souk_app;

-- Which published files were looked at. `skipped`: too short or too long to say anything.
CREATE TABLE likeness.files (
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    name text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'known', 'skipped', 'failed')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    noted_at timestamptz NOT NULL,
    known_at timestamptz,
    CHECK ((state = 'known') = (known_at IS NOT NULL))
);
CREATE INDEX files_waiting ON likeness.files (noted_at) WHERE state = 'waiting';
GRANT SELECT, INSERT, UPDATE (state, attempts, known_at) ON likeness.files TO souk_app;

-- The features of a file: of each kind a sample that two files with the same content both draw.
-- `chunk`: content-defined pieces; `tensor`: weights, bit for bit; `shape`: the coarse form of
-- weights, which slight changes leave as it is. `weight`: how many bytes it stands for.
CREATE TABLE likeness.features (
    sha256 text NOT NULL REFERENCES likeness.files,
    kind text NOT NULL CHECK (kind IN ('chunk', 'tensor', 'shape')),
    feature bigint NOT NULL,
    weight bigint NOT NULL CHECK (weight > 0),
    PRIMARY KEY (sha256, kind, feature)
);
CREATE INDEX features_found ON likeness.features (kind, feature, sha256);
GRANT SELECT, INSERT ON likeness.features TO souk_app;

------------------------------------------------------------------------------------------------
-- Copies: a published file that is like one which somebody else published before.
------------------------------------------------------------------------------------------------
CREATE SCHEMA lookups;
GRANT USAGE ON SCHEMA lookups TO souk_app;

CREATE TABLE lookups.copies (
    listing_id text NOT NULL,
    sha256 text NOT NULL,
    organisation_id text NOT NULL,
    entry_id text NOT NULL,
    of_listing_id text NOT NULL,
    of_sha256 text NOT NULL,
    of_organisation_id text NOT NULL,
    of_entry_id text NOT NULL,
    share_permille integer NOT NULL CHECK (share_permille BETWEEN 1 AND 1000),
    found_by text NOT NULL CHECK (found_by IN ('bytes', 'chunks', 'tensors', 'shapes')),
    found_at timestamptz NOT NULL,
    PRIMARY KEY (listing_id, of_listing_id, sha256),
    CONSTRAINT copies_of_others CHECK (organisation_id <> of_organisation_id),
    CONSTRAINT copies_come_later CHECK (of_entry_id < entry_id)
);
CREATE INDEX copies_of ON lookups.copies (of_listing_id, found_at);
GRANT SELECT, INSERT ON lookups.copies TO souk_app;

-- How many good licences there are for a work: a number only, whoever holds them.
CREATE FUNCTION lookups.good_licences(listing text, moment timestamptz) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT count(*) FROM licences.licences l
    WHERE l.listing_id = listing AND l.revoked_at IS NULL
        AND (l.valid_until IS NULL OR l.valid_until > moment)
        AND (l.uses_left IS NULL OR l.uses_left > 0)
$$;
REVOKE ALL ON FUNCTION lookups.good_licences(text, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION lookups.good_licences(text, timestamptz) TO souk_app;

------------------------------------------------------------------------------------------------
-- Certificates: what the holder of a licence shows of it, to whoever has the code.
------------------------------------------------------------------------------------------------
CREATE SCHEMA certificates;
GRANT USAGE ON SCHEMA certificates TO souk_app;

CREATE TABLE certificates.certificates (
    id text PRIMARY KEY,
    code text NOT NULL UNIQUE CHECK (code ~ '^[a-z2-7]{26}$'),
    licence_id text NOT NULL REFERENCES licences.licences,
    owner_organisation_id text NOT NULL,
    shows_holder boolean NOT NULL,
    made_at timestamptz NOT NULL,
    withdrawn_at timestamptz
);
CREATE UNIQUE INDEX certificates_of_licence ON certificates.certificates (licence_id, owner_organisation_id)
    WHERE withdrawn_at IS NULL;
ALTER TABLE certificates.certificates ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON certificates.certificates USING (infra.may_see(owner_organisation_id));
GRANT SELECT, INSERT, UPDATE (shows_holder, withdrawn_at) ON certificates.certificates TO souk_app;

-- What anybody who has the code may see. The holder's name only where the holder agreed.
CREATE FUNCTION certificates.shown(wanted text) RETURNS TABLE (
        id text, code text, shows_holder boolean, made_at timestamptz, licence_id text,
        listing_id text, listing_address text, listing_title text, version text,
        content_sha256 text, spdx text, licensor_id text, licensor_slug text, licensor_name text,
        holder_id text, holder_slug text, holder_name text, kind text, duration_days integer,
        transferable boolean, use_limit bigint, uses_left bigint, seat_limit integer,
        valid_from timestamptz, valid_until timestamptz, revoked_at timestamptz,
        passed_on boolean, provenance_entry_id text
    )
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT c.id, c.code, c.shows_holder, c.made_at, l.id, l.listing_id, l.listing_address,
        l.listing_title, l.version, l.content_sha256, l.spdx, l.licensor_id, l.licensor_slug,
        l.licensor_name,
        CASE WHEN c.shows_holder AND l.licensee_id = c.owner_organisation_id THEN l.licensee_id END,
        CASE WHEN c.shows_holder AND l.licensee_id = c.owner_organisation_id THEN l.licensee_slug END,
        CASE WHEN c.shows_holder AND l.licensee_id = c.owner_organisation_id THEN l.licensee_name END,
        l.kind, l.duration_days, l.transferable, l.use_limit, l.uses_left, l.seat_limit,
        l.valid_from, l.valid_until, l.revoked_at, l.licensee_id <> c.owner_organisation_id,
        l.provenance_entry_id
    FROM certificates.certificates c JOIN licences.licences l ON l.id = c.licence_id
    WHERE c.code = wanted AND c.withdrawn_at IS NULL
$$;
REVOKE ALL ON FUNCTION certificates.shown(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION certificates.shown(text) TO souk_app;

------------------------------------------------------------------------------------------------
-- Events that sellers' own programs tell of their works.
------------------------------------------------------------------------------------------------
ALTER TABLE provenance.entries DROP CONSTRAINT entries_kind_check;
ALTER TABLE provenance.entries ADD CONSTRAINT entries_kind_check
    CHECK (kind IN (
        'created', 'edited', 'published', 'retired', 'sold', 'licensed', 'transferred',
        'refunded', 'revoked', 'noted'
    ));

-- How many an organisation has told on each day: the log is public and cannot be tidied up.
CREATE TABLE provenance.noted_days (
    organisation_id text NOT NULL,
    day date NOT NULL,
    events bigint NOT NULL CHECK (events > 0),
    PRIMARY KEY (organisation_id, day)
);
ALTER TABLE provenance.noted_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON provenance.noted_days USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, UPDATE (events) ON provenance.noted_days TO souk_app;
