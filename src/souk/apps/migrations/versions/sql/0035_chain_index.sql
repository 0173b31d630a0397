-- What the contracts announced, read from the chains.
--
-- Facts are public anyway, on the chain itself. Mints and asks are an organisation's.
CREATE SCHEMA chain_index;
GRANT USAGE ON SCHEMA chain_index TO souk_app;

-- How far each chain was read, and the hash of the block there: the next one has to name it as its parent.
CREATE TABLE chain_index.cursors (
    network text PRIMARY KEY REFERENCES chain.networks,
    started_block bigint NOT NULL CHECK (started_block >= 0),
    indexed_block bigint NOT NULL CHECK (indexed_block >= started_block - 1),
    indexed_hash text NOT NULL CHECK (indexed_hash ~ '^(0x[0-9a-f]{64})?$'),
    read_at timestamptz NOT NULL,
    CONSTRAINT cursors_hash CHECK ((indexed_hash = '') = (indexed_block < started_block))
);

-- The blocks that were read last: where a chain and its re-organised form part is found among them.
CREATE TABLE chain_index.blocks (
    network text NOT NULL REFERENCES chain_index.cursors,
    number bigint NOT NULL CHECK (number >= 0),
    hash text NOT NULL CHECK (hash ~ '^0x[0-9a-f]{64}$'),
    PRIMARY KEY (network, number)
);

-- One log in one block. A fact that the chain took back stays, as undone; the same block may come back.
CREATE TABLE chain_index.facts (
    id text PRIMARY KEY,
    network text NOT NULL REFERENCES chain_index.cursors,
    kind text NOT NULL CHECK (kind <> ''),
    key text NOT NULL CHECK (key ~ '^0x[0-9a-f]{64}$'),
    stage text NOT NULL CHECK (stage IN ('seen', 'final', 'undone')),
    contract text NOT NULL CHECK (contract ~ '^0x[0-9a-f]{40}$'),
    block_number bigint NOT NULL CHECK (block_number >= 0),
    block_hash text NOT NULL CHECK (block_hash ~ '^0x[0-9a-f]{64}$'),
    block_time timestamptz NOT NULL,
    transaction_hash text NOT NULL CHECK (transaction_hash ~ '^0x[0-9a-f]{64}$'),
    log_index bigint NOT NULL CHECK (log_index >= 0),
    arguments jsonb NOT NULL CHECK (jsonb_typeof(arguments) = 'object'),
    seen_at timestamptz NOT NULL,
    final_at timestamptz,
    undone_at timestamptz,
    UNIQUE (network, block_hash, log_index),
    CONSTRAINT facts_undone CHECK ((stage = 'undone') = (undone_at IS NOT NULL)),
    CONSTRAINT facts_final CHECK (stage <> 'final' OR final_at IS NOT NULL)
);
CREATE UNIQUE INDEX facts_stand_once ON chain_index.facts (network, block_number, log_index) WHERE stage <> 'undone';
CREATE INDEX facts_about ON chain_index.facts (network, kind, key);
CREATE INDEX facts_unsettled ON chain_index.facts (network, block_number) WHERE stage = 'seen';

-- Which licence a token is: a token's id is the hash of the licence's.
CREATE TABLE chain_index.tokens (
    token_id text PRIMARY KEY CHECK (token_id ~ '^0x[0-9a-f]{64}$'),
    licence_id text NOT NULL UNIQUE
);

GRANT SELECT, INSERT, UPDATE ON chain_index.cursors, chain_index.facts TO souk_app;
GRANT SELECT, INSERT, DELETE, UPDATE (hash) ON chain_index.blocks TO souk_app;
GRANT SELECT, INSERT ON chain_index.tokens TO souk_app;

-- What a work's token says of it: the token has the hash of this text.
CREATE TABLE chain_index.works (
    token_id text PRIMARY KEY CHECK (token_id ~ '^0x[0-9a-f]{64}$'),
    listing_id text NOT NULL UNIQUE,
    metadata text NOT NULL CHECK (length(metadata) <= 10000)
);
GRANT SELECT, INSERT ON chain_index.works TO souk_app;

