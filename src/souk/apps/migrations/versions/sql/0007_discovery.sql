-- What search keeps in PostgreSQL: derived from works, so that an index is rebuilt without reading
-- every listing or embedding every text again.

CREATE SCHEMA discovery;
GRANT USAGE ON SCHEMA discovery TO souk_app;

-- Numbers every change of a document, in the order of commits (writers take an advisory lock).
CREATE SEQUENCE discovery.search_changes;
GRANT USAGE ON SEQUENCE discovery.search_changes TO souk_app;

-- A listing as the index sees it; a body of null says that it is to be found no more.
CREATE TABLE discovery.search_documents (
    listing_id text PRIMARY KEY,
    seq integer GENERATED ALWAYS AS IDENTITY (MAXVALUE 16777215) UNIQUE,
    change bigint NOT NULL UNIQUE,
    body bytea,
    text_hash bytea,
    vector bytea CHECK (octet_length(vector) = 768),
    model text,
    CHECK (body IS NOT NULL OR vector IS NULL),
    CHECK ((vector IS NULL) = (model IS NULL))
);
CREATE INDEX search_documents_without_vector ON discovery.search_documents (change)
    WHERE body IS NOT NULL AND vector IS NULL;
ALTER TABLE discovery.search_documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY search_documents_of_the_system ON discovery.search_documents
    USING (infra.is_system());
GRANT SELECT, INSERT, UPDATE ON discovery.search_documents TO souk_app;
