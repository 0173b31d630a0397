-- The hub protocol.

CREATE SCHEMA hub;
GRANT USAGE ON SCHEMA hub TO souk_app;

-- What git would call the content of a small file: a client compares it with its own files to leave
-- out of a commit what has not changed. It follows from the content alone.
CREATE TABLE hub.blob_ids (
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    git_sha1 text NOT NULL CHECK (git_sha1 ~ '^[0-9a-f]{40}$')
);
GRANT SELECT, INSERT ON hub.blob_ids TO souk_app;

-- Branches and tags may go again. `main` stays, and versions are no refs.
GRANT DELETE ON works.refs TO souk_app;
CREATE FUNCTION works.keep_main() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.name = 'main' AND EXISTS (SELECT 1 FROM works.listings WHERE id = OLD.work_id) THEN
        RAISE EXCEPTION 'main stays as long as its work' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END
$$;
CREATE TRIGGER main_stays BEFORE DELETE ON works.refs
    FOR EACH ROW EXECUTE FUNCTION works.keep_main();

-- Removes a draft that was never public, with everything that hangs on it; false when it was, or
-- when it is not the caller's. What refers to it from elsewhere (an evaluation) keeps it.
CREATE FUNCTION works.discard_draft(discarded text) RETURNS boolean
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM 1 FROM works.listings l
    WHERE l.id = discarded AND l.state = 'draft' AND l.published_at IS NULL
      AND l.hidden_at IS NULL AND infra.may_see(l.organisation_id)
    FOR UPDATE;
    IF NOT FOUND
        OR EXISTS (SELECT 1 FROM works.versions WHERE listing_id = discarded
            AND published_at IS NOT NULL)
        OR EXISTS (SELECT 1 FROM evaluation.evaluations
            WHERE listing_id = discarded OR dataset_id = discarded)
        OR EXISTS (SELECT 1 FROM works.counts WHERE listing_id = discarded)
    THEN
        RETURN false;
    END IF;
    DELETE FROM galleries.images WHERE listing_id = discarded;
    DELETE FROM plugins.releases WHERE listing_id = discarded;
    UPDATE works.offers SET replaced_by = NULL WHERE listing_id = discarded;
    DELETE FROM works.offers WHERE listing_id = discarded;
    DELETE FROM works.versions WHERE listing_id = discarded;
    DELETE FROM works.listings WHERE id = discarded;
    DELETE FROM works.refs WHERE work_id = discarded;
    DELETE FROM works.revisions WHERE work_id = discarded;
    RETURN true;
END
$$;
REVOKE ALL ON FUNCTION works.discard_draft(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION works.discard_draft(text) TO souk_app;
