-- Orders and refunds.

CREATE SCHEMA commerce;
GRANT USAGE ON SCHEMA commerce TO souk_app;

CREATE SEQUENCE commerce.order_numbers;
GRANT USAGE ON SEQUENCE commerce.order_numbers TO souk_app;

-- What was sold, as it stood then: later edits of the listing do not change a receipt.
CREATE TABLE commerce.orders (
    id text PRIMARY KEY,
    number bigint NOT NULL UNIQUE DEFAULT nextval('commerce.order_numbers'),
    state text NOT NULL CHECK (state IN ('paid', 'refunded')),
    listing_id text NOT NULL,
    listing_address text NOT NULL,
    listing_title text NOT NULL,
    version text NOT NULL,
    offer_id text NOT NULL,
    edition text NOT NULL,
    buyer_organisation_id text NOT NULL,
    buyer_slug text NOT NULL,
    buyer_name text NOT NULL,
    seller_organisation_id text NOT NULL,
    seller_slug text NOT NULL,
    seller_name text NOT NULL,
    bought_by text NOT NULL,
    price_minor bigint NOT NULL CHECK (price_minor >= 0),
    currency text NOT NULL,
    licence_id text NOT NULL UNIQUE,
    provenance_entry_id text NOT NULL,
    transfer_id text UNIQUE,
    perpetual boolean NOT NULL,
    created_at timestamptz NOT NULL,
    refunded_at timestamptz,
    refund_reason text,
    refund_transfer_id text UNIQUE,
    CHECK (buyer_organisation_id <> seller_organisation_id),
    CHECK ((price_minor = 0) = (transfer_id IS NULL)),
    CHECK ((state = 'refunded') = (refunded_at IS NOT NULL)),
    CHECK (refund_transfer_id IS NULL OR state = 'refunded')
);
-- A licence for ever is bought once.
CREATE UNIQUE INDEX orders_bought_once ON commerce.orders (buyer_organisation_id, offer_id)
    WHERE state = 'paid' AND perpetual;
CREATE INDEX orders_of_buyer ON commerce.orders (buyer_organisation_id, id DESC);
CREATE INDEX orders_of_seller ON commerce.orders (seller_organisation_id, id DESC);

-- Who got what of the price. Sums to the price, which the trigger below holds.
CREATE TABLE commerce.order_shares (
    order_id text NOT NULL REFERENCES commerce.orders,
    position smallint NOT NULL,
    role text NOT NULL CHECK (role IN ('creator', 'platform', 'affiliate', 'compliance', 'partner')),
    organisation_id text,
    organisation_slug text,
    organisation_name text,
    basis_points integer NOT NULL CHECK (basis_points BETWEEN 0 AND 10000),
    amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
    PRIMARY KEY (order_id, position)
);
CREATE INDEX order_shares_of ON commerce.order_shares (organisation_id, order_id);

CREATE FUNCTION commerce.check_shares() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT order_id FROM added) AS touched
        JOIN commerce.orders o ON o.id = touched.order_id
        WHERE (SELECT sum(s.amount_minor) FROM commerce.order_shares s WHERE s.order_id = o.id)
                  <> o.price_minor
           OR (SELECT sum(s.basis_points) FROM commerce.order_shares s WHERE s.order_id = o.id)
                  <> 10000
    ) THEN
        RAISE EXCEPTION 'the shares of an order must sum to its price'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER shares_sum AFTER INSERT ON commerce.order_shares
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION commerce.check_shares();
CREATE TRIGGER shares_final BEFORE UPDATE OR DELETE ON commerce.order_shares
    FOR EACH ROW EXECUTE FUNCTION infra.refuse_change();

GRANT SELECT, INSERT ON commerce.orders, commerce.order_shares TO souk_app;
GRANT UPDATE (state, refunded_at, refund_reason, refund_transfer_id) ON commerce.orders TO souk_app;

ALTER TABLE commerce.orders ENABLE ROW LEVEL SECURITY;
ALTER TABLE commerce.order_shares ENABLE ROW LEVEL SECURITY;
CREATE POLICY parties ON commerce.orders USING (
    infra.may_see(buyer_organisation_id) OR infra.may_see(seller_organisation_id)
);
-- The parties of an order see its whole split; a partner or affiliate sees the own share. Shares come
-- with their order in one statement, which cannot see the order yet: what may be added is held by
-- the sum over the order instead.
CREATE POLICY seen ON commerce.order_shares FOR SELECT USING (
    infra.may_see(organisation_id)
    OR EXISTS (SELECT 1 FROM commerce.orders o WHERE o.id = order_shares.order_id)
);
CREATE POLICY added ON commerce.order_shares FOR INSERT WITH CHECK (true);
