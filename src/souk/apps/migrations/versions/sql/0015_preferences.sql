-- Preferences of notices.

-- A user's own choices; what has no row is as the marketplace suggests it.
CREATE TABLE insight.notice_preferences (
    user_id text NOT NULL,
    topic text NOT NULL CHECK (topic ~ '^[a-z_]{1,40}$'),
    in_app boolean NOT NULL,
    email boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (user_id, topic)
);
GRANT SELECT, INSERT, UPDATE ON insight.notice_preferences TO souk_app;
ALTER TABLE insight.notice_preferences ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON insight.notice_preferences USING (people.is_me(user_id));

-- A notice that only leaves as mail has a row too, so that a repeated event does not mail twice.
ALTER TABLE insight.notices ADD COLUMN in_app boolean NOT NULL DEFAULT true;
DROP INDEX insight.notices_of_user;
DROP INDEX insight.notices_unread;
CREATE INDEX notices_of_user ON insight.notices (user_id, id DESC) WHERE in_app;
CREATE INDEX notices_unread ON insight.notices (user_id, id DESC) WHERE read_at IS NULL AND in_app;
CREATE INDEX notices_by_age ON insight.notices (created_at);
