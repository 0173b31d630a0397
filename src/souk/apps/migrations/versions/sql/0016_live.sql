-- Live messages: written by the transaction that they tell of, numbered after its commit, kept for a short time.

-- On their way. An identity's order is not the order of commits, so these numbers are shown to nobody.
CREATE TABLE infra.live_waiting (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel text NOT NULL CHECK (channel ~ '^[a-z]{1,20}(:[a-z0-9_]{1,64})?$'),
    kind text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_.]{0,63}$'),
    data jsonb NOT NULL CHECK (octet_length(data::text) <= 8192)
);
GRANT SELECT, INSERT, DELETE ON infra.live_waiting TO souk_app;
ALTER TABLE infra.live_waiting ENABLE ROW LEVEL SECURITY;
CREATE POLICY written ON infra.live_waiting FOR INSERT WITH CHECK (true);
CREATE POLICY taken ON infra.live_waiting FOR SELECT USING (infra.is_system());
CREATE POLICY removed ON infra.live_waiting FOR DELETE USING (infra.is_system());

-- Numbered. Whoever has seen a position has seen, or can read, every one below it.
CREATE TABLE infra.live_messages (
    position bigint PRIMARY KEY,
    channel text NOT NULL,
    kind text NOT NULL,
    data jsonb NOT NULL,
    placed_at timestamptz NOT NULL
);
CREATE INDEX live_messages_of_channel ON infra.live_messages (channel, position);
GRANT SELECT, INSERT, DELETE ON infra.live_messages TO souk_app;
ALTER TABLE infra.live_messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON infra.live_messages USING (infra.is_system());
CREATE TRIGGER append_only BEFORE UPDATE ON infra.live_messages
    FOR EACH ROW EXECUTE FUNCTION infra.refuse_change();

-- One row: the newest position, and the newest that is kept no more. Its lock is the turn to number.
CREATE TABLE infra.live_log (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    newest bigint NOT NULL DEFAULT 0,
    forgotten bigint NOT NULL DEFAULT 0 CHECK (forgotten <= newest)
);
INSERT INTO infra.live_log DEFAULT VALUES;
GRANT SELECT ON infra.live_log TO souk_app;
GRANT UPDATE (newest, forgotten) ON infra.live_log TO souk_app;

-- What the operator watches.

-- What each process says of itself, every other second; of no use after a crash, so unlogged.
CREATE UNLOGGED TABLE infra.processes (
    id text PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('http', 'worker')),
    host text NOT NULL,
    pid integer NOT NULL,
    started_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    memory_bytes bigint NOT NULL,
    gauges jsonb NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON infra.processes TO souk_app;
ALTER TABLE infra.processes ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON infra.processes USING (infra.is_system());

-- Each schedule, with its last run.
CREATE TABLE infra.schedules (
    name text PRIMARY KEY,
    every_s double precision NOT NULL,
    started_at timestamptz,
    took_ms double precision,
    failed_at timestamptz,
    last_error text,
    runs bigint NOT NULL DEFAULT 0,
    failures bigint NOT NULL DEFAULT 0
);
GRANT SELECT, INSERT, UPDATE, DELETE ON infra.schedules TO souk_app;
ALTER TABLE infra.schedules ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON infra.schedules USING (infra.is_system());

-- Durable workflows live in DBOS's own schema, which the application's role cannot read.
CREATE FUNCTION infra.workflow_runs(wanted integer) RETURNS TABLE (
    id text, name text, state text, attempts bigint, steps bigint,
    created_at timestamptz, updated_at timestamptz
) LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT infra.is_system() OR to_regclass('dbos.workflow_status') IS NULL THEN
        RETURN;
    END IF;
    RETURN QUERY EXECUTE
        'SELECT w.workflow_uuid::text, w.name::text, lower(w.status::text), '
        '  coalesce(w.recovery_attempts, 0), '
        '  (SELECT count(*) FROM dbos.operation_outputs o WHERE o.workflow_uuid = w.workflow_uuid), '
        '  to_timestamp(w.created_at / 1000.0), to_timestamp(w.updated_at / 1000.0) '
        'FROM dbos.workflow_status w '
        'ORDER BY w.status IN (''SUCCESS'', ''CANCELLED''), w.created_at DESC LIMIT $1'
        USING wanted;
END $$;
REVOKE ALL ON FUNCTION infra.workflow_runs(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infra.workflow_runs(integer) TO souk_app;

CREATE FUNCTION infra.workflows_open() RETURNS bigint
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    found bigint := 0;
BEGIN
    IF infra.is_system() AND to_regclass('dbos.workflow_status') IS NOT NULL THEN
        EXECUTE 'SELECT count(*) FROM dbos.workflow_status '
            'WHERE status IN (''PENDING'', ''ENQUEUED'', ''DELAYED'')' INTO found;
    END IF;
    RETURN found;
END $$;
REVOKE ALL ON FUNCTION infra.workflows_open() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION infra.workflows_open() TO souk_app;