-- A licence that its holder wanted as a token: one of each on a chain.
CREATE TABLE chain_index.mints (
    licence_id text NOT NULL,
    network text NOT NULL REFERENCES chain.networks,
    chain text NOT NULL,
    chain_id bigint NOT NULL,
    contract text NOT NULL CHECK (contract ~ '^0x[0-9a-f]{40}$'),
    token_id text NOT NULL REFERENCES chain_index.tokens,
    wallet text NOT NULL CHECK (wallet ~ '^0x[0-9a-f]{40}$'),
    owner_organisation_id text NOT NULL,
    owner_slug text NOT NULL,
    owner_name text NOT NULL,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    PRIMARY KEY (licence_id, network)
);
GRANT SELECT, INSERT ON chain_index.mints TO souk_app;
ALTER TABLE chain_index.mints ENABLE ROW LEVEL SECURITY;
-- Whoever may see the licence may see what became of it.
CREATE POLICY parties ON chain_index.mints USING (
    infra.may_see(owner_organisation_id)
    OR EXISTS (SELECT FROM licences.licences l WHERE l.id = licence_id)
);

-- To whom a token went: the holder's organisation, or none while the wallet is nobody's here.
CREATE TABLE chain_index.moves (
    fact_id text PRIMARY KEY REFERENCES chain_index.facts,
    licence_id text NOT NULL,
    wallet text NOT NULL CHECK (wallet ~ '^0x[0-9a-f]{40}$'),
    organisation_id text,
    slug text,
    name text,
    decided_at timestamptz NOT NULL,
    CHECK ((organisation_id IS NULL) = (slug IS NULL) AND (slug IS NULL) = (name IS NULL))
);
CREATE INDEX moves_unclaimed ON chain_index.moves (fact_id) WHERE organisation_id IS NULL;
GRANT SELECT, INSERT, UPDATE (organisation_id, slug, name, decided_at) ON chain_index.moves TO souk_app;
ALTER TABLE chain_index.moves ENABLE ROW LEVEL SECURITY;
CREATE POLICY system_only ON chain_index.moves USING (infra.is_system());

-- A holder's wish to sell a licence on; public once it is signed.
CREATE TABLE chain_index.asks (
    id text PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('unsigned', 'open', 'sold', 'withdrawn')),
    network text NOT NULL REFERENCES chain.networks,
    chain text NOT NULL,
    chain_id bigint NOT NULL,
    licence_id text NOT NULL,
    token_id text NOT NULL REFERENCES chain_index.tokens,
    listing_id text NOT NULL,
    listing_address text NOT NULL,
    listing_title text NOT NULL,
    owner_organisation_id text NOT NULL,
    seller text NOT NULL CHECK (seller ~ '^0x[0-9a-f]{40}$'),
    currency text NOT NULL,
    token text NOT NULL CHECK (token ~ '^0x[0-9a-f]{40}$'),
    price_units numeric(78) NOT NULL CHECK (price_units > 0 AND price_units < 2::numeric ^ 128),
    nonce text NOT NULL CHECK (nonce ~ '^0x[0-9a-f]{64}$'),
    max_fee_bps integer NOT NULL CHECK (max_fee_bps BETWEEN 0 AND 2000),
    max_royalty_bps integer NOT NULL CHECK (max_royalty_bps BETWEEN 0 AND 2500),
    deadline timestamptz NOT NULL,
    signature bytea,
    fact_id text REFERENCES chain_index.facts,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    UNIQUE (network, seller, nonce),
    CHECK (state NOT IN ('open', 'sold') OR signature IS NOT NULL),
    CHECK ((state = 'sold') = (fact_id IS NOT NULL))
);
CREATE UNIQUE INDEX asks_one_open ON chain_index.asks (licence_id) WHERE state = 'open';
CREATE INDEX asks_of_listing ON chain_index.asks (listing_id, id DESC) WHERE state = 'open';
GRANT SELECT, INSERT, UPDATE (state, signature, fact_id, changed_at) ON chain_index.asks TO souk_app;
ALTER TABLE chain_index.asks ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON chain_index.asks USING (infra.may_see(owner_organisation_id));
CREATE POLICY for_sale ON chain_index.asks FOR SELECT USING (state = 'open');

-- A licence follows its token to another holder.
GRANT UPDATE (licensee_id, licensee_slug, licensee_name, licensee_salt, provenance_entry_id)
    ON licences.licences TO souk_app;

-- It changes hands only with an entry of the log that says so.
CREATE FUNCTION licences.refuse_silent_transfer() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.provenance_entry_id = OLD.provenance_entry_id THEN
        RAISE EXCEPTION 'licence % has no entry of its new holder', OLD.id
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER transfers_are_logged BEFORE UPDATE ON licences.licences FOR EACH ROW
    WHEN ((OLD.licensee_id, OLD.licensee_salt) IS DISTINCT FROM (NEW.licensee_id, NEW.licensee_salt))
    EXECUTE FUNCTION licences.refuse_silent_transfer();
