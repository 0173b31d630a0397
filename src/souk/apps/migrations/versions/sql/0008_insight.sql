-- Notices.

CREATE SCHEMA insight;
GRANT USAGE ON SCHEMA insight TO souk_app;

CREATE TABLE insight.notices (
    id text PRIMARY KEY,
    user_id text NOT NULL,
    event_id text NOT NULL,
    kind text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    link text,
    created_at timestamptz NOT NULL,
    read_at timestamptz,
    UNIQUE (event_id, user_id, kind)
);
CREATE INDEX notices_of_user ON insight.notices (user_id, id DESC);
CREATE INDEX notices_unread ON insight.notices (user_id) WHERE read_at IS NULL;
GRANT SELECT, INSERT, DELETE ON insight.notices TO souk_app;
GRANT UPDATE (read_at) ON insight.notices TO souk_app;
ALTER TABLE insight.notices ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON insight.notices USING (people.is_me(user_id));
