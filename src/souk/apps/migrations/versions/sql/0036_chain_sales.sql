-- Orders that are paid on a chain.

ALTER TABLE commerce.orders ADD COLUMN payment text NOT NULL DEFAULT 'wallet'
    CHECK (payment IN ('wallet', 'chain'));

CREATE SCHEMA chain_sales;
GRANT USAGE ON SCHEMA chain_sales TO souk_app;

-- Offers are numbered in a series of this marketplace's own, so that one that was begun anew on the
-- same contract uses no number twice; neighbours share a word of the contract, which saves gas.
CREATE SEQUENCE chain_sales.numbers;
GRANT USAGE ON SEQUENCE chain_sales.numbers TO souk_app;
CREATE TABLE chain_sales.series (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    prefix text NOT NULL CHECK (prefix ~ '^[0-9a-f]{32}$')
);
GRANT SELECT, INSERT ON chain_sales.series TO souk_app;

-- An offer that was signed for a buyer, and what has become of it. What is bought is kept as it stood:
-- later edits of the listing change neither price nor terms of a signed offer.
CREATE TABLE chain_sales.sales (
    id text PRIMARY KEY,
    state text NOT NULL CHECK (state IN
        ('pending', 'confirmed', 'final', 'undone', 'refunded', 'credited', 'disputed')),
    network text NOT NULL,
    chain text NOT NULL,
    chain_id bigint NOT NULL CHECK (chain_id > 0),
    market text NOT NULL CHECK (market ~ '^0x[0-9a-f]{40}$'),
    nonce text NOT NULL CHECK (nonce ~ '^0x[0-9a-f]{64}$'),
    wallet text NOT NULL CHECK (wallet ~ '^0x[0-9a-f]{40}$'),
    token text NOT NULL CHECK (token ~ '^0x[0-9a-f]{40}$'),
    buyer_organisation_id text NOT NULL,
    seller_organisation_id text NOT NULL,
    bought_by text NOT NULL,
    listing_id text NOT NULL,
    offer_id text NOT NULL,
    listing_title text NOT NULL,
    price_minor bigint NOT NULL CHECK (price_minor BETWEEN 1 AND 1000000000000000),
    currency text NOT NULL,
    -- in the token's smallest units: what the contract takes, to the last one
    price_units numeric(78) NOT NULL CHECK (price_units > 0),
    quoted_minor bigint NOT NULL CHECK (quoted_minor > 0),
    quoted_currency text NOT NULL,
    rate text,
    rate_as_of date,
    rate_source text,
    purchase jsonb NOT NULL,
    direct_organisations text[] NOT NULL,
    voucher jsonb NOT NULL,
    signature bytea NOT NULL,
    permit jsonb,
    deadline timestamptz NOT NULL,
    refund_window_s integer NOT NULL CHECK (refund_window_s BETWEEN 0 AND 2592000),
    holds_reserve boolean NOT NULL,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    order_id text,
    licence_id text,
    credit_transfer_id text,
    fact_id text,
    transaction_hash text,
    block_number bigint,
    block_time timestamptz,
    refund_until timestamptz,
    released boolean NOT NULL DEFAULT false,
    hinted_hash text CHECK (hinted_hash ~ '^0x[0-9a-f]{64}$'),
    hint_problem text NOT NULL DEFAULT '',
    problem text NOT NULL DEFAULT '',
    UNIQUE (network, nonce),
    CHECK ((rate IS NULL) = (rate_as_of IS NULL) AND (rate IS NULL) = (rate_source IS NULL)),
    -- what is confirmed has its order and is on the chain
    CHECK (state NOT IN ('confirmed', 'final') OR (order_id IS NOT NULL AND licence_id IS NOT NULL)),
    CHECK (state NOT IN ('confirmed', 'final', 'credited', 'refunded')
        OR (fact_id IS NOT NULL AND transaction_hash IS NOT NULL AND block_number IS NOT NULL)),
    CHECK (state <> 'credited' OR credit_transfer_id IS NOT NULL)
);
CREATE UNIQUE INDEX sales_orders ON chain_sales.sales (order_id);
CREATE INDEX sales_of_buyer ON chain_sales.sales (buyer_organisation_id, id DESC);
CREATE INDEX sales_waiting ON chain_sales.sales (changed_at) WHERE state <> 'final';
CREATE INDEX sales_held ON chain_sales.sales (refund_until)
    WHERE refund_until IS NOT NULL AND NOT released;

-- Everything that happened to it, for buyers and for whoever compares the chain with the books.
CREATE TABLE chain_sales.steps (
    sale_id text NOT NULL REFERENCES chain_sales.sales,
    number integer NOT NULL CHECK (number > 0),
    state text NOT NULL,
    order_id text,
    transaction_hash text,
    block_number bigint,
    said text NOT NULL,
    happened_at timestamptz NOT NULL,
    PRIMARY KEY (sale_id, number)
);
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON chain_sales.steps
    FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change();

GRANT SELECT, INSERT ON chain_sales.sales, chain_sales.steps TO souk_app;
GRANT UPDATE (state, holds_reserve, changed_at, order_id, licence_id, credit_transfer_id, fact_id,
    transaction_hash, block_number, block_time, refund_until, released, hinted_hash, hint_problem,
    problem, permit) ON chain_sales.sales TO souk_app;

ALTER TABLE chain_sales.sales ENABLE ROW LEVEL SECURITY;
ALTER TABLE chain_sales.steps ENABLE ROW LEVEL SECURITY;
-- The seller sees a sale once it is one.
CREATE POLICY parties ON chain_sales.sales USING (
    infra.may_see(buyer_organisation_id)
    OR (order_id IS NOT NULL AND infra.may_see(seller_organisation_id))
);
CREATE POLICY parties ON chain_sales.steps USING (
    EXISTS (SELECT 1 FROM chain_sales.sales s WHERE s.id = steps.sale_id)
);

-- Where an organisation wants its part of such sales: a wallet that was proved to be one of its
-- managers'. Without one the marketplace gets the part and owes it in its books.
CREATE TABLE chain_sales.payouts (
    organisation_id text PRIMARY KEY,
    wallet text NOT NULL CHECK (wallet ~ '^0x[0-9a-f]{40}$'),
    -- the one chain where a contract wallet is known to be; null: a key is everywhere
    chain_id bigint,
    set_by text NOT NULL,
    set_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON chain_sales.payouts TO souk_app;
ALTER TABLE chain_sales.payouts ENABLE ROW LEVEL SECURITY;
CREATE POLICY payouts_own ON chain_sales.payouts USING (infra.may_see(organisation_id));

-- A sale pays sellers of whom the buyer's scope sees nothing.
CREATE FUNCTION chain_sales.payout_wallets(organisations text[], on_chain bigint)
RETURNS TABLE (organisation_id text, wallet text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.organisation_id, p.wallet FROM chain_sales.payouts p
    WHERE p.organisation_id = ANY (organisations) AND coalesce(p.chain_id, on_chain) = on_chain
$$;
REVOKE ALL ON FUNCTION chain_sales.payout_wallets FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chain_sales.payout_wallets TO souk_app;
