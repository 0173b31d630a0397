-- Wallets that people linked to their accounts.

CREATE TABLE people.wallets (
    id text PRIMARY KEY,
    user_id text NOT NULL REFERENCES people.users,
    address text NOT NULL CHECK (address ~ '^0x[0-9a-f]{40}$'),
    kind text NOT NULL CHECK (kind IN ('key', 'contract')),
    chain_id bigint NOT NULL CHECK (chain_id > 0),
    name text NOT NULL DEFAULT '' CHECK (length(name) <= 120),
    published boolean NOT NULL DEFAULT false,
    linked_at timestamptz NOT NULL,
    last_used_at timestamptz
);
-- A wallet belongs to one account.
CREATE UNIQUE INDEX wallets_address ON people.wallets (address);
CREATE INDEX wallets_of_user ON people.wallets (user_id);

-- Messages that were given out to be signed; each does its work once.
CREATE TABLE people.wallet_challenges (
    nonce text PRIMARY KEY CHECK (nonce ~ '^[0-9a-zA-Z]{16,}$'),
    purpose text NOT NULL CHECK (purpose IN ('sign_in', 'link')),
    user_id text REFERENCES people.users,
    statement text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > created_at),
    used_at timestamptz,
    CHECK ((purpose = 'link') = (user_id IS NOT NULL))
);
CREATE INDEX wallet_challenges_expiry ON people.wallet_challenges (expires_at);

GRANT SELECT, INSERT, UPDATE, DELETE ON people.wallets, people.wallet_challenges TO souk_app;

ALTER TABLE people.wallets ENABLE ROW LEVEL SECURITY;
ALTER TABLE people.wallet_challenges ENABLE ROW LEVEL SECURITY;

CREATE POLICY own ON people.wallets USING (people.is_me(user_id));
-- What its owner shows to everybody stands in the owner's DID document.
CREATE POLICY shown ON people.wallets FOR SELECT USING (published);
CREATE POLICY system ON people.wallet_challenges USING (infra.is_system());

-- Verifiable credentials of verified sellers. A number in the list of revoked ones is never used again.
CREATE TABLE badges.credentials (
    id text PRIMARY KEY,
    owner_organisation_id text NOT NULL REFERENCES people.organisations,
    list_number integer NOT NULL CHECK (list_number > 0),
    list_index integer NOT NULL CHECK (list_index BETWEEN 0 AND 131071),
    token text NOT NULL,
    issued_by text NOT NULL REFERENCES people.users,
    issued_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL CHECK (expires_at > issued_at),
    checked_at timestamptz NOT NULL,
    revoked_at timestamptz,
    revoked_reason text NOT NULL DEFAULT '' CHECK (length(revoked_reason) <= 200),
    UNIQUE (list_number, list_index)
);
CREATE UNIQUE INDEX credentials_live ON badges.credentials (owner_organisation_id)
    WHERE revoked_at IS NULL;
CREATE INDEX credentials_checked ON badges.credentials (checked_at) WHERE revoked_at IS NULL;
CREATE INDEX credentials_revoked ON badges.credentials (list_number, list_index)
    WHERE revoked_at IS NOT NULL;
GRANT SELECT, INSERT, UPDATE ON badges.credentials TO souk_app;
ALTER TABLE badges.credentials ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON badges.credentials USING (infra.may_see(owner_organisation_id));
CREATE POLICY shown ON badges.credentials FOR SELECT USING (revoked_at IS NULL);
