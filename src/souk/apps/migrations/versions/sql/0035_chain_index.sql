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
