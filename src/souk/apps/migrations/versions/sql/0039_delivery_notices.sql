-- Notices of the delivery network to its owners.

-- The nearest end of a certificate of its owner's own that the owner was told of, in days.
ALTER TABLE assets.certificates ADD COLUMN told_days integer CHECK (told_days IN (30, 7, 1));
GRANT UPDATE (told_days) ON assets.certificates TO souk_app;

-- Where alerts of the CDN are sent to, each signed with a secret that the receiver knows.
CREATE TABLE cdn.alert_webhooks (
    id text PRIMARY KEY,
    url text NOT NULL CHECK (url ~ '^https?://' AND length(url) <= 2000),
    secret_sealed bytea NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    last_at timestamptz,
    last_problem text NOT NULL DEFAULT ''
);
GRANT SELECT, INSERT, DELETE, UPDATE (last_at, last_problem) ON cdn.alert_webhooks TO souk_app;
ALTER TABLE cdn.alert_webhooks ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON cdn.alert_webhooks USING (infra.is_system());
