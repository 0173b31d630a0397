-- Reviews.

CREATE SCHEMA reviews;
GRANT USAGE ON SCHEMA reviews TO souk_app;

-- A review of one version, written by a user in the name of an organisation that held a licence then.
-- Withdrawn and hidden ones stay, for their author and for moderators, and do not count.
CREATE TABLE reviews.reviews (
    id text PRIMARY KEY,
    listing_id text NOT NULL,
    seller_id text NOT NULL,
    version_id text NOT NULL,
    version text NOT NULL,
    organisation_id text NOT NULL,
    user_id text NOT NULL,
    licence_id text NOT NULL,
    stars smallint NOT NULL CHECK (stars BETWEEN 1 AND 5),
    text text NOT NULL CHECK (length(text) <= 5000),
    helpful integer NOT NULL DEFAULT 0 CHECK (helpful >= 0),
    edits integer NOT NULL DEFAULT 0 CHECK (edits >= 0),
    licence_standing text NOT NULL DEFAULT 'held'
        CHECK (licence_standing IN ('held', 'refunded', 'revoked')),
    licence_ended_at timestamptz,
    created_at timestamptz NOT NULL,
    edited_at timestamptz,
    withdrawn_at timestamptz,
    hidden_at timestamptz,
    hidden_reason text,
    CONSTRAINT reviews_not_of_own_work CHECK (seller_id <> organisation_id),
    CONSTRAINT reviews_hiding CHECK ((hidden_at IS NULL) = (hidden_reason IS NULL)),
    CONSTRAINT reviews_licence_end CHECK ((licence_standing = 'held') = (licence_ended_at IS NULL)),
    UNIQUE (id, seller_id)
);
CREATE UNIQUE INDEX reviews_one_an_organisation
    ON reviews.reviews (listing_id, version_id, organisation_id) WHERE withdrawn_at IS NULL;
CREATE UNIQUE INDEX reviews_one_a_person
    ON reviews.reviews (listing_id, version_id, user_id) WHERE withdrawn_at IS NULL;
CREATE INDEX reviews_helpful ON reviews.reviews (listing_id, helpful DESC, id DESC)
    WHERE withdrawn_at IS NULL AND hidden_at IS NULL;
CREATE INDEX reviews_by_stars ON reviews.reviews (listing_id, stars, id DESC)
    WHERE withdrawn_at IS NULL AND hidden_at IS NULL;
CREATE INDEX reviews_newest ON reviews.reviews (listing_id, id DESC);
CREATE INDEX reviews_by_author ON reviews.reviews (user_id, id DESC);
CREATE INDEX reviews_by_seller ON reviews.reviews (seller_id, id DESC);
CREATE INDEX reviews_by_licence ON reviews.reviews (licence_id);

ALTER TABLE reviews.reviews ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON reviews.reviews FOR SELECT USING (
    (withdrawn_at IS NULL AND hidden_at IS NULL)
    OR infra.may_see(organisation_id) OR people.is_me(user_id)
);
CREATE POLICY written ON reviews.reviews FOR INSERT
    WITH CHECK (people.is_me(user_id) AND infra.may_see(organisation_id));
CREATE POLICY changed ON reviews.reviews FOR UPDATE USING (people.is_me(user_id));
GRANT SELECT, INSERT ON reviews.reviews TO souk_app;
GRANT UPDATE (stars, text, edited_at, withdrawn_at, hidden_at, hidden_reason, licence_standing,
    licence_ended_at) ON reviews.reviews TO souk_app;

-- Each form that a review had before an edit. Only the trigger below writes here.
CREATE TABLE reviews.forms (
    review_id text NOT NULL REFERENCES reviews.reviews,
    number integer NOT NULL CHECK (number >= 1),
    stars smallint NOT NULL,
    text text NOT NULL,
    replaced_at timestamptz NOT NULL,
    PRIMARY KEY (review_id, number)
);
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE OR TRUNCATE ON reviews.forms
    FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change();
ALTER TABLE reviews.forms ENABLE ROW LEVEL SECURITY;
-- Whoever sees the review (its own policy decides that) sees its history.
CREATE POLICY of_the_review ON reviews.forms FOR SELECT
    USING (EXISTS (SELECT 1 FROM reviews.reviews r WHERE r.id = review_id));
GRANT SELECT ON reviews.forms TO souk_app;

