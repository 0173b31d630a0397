-- Galleries: the pictures of a listing, re-encoded in a few widths, and shown in an order.

CREATE SCHEMA galleries;
GRANT USAGE ON SCHEMA galleries TO souk_app;

-- What an image shows never changes; its words and place may.
CREATE TABLE galleries.images (
    id text PRIMARY KEY,
    listing_id text NOT NULL REFERENCES works.listings,
    owner_organisation_id text NOT NULL,
    alt text NOT NULL CHECK (alt <> '' AND length(alt) <= 300),
    place integer NOT NULL CHECK (place BETWEEN 0 AND 11),
    source_sha256 text NOT NULL CHECK (source_sha256 ~ '^[0-9a-f]{64}$'),
    variants jsonb NOT NULL CHECK (jsonb_array_length(variants) BETWEEN 1 AND 3),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT images_once UNIQUE (listing_id, source_sha256),
    CONSTRAINT images_in_order UNIQUE (listing_id, place) DEFERRABLE INITIALLY DEFERRED
);
ALTER TABLE galleries.images ENABLE ROW LEVEL SECURITY;
CREATE POLICY images_seen ON galleries.images FOR SELECT USING (
    infra.may_see(owner_organisation_id) OR EXISTS (
        SELECT FROM works.listings l WHERE l.id = listing_id AND l.published_at IS NOT NULL
    )
);
CREATE POLICY images_own ON galleries.images USING (infra.may_see(owner_organisation_id))
    WITH CHECK (
        infra.may_see(owner_organisation_id) AND EXISTS (
            SELECT FROM works.listings l
            WHERE l.id = listing_id AND l.organisation_id = owner_organisation_id
        )
    );
GRANT SELECT, INSERT, UPDATE (alt, place), DELETE ON galleries.images TO souk_app;
