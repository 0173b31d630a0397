-- Downloads.

CREATE SCHEMA delivery;
GRANT USAGE ON SCHEMA delivery TO souk_app;

-- Which files were begun to be downloaded under which licence. The first row of a licence ends the
-- buyer's right to a refund.
CREATE TABLE delivery.downloads (
    licence_id text NOT NULL,
    version_id text NOT NULL,
    sha256 text NOT NULL,
    licensee_organisation_id text NOT NULL,
    listing_id text NOT NULL,
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    count bigint NOT NULL DEFAULT 1 CHECK (count > 0),
    PRIMARY KEY (licence_id, version_id, sha256)
);
GRANT SELECT, INSERT, UPDATE ON delivery.downloads TO souk_app;
ALTER TABLE delivery.downloads ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON delivery.downloads USING (infra.may_see(licensee_organisation_id));