CREATE FUNCTION reviews.keep_form() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = reviews, pg_temp AS $$
BEGIN
    IF (NEW.hidden_at IS DISTINCT FROM OLD.hidden_at
        OR NEW.hidden_reason IS DISTINCT FROM OLD.hidden_reason
        OR NEW.licence_standing IS DISTINCT FROM OLD.licence_standing) AND NOT infra.is_system()
    THEN
        RAISE EXCEPTION 'only moderation hides a review' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS DISTINCT FROM OLD.withdrawn_at THEN
        RAISE EXCEPTION 'review % is withdrawn for good', OLD.id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.stars <> OLD.stars OR NEW.text <> OLD.text THEN
        NEW.edits := OLD.edits + 1;
        INSERT INTO reviews.forms (review_id, number, stars, text, replaced_at)
        VALUES (OLD.id, NEW.edits, OLD.stars, OLD.text, NEW.edited_at);
    END IF;
    RETURN NEW;
END $$;
REVOKE ALL ON FUNCTION reviews.keep_form() FROM PUBLIC;
CREATE TRIGGER keep_form BEFORE UPDATE ON reviews.reviews
    FOR EACH ROW EXECUTE FUNCTION reviews.keep_form();
CREATE TRIGGER refuse_removal BEFORE DELETE OR TRUNCATE ON reviews.reviews
    FOR EACH STATEMENT EXECUTE FUNCTION infra.refuse_change();

-- How many gave how many stars: shown on every listing, kept by the trigger below alone.
CREATE TABLE reviews.ratings (
    listing_id text PRIMARY KEY,
    counts integer[] NOT NULL CHECK (
        array_length(counts, 1) = 5 AND 0 <= ALL (counts)
    ),
    count integer NOT NULL
        GENERATED ALWAYS AS (counts[1] + counts[2] + counts[3] + counts[4] + counts[5]) STORED,
    total integer NOT NULL
        GENERATED ALWAYS AS (
            counts[1] + 2 * counts[2] + 3 * counts[3] + 4 * counts[4] + 5 * counts[5]
        ) STORED
);
GRANT SELECT ON reviews.ratings TO souk_app;

CREATE FUNCTION reviews.count_stars() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = reviews, pg_temp AS $$
DECLARE
    change integer[] := '{0,0,0,0,0}';
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.withdrawn_at IS NULL AND OLD.hidden_at IS NULL THEN
        change[OLD.stars] := change[OLD.stars] - 1;
    END IF;
    IF NEW.withdrawn_at IS NULL AND NEW.hidden_at IS NULL THEN
        change[NEW.stars] := change[NEW.stars] + 1;
    END IF;
    IF change <> '{0,0,0,0,0}' THEN
        INSERT INTO reviews.ratings (listing_id, counts) VALUES (NEW.listing_id, '{0,0,0,0,0}')
            ON CONFLICT DO NOTHING;
        UPDATE reviews.ratings SET counts = ARRAY[
            counts[1] + change[1], counts[2] + change[2], counts[3] + change[3],
            counts[4] + change[4], counts[5] + change[5]
        ] WHERE listing_id = NEW.listing_id;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION reviews.count_stars() FROM PUBLIC;
CREATE TRIGGER count_stars AFTER INSERT OR UPDATE OF stars, withdrawn_at, hidden_at
    ON reviews.reviews FOR EACH ROW EXECUTE FUNCTION reviews.count_stars();

-- The seller's one answer.
CREATE TABLE reviews.replies (
    review_id text PRIMARY KEY,
    seller_id text NOT NULL,
    user_id text NOT NULL,
    text text NOT NULL CHECK (length(text) BETWEEN 1 AND 2000),
    created_at timestamptz NOT NULL,
    edited_at timestamptz,
    FOREIGN KEY (review_id, seller_id) REFERENCES reviews.reviews (id, seller_id)
);
ALTER TABLE reviews.replies ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON reviews.replies FOR SELECT
    USING (EXISTS (SELECT 1 FROM reviews.reviews r WHERE r.id = review_id));
CREATE POLICY own ON reviews.replies USING (infra.may_see(seller_id));
GRANT SELECT, INSERT, DELETE, UPDATE (user_id, text, edited_at) ON reviews.replies TO souk_app;

-- Who found what helpful: known to nobody but the voter; the number stands in the review.
CREATE TABLE reviews.votes (
    review_id text NOT NULL REFERENCES reviews.reviews,
    user_id text NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (review_id, user_id)
);
ALTER TABLE reviews.votes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON reviews.votes USING (people.is_me(user_id));
GRANT SELECT, INSERT, DELETE ON reviews.votes TO souk_app;

CREATE FUNCTION reviews.count_vote() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = reviews, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE reviews.reviews SET helpful = helpful + 1
        WHERE id = NEW.review_id AND user_id <> NEW.user_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'nobody votes for their own review'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    ELSE
        UPDATE reviews.reviews SET helpful = helpful - 1 WHERE id = OLD.review_id;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION reviews.count_vote() FROM PUBLIC;
CREATE TRIGGER count_vote AFTER INSERT OR DELETE ON reviews.votes
    FOR EACH ROW EXECUTE FUNCTION reviews.count_vote();
