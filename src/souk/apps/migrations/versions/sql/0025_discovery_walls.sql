-- What moderators hide is walled off by the database too: listings' offers and evaluations,
-- collections, organisations. Where buyers are.

ALTER POLICY offers_seen ON works.offers USING (
    infra.may_see(organisation_id) OR EXISTS (
        SELECT FROM works.listings l
        WHERE l.id = listing_id AND l.published_at IS NOT NULL AND l.hidden_at IS NULL
    )
);
ALTER POLICY evaluations_seen ON evaluation.evaluations USING (
    infra.may_see(owner_organisation_id) OR is_verified AND EXISTS (
        SELECT FROM works.listings l
        WHERE l.id = listing_id AND l.published_at IS NOT NULL AND l.hidden_at IS NULL
    )
);

-- Owners may change their rows, but not whether moderators hid them.
CREATE FUNCTION infra.guard_hiding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.hidden_at IS DISTINCT FROM OLD.hidden_at
            OR NEW.hidden_reason IS DISTINCT FROM OLD.hidden_reason)
        AND NOT infra.is_system() THEN
        RAISE EXCEPTION 'only moderators hide and restore' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$;

-- A hidden organisation has no storefront, its published listings are hidden with it, and nobody
-- else sees its collections. Its name stays where it was party to something.
ALTER TABLE people.organisations ADD COLUMN hidden_at timestamptz;
ALTER TABLE people.organisations ADD COLUMN hidden_reason text;
ALTER TABLE people.organisations ADD CONSTRAINT organisations_hiding
    CHECK ((hidden_at IS NULL) = (hidden_reason IS NULL));
CREATE TRIGGER guard_hiding BEFORE UPDATE OF hidden_at, hidden_reason ON people.organisations
    FOR EACH ROW EXECUTE FUNCTION infra.guard_hiding();
ALTER POLICY shown ON people.profiles USING (NOT EXISTS (
    SELECT FROM people.organisations o WHERE o.id = organisation_id AND o.hidden_at IS NOT NULL
));

-- Whether a listing is hidden only because its seller is: it comes back together with the seller.
ALTER TABLE works.listings ADD COLUMN hidden_with_seller boolean NOT NULL DEFAULT false;
ALTER TABLE works.listings ADD CONSTRAINT listings_hidden_with_seller
    CHECK (hidden_at IS NOT NULL OR NOT hidden_with_seller);

ALTER TABLE collections.collections ADD COLUMN hidden_at timestamptz;
ALTER TABLE collections.collections ADD COLUMN hidden_reason text;
ALTER TABLE collections.collections ADD CONSTRAINT collections_hiding
    CHECK ((hidden_at IS NULL) = (hidden_reason IS NULL));
CREATE TRIGGER guard_hiding BEFORE UPDATE OF hidden_at, hidden_reason ON collections.collections
    FOR EACH ROW EXECUTE FUNCTION infra.guard_hiding();
GRANT UPDATE (hidden_at, hidden_reason) ON collections.collections TO souk_app;
ALTER POLICY seen ON collections.collections USING (
    infra.may_see(owner_organisation_id) OR (
        visibility <> 'private' AND hidden_at IS NULL AND NOT EXISTS (
            SELECT FROM people.organisations o
            WHERE o.id = owner_organisation_id AND o.hidden_at IS NOT NULL
        )
    )
);

-- The country that an organisation says it buys from (ISO 3166-1 alpha-2).
CREATE TABLE people.billing (
    organisation_id text PRIMARY KEY REFERENCES people.organisations,
    country text NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    stated_by text NOT NULL,
    stated_at timestamptz NOT NULL
);
ALTER TABLE people.billing ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON people.billing USING (infra.may_see(organisation_id));
GRANT SELECT, INSERT, UPDATE (country, stated_by, stated_at) ON people.billing TO souk_app;
