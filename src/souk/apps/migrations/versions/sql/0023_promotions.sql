-- Promotions: codes with which a seller's works cost less, and which orders used them.

CREATE SCHEMA promotions;
GRANT USAGE ON SCHEMA promotions TO souk_app;

-- What a code is worth never changes: ending it and making another leaves past orders true.
CREATE TABLE promotions.promotions (
    id text PRIMARY KEY,
    organisation_id text NOT NULL,
    code text NOT NULL CHECK (code ~ '^[A-Z0-9][A-Z0-9_-]{1,30}[A-Z0-9]$'),
    listing_id text,
    percent_off integer CHECK (percent_off BETWEEN 1 AND 100),
    amount_off_minor bigint CHECK (amount_off_minor BETWEEN 1 AND 1000000000000000),
    currency text,
    minimum_price_minor bigint NOT NULL CHECK (minimum_price_minor >= 0),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    max_uses integer CHECK (max_uses > 0),
    max_uses_per_buyer integer CHECK (max_uses_per_buyer > 0),
    uses integer NOT NULL DEFAULT 0 CHECK (uses >= 0),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    ended_at timestamptz,
    CHECK ((percent_off IS NULL) <> (amount_off_minor IS NULL)),
    CHECK (currency IS NOT NULL OR (amount_off_minor IS NULL AND minimum_price_minor = 0)),
    CHECK (ends_at > starts_at),
    CONSTRAINT promotions_never_overused CHECK (uses <= max_uses)
);
-- A seller's code means one thing at a time.
CREATE UNIQUE INDEX promotions_code ON promotions.promotions (organisation_id, code)
    WHERE ended_at IS NULL;
CREATE INDEX promotions_of ON promotions.promotions (organisation_id, id DESC);

-- An order's use of a code; both parties see it.
CREATE TABLE promotions.uses (
    order_id text PRIMARY KEY,
    promotion_id text NOT NULL REFERENCES promotions.promotions,
    code text NOT NULL,
    buyer_organisation_id text NOT NULL,
    seller_organisation_id text NOT NULL,
    list_price_minor bigint NOT NULL CHECK (list_price_minor > 0),
    discount_minor bigint NOT NULL CHECK (discount_minor BETWEEN 1 AND list_price_minor),
    used_at timestamptz NOT NULL,
    returned_at timestamptz
);
CREATE INDEX uses_of_buyer ON promotions.uses (promotion_id, buyer_organisation_id)
    WHERE returned_at IS NULL;

GRANT SELECT, INSERT, UPDATE (uses, ended_at) ON promotions.promotions TO souk_app;
GRANT SELECT, INSERT, UPDATE (returned_at) ON promotions.uses TO souk_app;
ALTER TABLE promotions.promotions ENABLE ROW LEVEL SECURITY;
ALTER TABLE promotions.uses ENABLE ROW LEVEL SECURITY;
CREATE POLICY promotions_own ON promotions.promotions USING (infra.may_see(organisation_id));
CREATE POLICY uses_parties ON promotions.uses USING (
    infra.may_see(buyer_organisation_id) OR infra.may_see(seller_organisation_id)
);

-- What an order would have cost without its code: kept with it, like all that a receipt shows.
ALTER TABLE commerce.orders
    ADD COLUMN promotion_code text,
    ADD COLUMN list_price_minor bigint,
    ADD CHECK ((promotion_code IS NULL) = (list_price_minor IS NULL)),
    ADD CHECK (list_price_minor > price_minor);
