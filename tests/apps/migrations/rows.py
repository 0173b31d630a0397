"""Rows as a marketplace with one sale has them, in the words of the step that made each table."""

from typing import Final

AT: Final = "'2026-01-02T03:04:05Z'"
_HASH: Final = f"'{'ab' * 32}'"
_REVISION: Final = f"'{'cd' * 32}'"

PEOPLE: Final = f"""
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO infra.events (id, topic, payload, occurred_at)
SELECT 'evt_' || n, 'listing.published', jsonb_build_object('n', n), {AT}
FROM generate_series(1, 200) AS n;
INSERT INTO people.organisations (id, slug, name, personal, created_at)
SELECT 'org_' || n, 'ada-' || n, 'Ada ' || n, true, {AT}
FROM generate_series(1, 200) AS n;
INSERT INTO people.users
    (id, email, name, roles, password_hash, organisation_id, created_at)
SELECT 'usr_' || n, 'ada' || n || '@example.org', 'Ada', '{{buyer,seller}}', 'argon2', 'org_' || n,
    {AT}
FROM generate_series(1, 200) AS n;
"""

BOOKS: Final = f"""
DO $$
DECLARE
    accounts bigint[] := ARRAY(SELECT id FROM ledger.open_accounts(
        ARRAY['external', 'wallet', 'wallet', 'platform'],
        ARRAY['test', 'org_1', 'org_2', 'revenue'], ARRAY['USD', 'USD', 'USD', 'USD']
    ));
BEGIN
    IF ledger.record(
        ids => ARRAY['trf_1', 'trf_2'], kinds => ARRAY['deposit', 'sale'],
        keys => ARRAY['key 1', 'key 2'], hashes => ARRAY['\\x01', '\\x02']::bytea[],
        transfer_references => ARRAY[NULL, 'ord_1'], notes => ARRAY['', 'Iris'],
        reversals => ARRAY[NULL, NULL]::text[], recorded_at => {AT},
        positions => ARRAY[1, 1, 2, 2, 2],
        account_ids => accounts[1:2] || accounts[2:4],
        amounts => ARRAY[-5000, 5000, -1999, 1799, 200]
    ) IS NOT NULL THEN
        RAISE EXCEPTION 'the books refused the transfers';
    END IF;
END $$;
"""

WORKS: Final = f"""
INSERT INTO works.artifacts
    (sha256, size_bytes, cid, media_type, filename, scan_state, scan_facts, is_public, created_at)
VALUES ({_HASH}, 80, 'bafk', 'text/csv', 'iris.csv', 'clean', '{{"rows": 3}}', true, {AT});
INSERT INTO works.holders VALUES ({_HASH}, 'org_2', {AT});
INSERT INTO works.revisions (id, work_id, organisation_id, parents, files, tree_hash, file_count,
    size_bytes, message, author_id, is_public, created_at)
VALUES ({_REVISION}, 'lst_1', 'org_2', '{{}}', jsonb_build_object('iris.csv', {_HASH}), 'tree', 1,
    80, '1.0.0', 'usr_2', true, {AT});
INSERT INTO works.refs VALUES ('lst_1', 'main', 'org_2', {_REVISION}, {AT});
INSERT INTO works.listings (id, organisation_id, slug, kind, title, summary, card, licence,
    category, task, tags, metrics, compatibility, created_by, created_at, updated_at)
VALUES ('lst_1', 'org_2', 'iris', 'dataset', 'Iris', 'Flowers, mesürés', '# Iris', 'CC-BY-4.0',
    'biology', '', '{{flowers,small}}', '{{}}', '{{}}', 'usr_2', {AT}, {AT});
INSERT INTO works.versions
    (id, listing_id, organisation_id, version, revision_id, notes, created_at, published_at)
VALUES ('ver_1', 'lst_1', 'org_2', '1.0.0', {_REVISION}, 'First', {AT}, {AT});
UPDATE works.listings SET state = 'published', current_version_id = 'ver_1', published_at = {AT};
INSERT INTO works.offers (id, listing_id, organisation_id, edition, price_minor, currency, terms,
    split, shares, stock, sold, created_at)
VALUES ('off_1', 'lst_1', 'org_2', 'standard', 1999, 'USD', '{{"kind": "perpetual"}}', 'standard',
    '[]', 10, 1, {AT});
INSERT INTO works.counts VALUES ('lst_1', 'off_1', 0, 1, 3);
"""

RIGHTS: Final = f"""
INSERT INTO provenance.log (origin) VALUES ('souk.example/log');
INSERT INTO provenance.entries (leaf, created_at) VALUES (
    '{{"id":"prv_1","kind":"sold","listing_id":"lst_1","content_sha256":"' || {_HASH} || '"}}', {AT}
);
INSERT INTO provenance.file_hashes VALUES ({_HASH}, 'prv_1');
INSERT INTO provenance.parties VALUES ('org_1', 'prv_1'), ('org_2', 'prv_1');
INSERT INTO provenance.leaves SELECT 0, id, leaf_hash FROM provenance.entries;
INSERT INTO provenance.heads SELECT 1, leaf_hash, {AT}, 'note' FROM provenance.entries;
INSERT INTO licences.contents VALUES ({_HASH}, '[]');
INSERT INTO licences.licences (id, listing_id, listing_address, listing_title, version_id, version,
    content_sha256, spdx, licensee_id, licensee_slug, licensee_name, licensor_id, licensor_slug,
    licensor_name, order_id, kind, transferable, issued_at, valid_from, seat_limit,
    provenance_entry_id, licensee_salt)
VALUES ('lic_1', 'lst_1', 'ada-2/iris', 'Iris', 'ver_1', '1.0.0', {_HASH}, 'CC-BY-4.0', 'org_1',
    'ada-1', 'Ada 1', 'org_2', 'ada-2', 'Ada 2', 'ord_1', 'seats', true, {AT}, {AT}, 2, 'prv_1',
    {_HASH});
INSERT INTO licences.seats VALUES ('lic_1', 1, 2, 'usr_1', 'Ada', {AT});
"""

COMMERCE: Final = f"""
INSERT INTO commerce.orders (id, state, listing_id, listing_address, listing_title, version,
    offer_id, edition, buyer_organisation_id, buyer_slug, buyer_name, seller_organisation_id,
    seller_slug, seller_name, bought_by, price_minor, currency, licence_id, provenance_entry_id,
    transfer_id, perpetual, created_at)
VALUES ('ord_1', 'paid', 'lst_1', 'ada-2/iris', 'Iris', '1.0.0', 'off_1', 'standard', 'org_1',
    'ada-1', 'Ada 1', 'org_2', 'ada-2', 'Ada 2', 'usr_1', 1999, 'USD', 'lic_1', 'prv_1', 'trf_2',
    true, {AT});
INSERT INTO commerce.order_shares (order_id, position, role, organisation_id, basis_points,
    amount_minor)
VALUES ('ord_1', 0, 'creator', 'org_2', 9000, 1799), ('ord_1', 1, 'platform', NULL, 1000, 200);
"""

ROWS: Final = {"0002": PEOPLE, "0003": BOOKS, "0004": WORKS, "0005": RIGHTS, "0006": COMMERCE}
"""What is written as soon as a revision is there, and has to survive every later one."""
