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
