-- Where a listing may be sold: parts of the world; none named is everywhere. Search finds by them.

ALTER TABLE works.listings ADD COLUMN regions text[] NOT NULL DEFAULT '{}'
    CHECK (regions <@ ARRAY['af', 'as', 'eu', 'na', 'oc', 'sa']);
