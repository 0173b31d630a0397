-- Xet: chunks, xorbs and how files are made of them.

CREATE SCHEMA xet;
GRANT USAGE ON SCHEMA xet TO souk_app;

-- A xorb is a row of chunks. Its bytes are in the blob store under its hash; or, with `source_sha256`,
-- they are those of an artifact that was uploaded plainly, from `source_start` on: no copy is kept.
-- `chunks` holds 40 bytes for each: its hash, its length, and where it ends in the xorb (little-endian).
CREATE TABLE xet.xorbs (
    hash text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
    chunk_count integer NOT NULL CHECK (chunk_count BETWEEN 1 AND 8192),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    stored_bytes bigint NOT NULL CHECK (stored_bytes > 0),
    chunks bytea NOT NULL CHECK (octet_length(chunks) = 40 * chunk_count),
    source_sha256 text REFERENCES works.artifacts,
    source_start bigint CHECK (source_start >= 0),
    created_at timestamptz NOT NULL,
    asked_at timestamptz NOT NULL,
    CHECK ((source_sha256 IS NULL) = (source_start IS NULL))
);
ALTER TABLE xet.xorbs ALTER COLUMN chunks SET STORAGE EXTERNAL;
CREATE INDEX xorbs_by_source ON xet.xorbs (source_sha256) WHERE source_sha256 IS NOT NULL;
CREATE INDEX xorbs_by_age ON xet.xorbs (asked_at);

-- Who may build files on a xorb: who sent all of it, and whose file is built on it already.
CREATE TABLE xet.xorb_holders (
    organisation_id text NOT NULL,
    xorb text NOT NULL REFERENCES xet.xorbs ON DELETE CASCADE,
    since timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, xorb)
);
CREATE INDEX xorb_holders_by_xorb ON xet.xorb_holders (xorb);
ALTER TABLE xet.xorb_holders ENABLE ROW LEVEL SECURITY;
CREATE POLICY holders_seen ON xet.xorb_holders FOR SELECT USING (infra.may_see(organisation_id));
CREATE POLICY holders_written ON xet.xorb_holders USING (infra.is_system());
GRANT SELECT, INSERT, DELETE ON xet.xorb_holders TO souk_app;

ALTER TABLE xet.xorbs ENABLE ROW LEVEL SECURITY;
CREATE POLICY xorbs_seen ON xet.xorbs FOR SELECT USING (
    infra.is_system() OR EXISTS (
        SELECT 1 FROM xet.xorb_holders h WHERE h.xorb = hash AND infra.may_see(h.organisation_id)
    )
);
CREATE POLICY xorbs_written ON xet.xorbs USING (infra.is_system());
GRANT SELECT, INSERT, DELETE, UPDATE (asked_at) ON xet.xorbs TO souk_app;

-- The chunks that clients ask for when they look for something to build on: one in 1024, and firsts.
CREATE TABLE xet.chunk_places (
    chunk text NOT NULL CHECK (chunk ~ '^[0-9a-f]{64}$'),
    xorb text NOT NULL REFERENCES xet.xorbs ON DELETE CASCADE,
    PRIMARY KEY (chunk, xorb)
);
CREATE INDEX chunk_places_by_xorb ON xet.chunk_places (xorb);
ALTER TABLE xet.chunk_places ENABLE ROW LEVEL SECURITY;
CREATE POLICY places_system ON xet.chunk_places USING (infra.is_system());
GRANT SELECT, INSERT, DELETE ON xet.chunk_places TO souk_app;

-- A file whose every byte was read and hashed before its row was written.
CREATE TABLE xet.files (
    hash text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),
    sha256 text NOT NULL REFERENCES works.artifacts,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    created_at timestamptz NOT NULL
);
CREATE INDEX files_by_sha256 ON xet.files (sha256, created_at);
ALTER TABLE xet.files ENABLE ROW LEVEL SECURITY;
-- Seen by whom the artifact is seen.
CREATE POLICY files_seen ON xet.files FOR SELECT USING (
    EXISTS (SELECT 1 FROM works.artifacts a WHERE a.sha256 = files.sha256)
);
CREATE POLICY files_written ON xet.files USING (infra.is_system());
GRANT SELECT, INSERT ON xet.files TO souk_app;

-- The runs of chunks that a file is made of, in order.
CREATE TABLE xet.terms (
    file text NOT NULL REFERENCES xet.files,
    number integer NOT NULL CHECK (number >= 0),
    file_start bigint NOT NULL CHECK (file_start >= 0),
    size_bytes bigint NOT NULL CHECK (size_bytes > 0),
    xorb text NOT NULL REFERENCES xet.xorbs,
    chunk_start integer NOT NULL CHECK (chunk_start >= 0),
    chunk_end integer NOT NULL CHECK (chunk_end > chunk_start),
    PRIMARY KEY (file, number)
);
CREATE INDEX terms_by_xorb ON xet.terms (xorb);
ALTER TABLE xet.terms ENABLE ROW LEVEL SECURITY;
CREATE POLICY terms_system ON xet.terms USING (infra.is_system());
GRANT SELECT, INSERT ON xet.terms TO souk_app;

-- Bytes that are to be removed from the blob store: noted until that is done, whatever dies meanwhile.
-- What is about to be stored is noted here too, until its row is written.
CREATE TABLE xet.removals (
    xorb text PRIMARY KEY,
    since timestamptz NOT NULL
);
ALTER TABLE xet.removals ENABLE ROW LEVEL SECURITY;
CREATE POLICY removals_system ON xet.removals USING (infra.is_system());
GRANT SELECT, INSERT, DELETE, UPDATE (since) ON xet.removals TO souk_app;
