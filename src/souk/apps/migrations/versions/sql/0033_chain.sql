-- Chains, and what was done on them.
--
-- Everything here is public anyway, on the chain itself; nothing is anybody's private row.
CREATE SCHEMA chain;
GRANT USAGE ON SCHEMA chain TO souk_app;

-- A chain is its id and its first block: a local chain that was begun anew is another one.
CREATE TABLE chain.networks (
    key text PRIMARY KEY CHECK (key = chain_id || ':' || substr(genesis, 3, 16)),
    name text NOT NULL,
    chain_id bigint NOT NULL CHECK (chain_id > 0),
    genesis text NOT NULL CHECK (genesis ~ '^0x[0-9a-f]{64}$'),
    first_seen_at timestamptz NOT NULL,
    head_block bigint NOT NULL CHECK (head_block >= 0),
    seen_at timestamptz NOT NULL
);

-- The next nonce of an account: whoever takes one holds the row until its transaction is written.
CREATE TABLE chain.lanes (
    network text NOT NULL REFERENCES chain.networks,
    sender text NOT NULL CHECK (sender ~ '^0x[0-9a-f]{40}$'),
    next_nonce bigint NOT NULL CHECK (next_nonce >= 0),
    PRIMARY KEY (network, sender)
);

-- What shall happen on a chain, once each: `purpose` says what for, and is never used twice.
CREATE TABLE chain.transactions (
    id text PRIMARY KEY,
    network text NOT NULL REFERENCES chain.networks,
    purpose text NOT NULL CHECK (purpose <> ''),
    recipient text CHECK (recipient ~ '^0x[0-9a-f]{40}$'),
    data bytea NOT NULL,
    value numeric(78) NOT NULL CHECK (value >= 0),
    state text NOT NULL CHECK (state IN ('queued', 'sent', 'mined', 'final', 'failed')),
    not_before timestamptz NOT NULL,
    problem text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    sender text,
    nonce bigint,
    gas_limit bigint CHECK (gas_limit > 0),
    hash text,
    worked boolean,
    gas_used bigint,
    contract_address text,
    block_number bigint,
    block_hash text,
    block_time timestamptz,
    final_at timestamptz,
    UNIQUE (network, purpose),
    UNIQUE (network, sender, nonce),
    CONSTRAINT transactions_lane CHECK (
        (sender IS NULL) = (nonce IS NULL) AND (state = 'queued') = (nonce IS NULL)
    ),
    CONSTRAINT transactions_mined CHECK (
        (state IN ('mined', 'final', 'failed')) = (
            hash IS NOT NULL AND worked IS NOT NULL AND block_number IS NOT NULL
            AND block_hash IS NOT NULL AND block_time IS NOT NULL
        )
    ),
    CONSTRAINT transactions_final CHECK ((state IN ('final', 'failed')) = (final_at IS NOT NULL)),
    CONSTRAINT transactions_failed CHECK (state <> 'final' OR worked)
);
CREATE INDEX transactions_open ON chain.transactions (network, state, nonce)
    WHERE state IN ('queued', 'sent', 'mined');

-- Each signed form of a transaction, written before it is sent. All forms have the transaction's one
-- nonce, so the chain takes at most one of them.
CREATE TABLE chain.attempts (
    transaction_id text NOT NULL REFERENCES chain.transactions,
    number integer NOT NULL CHECK (number > 0),
    nonce bigint NOT NULL,
    hash text NOT NULL UNIQUE CHECK (hash ~ '^0x[0-9a-f]{64}$'),
    raw bytea NOT NULL,
    max_fee_wei numeric(78) NOT NULL,
    tip_wei numeric(78) NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (transaction_id, number)
);

-- Where Souk's contracts are.
CREATE TABLE chain.contracts (
    network text NOT NULL REFERENCES chain.networks,
    name text NOT NULL,
    address text NOT NULL CHECK (address ~ '^0x[0-9a-f]{40}$'),
    PRIMARY KEY (network, name)
);

-- Heads of the provenance log that were, or are being, written on a chain.
CREATE TABLE chain.anchors (
    network text NOT NULL REFERENCES chain.networks,
    tree_size bigint NOT NULL REFERENCES provenance.heads,
    root bytea NOT NULL CHECK (length(root) = 32),
    contract text NOT NULL,
    account text NOT NULL,
    transaction_id text NOT NULL UNIQUE REFERENCES chain.transactions,
    PRIMARY KEY (network, tree_size)
);
CREATE INDEX anchors_by_size ON chain.anchors (tree_size);

GRANT SELECT, INSERT, UPDATE ON chain.networks, chain.lanes, chain.transactions TO souk_app;
GRANT SELECT, INSERT ON chain.attempts, chain.contracts, chain.anchors TO souk_app;

DO $$
DECLARE
    grows_only text;
BEGIN
    FOREACH grows_only IN ARRAY ARRAY['attempts', 'contracts', 'anchors']
    LOOP
        EXECUTE format(
            'CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON chain.%I '
            'FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change()', grows_only
        );
    END LOOP;
END $$;
