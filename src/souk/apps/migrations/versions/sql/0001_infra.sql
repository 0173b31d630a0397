-- Events, deliveries, idempotency, signing keys.

CREATE SCHEMA infra;
GRANT USAGE ON SCHEMA infra TO souk_app;
GRANT SELECT ON souk.schema_version TO souk_app;
GRANT USAGE ON SCHEMA souk TO souk_app;

-- The scope of a transaction, as the application set it with SET LOCAL. Inlined into policies.
CREATE FUNCTION infra.is_system() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(current_setting('souk.system', true), 'off') = 'on';

-- Whether the rows of this organisation may be seen in this transaction.
CREATE FUNCTION infra.may_see(organisation text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(current_setting('souk.system', true), 'off') = 'on'
        OR organisation = ANY (
            coalesce(nullif(current_setting('souk.organisations', true), ''), '{}')::text[]
        );

-- Refuses changes to a table that only ever grows.
CREATE FUNCTION infra.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;

-- Facts announced by transactions (the outbox).
CREATE TABLE infra.events (
    id text PRIMARY KEY,
    topic text NOT NULL,
    payload jsonb NOT NULL,
    occurred_at timestamptz NOT NULL,
    dispatched_at timestamptz
);
CREATE INDEX events_waiting ON infra.events (id) WHERE dispatched_at IS NULL;
CREATE INDEX events_by_topic ON infra.events (topic, id);
GRANT SELECT, INSERT, UPDATE, DELETE ON infra.events TO souk_app;

-- One row for each handler of an event. `done` here and the handler's effect are one transaction,
-- which is what makes a repeat harmless.
CREATE TABLE infra.deliveries (
    event_id text NOT NULL REFERENCES infra.events ON DELETE CASCADE,
    handler text NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done', 'dead')),
    attempts integer NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT now(),
    last_error text,
    finished_at timestamptz,
    PRIMARY KEY (event_id, handler)
);
CREATE INDEX deliveries_due ON infra.deliveries (handler, due_at, event_id) WHERE state = 'waiting';
CREATE INDEX deliveries_dead ON infra.deliveries (event_id) WHERE state = 'dead';
GRANT SELECT, INSERT, UPDATE, DELETE ON infra.deliveries TO souk_app;

-- Answers kept for a repeat of the same request. The answer is sealed, since it may hold a secret.
CREATE TABLE infra.idempotency (
    caller text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer,
    headers jsonb,
    answer bytea,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (caller, key)
);
CREATE INDEX idempotency_by_age ON infra.idempotency (created_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON infra.idempotency TO souk_app;

-- Ed25519 keys by purpose; the private half is sealed with the marketplace's secret.
CREATE TABLE infra.signing_keys (
    id text PRIMARY KEY,
    purpose text NOT NULL,
    public_key bytea NOT NULL CHECK (length(public_key) = 32),
    private_key_sealed bytea NOT NULL,
    created_at timestamptz NOT NULL,
    signs_until timestamptz,
    verifies_until timestamptz
);
CREATE UNIQUE INDEX signing_keys_current ON infra.signing_keys (purpose) WHERE signs_until IS NULL;
GRANT SELECT, INSERT, UPDATE ON infra.signing_keys TO souk_app;
