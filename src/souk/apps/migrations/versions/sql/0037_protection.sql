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
