-- Collections, favourites, followed sellers.

CREATE SCHEMA collections;
GRANT USAGE ON SCHEMA collections TO souk_app;

-- Favourites and follows: whose they are is private, how many there are is public.

CREATE TABLE collections.favourites (
    user_id text NOT NULL,
    listing_id text NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (user_id, listing_id)
);
CREATE INDEX favourites_latest ON collections.favourites (user_id, since DESC, listing_id DESC);
ALTER TABLE collections.favourites ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON collections.favourites USING (people.is_me(user_id));
GRANT SELECT, INSERT, DELETE ON collections.favourites TO souk_app;

CREATE TABLE collections.favourite_counts (
    listing_id text PRIMARY KEY,
    favourites bigint NOT NULL CHECK (favourites >= 0)
);
GRANT SELECT ON collections.favourite_counts TO souk_app;

CREATE TABLE collections.follows (
    user_id text NOT NULL,
    organisation_id text NOT NULL,
    since timestamptz NOT NULL,
    PRIMARY KEY (user_id, organisation_id)
);
CREATE INDEX follows_latest ON collections.follows (user_id, since DESC, organisation_id DESC);
-- The walk over all followers of a seller.
CREATE INDEX follows_of_seller ON collections.follows (organisation_id, user_id);
ALTER TABLE collections.follows ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON collections.follows USING (people.is_me(user_id));
GRANT SELECT, INSERT, DELETE ON collections.follows TO souk_app;

CREATE TABLE collections.follower_counts (
    organisation_id text PRIMARY KEY,
    followers bigint NOT NULL CHECK (followers >= 0)
);
GRANT SELECT ON collections.follower_counts TO souk_app;

-- The counts follow the rows, whoever changes them; nothing else writes them.
CREATE FUNCTION collections.count_favourite() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = collections, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO collections.favourite_counts AS c VALUES (NEW.listing_id, 1)
        ON CONFLICT (listing_id) DO UPDATE SET favourites = c.favourites + 1;
    ELSE
        UPDATE collections.favourite_counts SET favourites = favourites - 1
        WHERE listing_id = OLD.listing_id;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION collections.count_favourite() FROM PUBLIC;
CREATE TRIGGER counted AFTER INSERT OR DELETE ON collections.favourites
    FOR EACH ROW EXECUTE FUNCTION collections.count_favourite();

CREATE FUNCTION collections.count_follower() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = collections, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO collections.follower_counts AS c VALUES (NEW.organisation_id, 1)
        ON CONFLICT (organisation_id) DO UPDATE SET followers = c.followers + 1;
    ELSE
        UPDATE collections.follower_counts SET followers = followers - 1
        WHERE organisation_id = OLD.organisation_id;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION collections.count_follower() FROM PUBLIC;
CREATE TRIGGER counted AFTER INSERT OR DELETE ON collections.follows
    FOR EACH ROW EXECUTE FUNCTION collections.count_follower();

-- Curated lists.

CREATE TABLE collections.collections (
    id text PRIMARY KEY,
    owner_organisation_id text NOT NULL,
    slug text NOT NULL CHECK (slug ~ '^[a-z0-9]([a-z0-9._-]{0,94}[a-z0-9])?$'),
    title text NOT NULL CHECK (title <> ''),
    description text NOT NULL,
    visibility text NOT NULL CHECK (visibility IN ('public', 'unlisted', 'private')),
    item_count integer NOT NULL DEFAULT 0 CHECK (item_count >= 0),
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (owner_organisation_id, slug)
);
CREATE INDEX collections_public ON collections.collections (updated_at DESC, id DESC)
    WHERE visibility = 'public' AND item_count > 0;
CREATE INDEX collections_of_owner
    ON collections.collections (owner_organisation_id, updated_at DESC, id DESC);
ALTER TABLE collections.collections ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON collections.collections FOR SELECT
    USING (visibility <> 'private' OR infra.may_see(owner_organisation_id));
CREATE POLICY own ON collections.collections USING (infra.may_see(owner_organisation_id));
GRANT SELECT, INSERT, DELETE ON collections.collections TO souk_app;
GRANT UPDATE (title, description, visibility, item_count, updated_at) ON collections.collections
    TO souk_app;

CREATE TABLE collections.items (
    collection_id text NOT NULL REFERENCES collections.collections ON DELETE CASCADE,
    owner_organisation_id text NOT NULL,
    listing_id text NOT NULL,
    position integer NOT NULL,
    note text NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (collection_id, listing_id),
    UNIQUE (collection_id, position) DEFERRABLE INITIALLY DEFERRED
);
ALTER TABLE collections.items ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON collections.items FOR SELECT USING (
    EXISTS (SELECT 1 FROM collections.collections c WHERE c.id = collection_id)
);
CREATE POLICY own ON collections.items USING (infra.may_see(owner_organisation_id))
    WITH CHECK (infra.may_see(owner_organisation_id) AND EXISTS (
        SELECT 1 FROM collections.collections c
        WHERE c.id = collection_id AND c.owner_organisation_id = items.owner_organisation_id
    ));
GRANT SELECT, INSERT, DELETE ON collections.items TO souk_app;
GRANT UPDATE (position, note) ON collections.items TO souk_app;

-- What the admin shows on the front page; only what is shown now is public.
CREATE TABLE collections.featured (
    listing_id text PRIMARY KEY,
    position integer NOT NULL CHECK (position >= 1),
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    note text NOT NULL,
    added_by text NOT NULL,
    added_at timestamptz NOT NULL,
    CHECK (ends_at > starts_at)
);
ALTER TABLE collections.featured ENABLE ROW LEVEL SECURITY;
CREATE POLICY shown ON collections.featured FOR SELECT
    USING (infra.is_system() OR (starts_at <= now() AND (ends_at IS NULL OR ends_at > now())));
CREATE POLICY written ON collections.featured USING (infra.is_system());
GRANT SELECT, INSERT, UPDATE, DELETE ON collections.featured TO souk_app;
