-- Users, sessions, API keys, organisations.

CREATE SCHEMA people;
GRANT USAGE ON SCHEMA people TO souk_app;

CREATE FUNCTION people.is_me(user_id text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
    RETURN infra.is_system() OR user_id = current_setting('souk.user_id', true);

CREATE TABLE people.users (
    id text PRIMARY KEY,
    email text NOT NULL CHECK (email = lower(email)),
    name text NOT NULL,
    bio text NOT NULL DEFAULT '',
    roles text[] NOT NULL CHECK (roles <@ ARRAY['buyer', 'seller', 'admin']),
    password_hash text NOT NULL,
    organisation_id text NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX users_email ON people.users (email);

-- Organisations are public by name; what they own is not.
CREATE TABLE people.organisations (
    id text PRIMARY KEY,
    slug text NOT NULL,
    name text NOT NULL,
    personal boolean NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX organisations_slug ON people.organisations (slug);
ALTER TABLE people.users ADD FOREIGN KEY (organisation_id) REFERENCES people.organisations
    DEFERRABLE INITIALLY DEFERRED;

CREATE TABLE people.memberships (
    organisation_id text NOT NULL REFERENCES people.organisations,
    user_id text NOT NULL REFERENCES people.users,
    role text NOT NULL CHECK (role IN ('owner', 'manager', 'member')),
    joined_at timestamptz NOT NULL,
    PRIMARY KEY (organisation_id, user_id)
);
CREATE INDEX memberships_of_user ON people.memberships (user_id);

CREATE TABLE people.invitations (
    id text PRIMARY KEY,
    organisation_id text NOT NULL REFERENCES people.organisations,
    email text NOT NULL CHECK (email = lower(email)),
    role text NOT NULL CHECK (role IN ('owner', 'manager', 'member')),
    state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'accepted', 'declined')),
    invited_by text NOT NULL REFERENCES people.users,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX invitations_pending ON people.invitations (organisation_id, email)
    WHERE state = 'pending';
CREATE INDEX invitations_by_email ON people.invitations (email);

-- A sign-in. Secrets are kept as SHA-256 of 256 random bits. `previous_hash` tells a refresh token that
-- is used twice, which ends the session.
CREATE TABLE people.sessions (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES people.users,
    kind text NOT NULL CHECK (kind IN ('token', 'page')),
    secret_hash bytea NOT NULL,
    previous_hash bytea,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz
);
CREATE INDEX sessions_of_user ON people.sessions (user_id);

CREATE TABLE people.api_keys (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES people.users,
    name text NOT NULL,
    hint text NOT NULL,
    secret_hash text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used_at timestamptz,
    revoked_at timestamptz
);
CREATE INDEX api_keys_of_user ON people.api_keys (user_id);

GRANT SELECT, INSERT, UPDATE ON people.users, people.organisations, people.invitations,
    people.sessions, people.api_keys TO souk_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON people.memberships TO souk_app;
GRANT DELETE ON people.sessions TO souk_app;

ALTER TABLE people.users ENABLE ROW LEVEL SECURITY;
ALTER TABLE people.memberships ENABLE ROW LEVEL SECURITY;
ALTER TABLE people.invitations ENABLE ROW LEVEL SECURITY;
ALTER TABLE people.sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE people.api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE people.organisations ENABLE ROW LEVEL SECURITY;

CREATE POLICY members ON people.memberships
    USING (infra.may_see(organisation_id) OR people.is_me(user_id));
-- Members of one organisation see each other's names.
CREATE POLICY known ON people.users USING (
    people.is_me(id)
    OR EXISTS (SELECT 1 FROM people.memberships m WHERE m.user_id = users.id)
);
CREATE POLICY invited ON people.invitations USING (
    infra.may_see(organisation_id)
    OR email = (SELECT u.email FROM people.users u WHERE people.is_me(u.id) AND NOT infra.is_system())
);
CREATE POLICY own ON people.sessions USING (people.is_me(user_id));
CREATE POLICY own ON people.api_keys USING (people.is_me(user_id));
CREATE POLICY named ON people.organisations FOR SELECT USING (true);
CREATE POLICY made ON people.organisations FOR INSERT WITH CHECK (true);
CREATE POLICY managed ON people.organisations FOR UPDATE USING (infra.may_see(id));
