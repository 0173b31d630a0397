-- Keys of encrypted artifacts, devices and receipts.

-- Encryption at rest ----------------------------------------------------------------------------

-- Key-encryption keys, sealed with the marketplace's secret. One wraps; replaced ones stay for as
-- long as they wrap anything.
CREATE TABLE infra.wrapping_keys (
    id text PRIMARY KEY,
    secret_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    retired_at timestamptz
);
CREATE UNIQUE INDEX wrapping_keys_current ON infra.wrapping_keys ((true)) WHERE retired_at IS NULL;

-- The key of each encrypted blob, whose header names it: a nonce, 32 wrapped bytes and a tag.
CREATE TABLE infra.data_keys (
    id bytea PRIMARY KEY CHECK (length(id) = 16),
    wrapping_key_id text NOT NULL REFERENCES infra.wrapping_keys,
    secret_wrapped bytea NOT NULL CHECK (length(secret_wrapped) = 60),
    created_at timestamptz NOT NULL
);
CREATE INDEX data_keys_wrapped ON infra.data_keys (wrapping_key_id);
ALTER TABLE infra.wrapping_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE infra.data_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON infra.wrapping_keys USING (infra.is_system());
CREATE POLICY system_only ON infra.data_keys USING (infra.is_system());
GRANT SELECT, INSERT, UPDATE, DELETE ON infra.wrapping_keys, infra.data_keys TO souk_app;

-- An upload whose parts are encrypted as they arrive. No reference: a key outlives the upload.
ALTER TABLE works.uploads ADD COLUMN data_key_id bytea CHECK (length(data_key_id) = 16);

-- Devices and what licences release to them -----------------------------------------------------

CREATE SCHEMA protection;
GRANT USAGE ON SCHEMA protection TO souk_app;

-- A device is its two public keys; the private halves never leave it.
CREATE TABLE protection.devices (
    id text PRIMARY KEY,
    user_id text NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    exchange_key bytea NOT NULL UNIQUE CHECK (length(exchange_key) = 32),
    signing_key bytea NOT NULL UNIQUE CHECK (length(signing_key) = 32),
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX devices_of_user ON protection.devices (user_id, id);
ALTER TABLE protection.devices ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protection.devices USING (people.is_me(user_id));

-- That a device has a licence's key. Slots are numbered up to the licence's limit, so there are
-- never more devices than that; what is set aside of a counted licence is never overspent.
CREATE TABLE protection.releases (
    licence_id text NOT NULL,
    device_id text NOT NULL REFERENCES protection.devices,
    organisation_id text NOT NULL,
    user_id text NOT NULL,
    device_name text NOT NULL,
    slot integer NOT NULL CHECK (slot >= 1),
    slot_limit integer NOT NULL CHECK (slot <= slot_limit),
    released_at timestamptz NOT NULL,
    offline_until timestamptz NOT NULL,
    uses_granted bigint,
    uses_receipted bigint CHECK (uses_receipted BETWEEN 0 AND uses_granted),
    sequence bigint NOT NULL DEFAULT 0 CHECK (sequence >= 0),
    last_hash text NOT NULL DEFAULT '',
    forked_at timestamptz,
    ended_at timestamptz,
    PRIMARY KEY (licence_id, device_id),
    CHECK ((uses_granted IS NULL) = (uses_receipted IS NULL)),
    CHECK ((sequence = 0) = (last_hash = ''))
);
CREATE UNIQUE INDEX releases_slots ON protection.releases (licence_id, slot) WHERE ended_at IS NULL;
CREATE INDEX releases_of_device ON protection.releases (device_id);
ALTER TABLE protection.releases ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protection.releases USING (infra.may_see(organisation_id));

-- What devices signed of their uses. Two receipts can neither have one number nor follow one other.
CREATE TABLE protection.receipts (
    licence_id text NOT NULL,
    device_id text NOT NULL,
    organisation_id text NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$'),
    previous text NOT NULL,
    uses bigint NOT NULL CHECK (uses >= 1),
    total bigint NOT NULL CHECK (total >= uses),
    used_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    receipt text NOT NULL,
    PRIMARY KEY (licence_id, device_id, sequence),
    UNIQUE (licence_id, device_id, previous),
    FOREIGN KEY (licence_id, device_id) REFERENCES protection.releases,
    CHECK ((sequence = 1) = (previous = ''))
);
ALTER TABLE protection.receipts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON protection.receipts USING (infra.may_see(organisation_id));
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON protection.receipts
    FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change();

-- What sellers chose for their listings; public, since buyers have to know.
CREATE TABLE protection.choices (
    listing_id text PRIMARY KEY,
    organisation_id text NOT NULL,
    delivery text NOT NULL CHECK (delivery IN ('open', 'devices')),
    changed_at timestamptz NOT NULL
);
ALTER TABLE protection.choices ENABLE ROW LEVEL SECURITY;
CREATE POLICY shown ON protection.choices FOR SELECT USING (true);
CREATE POLICY own ON protection.choices USING (infra.may_see(organisation_id));

GRANT SELECT, INSERT, UPDATE ON protection.devices, protection.releases, protection.choices
    TO souk_app;
GRANT SELECT, INSERT ON protection.receipts TO souk_app;

-- Copies that carry a licence's mark. Each has a hash of its own, which a signed statement ties to
-- the file that it was made of. Both parties see that it exists.
CREATE TABLE protection.marked_copies (
    licence_id text NOT NULL,
    source_sha256 text NOT NULL,
    path text NOT NULL,
    listing_id text NOT NULL,
    version_id text NOT NULL,
    organisation_id text NOT NULL,
    licensor_id text NOT NULL,
    sha256 text NOT NULL CHECK (sha256 <> source_sha256),
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    weights bigint NOT NULL CHECK (weights >= 0),
    statement text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (licence_id, source_sha256, path)
);
CREATE INDEX marked_copies_of_file ON protection.marked_copies (listing_id, source_sha256);
ALTER TABLE protection.marked_copies ENABLE ROW LEVEL SECURITY;
CREATE POLICY parties ON protection.marked_copies
    USING (infra.may_see(organisation_id) OR infra.may_see(licensor_id));
GRANT SELECT, INSERT ON protection.marked_copies TO souk_app;
