"""What the log says about works that were really published, sold, edited, refunded and retired."""

import hashlib
import secrets
import time
from datetime import UTC, datetime

import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.rights import ProvenanceEntry
from souk_client.contracts.works import (
    Listing,
    ListingRequest,
    ListingUpdate,
    VersionFile,
)
from souk_client.proofs import verify_bundle
from souk_client.sdk import Souk
from tests.market import funded, organisation_of, publish, sign_up

pytestmark = pytest.mark.database


def history(client: Souk, listing: Listing, *, until: int) -> list[ProvenanceEntry]:
    """A listing's entries by their place, once there are so many; they come a moment later."""
    deadline = time.monotonic() + 60
    while True:
        found = client.provenance.log(listing_id=listing.id, limit=100).items
        placed = {entry.leaf_index: entry for entry in found if entry.leaf_index is not None}
        if len(placed) >= until:
            assert len(found) == len(placed) == until, [entry.kind for entry in found]
            return [placed[index] for index in sorted(placed)]
        assert time.monotonic() < deadline, [entry.kind for entry in found]
        time.sleep(0.05)


def test_a_works_life_is_in_the_log_each_event_once(base_url: str) -> None:
    seller, buyer = sign_up(base_url), funded(base_url)
    content = secrets.token_bytes(40).hex().encode()
    listing = publish(seller, content=content)
    history(seller, listing, until=2)
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    seller.listings.update(listing.id, ListingUpdate(summary="Now with a summary"))
    history(seller, listing, until=4)
    seller.orders.refund(order.id, reason="asked for it")
    seller.listings.retire(listing.id)
    entries = history(seller, listing, until=6)
    kinds = [entry.kind for entry in entries]
    assert sorted(kinds) == sorted(
        ["created", "published", "sold", "edited", "refunded", "retired"]
    )
    assert kinds.index("sold") < kinds.index("refunded")
    seller_id, buyer_id = organisation_of(seller), organisation_of(buyer)
    assert all(buyer_id not in str(entry.body) for entry in entries)
    assert all(
        seller_id
        in (
            entry.body["actor_organisation_id"],
            entry.body.get("counterparty_organisation_id"),
        )
        for entry in entries
    )
    edited = entries[kinds.index("edited")]
    assert "summary" in edited.body["details"]["fields"]
    assert "asked for it" not in str(entries)


def test_the_first_publisher_of_a_file_can_be_looked_up(base_url: str) -> None:
    author, copier = sign_up(base_url), sign_up(base_url)
    content = secrets.token_bytes(40).hex().encode()
    sha256 = hashlib.sha256(content).hexdigest()
    assert author.provenance.by_hash(sha256).first_published is None
    original = publish(author, content=content)
    history(author, original, until=2)
    copy = publish(copier, content=content)
    history(copier, copy, until=2)
    found = author.provenance.by_hash(sha256)
    assert found.first_published is not None
    assert found.first_published.body["listing_id"] == original.id
    assert found.first_published.body["details"]["address"] == original.address
    assert [entry.body["listing_id"] for entry in found.entries] == [original.id, copy.id]


def test_each_publication_is_one_entry(base_url: str) -> None:
    seller = sign_up(base_url)
    listing = publish(seller)
    seller.listings.retire(listing.id)
    seller.listings.publish(listing.id)
    same = [VersionFile(path=file.path, sha256=file.sha256) for file in listing.versions[0].files]
    seller.listings.create_version(listing.id, version="1.1.0", files=same)
    seller.listings.publish(listing.id)
    entries = history(seller, listing, until=5)
    published = [entry.body for entry in entries if entry.kind == "published"]
    assert [(body["version"], body["details"]["what"]) for body in published] == [
        ("1.0.0", "version"),
        ("1.0.0", "listing"),
        ("1.1.0", "version"),
    ]


def test_a_drafts_edits_stay_out_of_the_public_log(base_url: str) -> None:
    seller = sign_up(base_url)
    draft = seller.listings.create(
        ListingRequest(kind="dataset", slug=f"secret-{secrets.token_hex(3)}", title="Secret plan")
    )
    seller.listings.update(draft.id, ListingUpdate(summary="nobody may know"))
    later = publish(seller)
    history(seller, later, until=2)  # so the draft's events were carried before
    (created,) = history(seller, draft, until=1)
    assert created.kind == "created"
    assert not any(word in str(created.body) for word in ("secret", "Secret", "nobody"))


def test_what_a_buyer_keeps_verifies_with_no_server(base_url: str) -> None:
    seller, buyer = sign_up(base_url), funded(base_url)
    content = secrets.token_bytes(40).hex().encode()
    order = buyer.orders.create(OrderRequest(listing_id=publish(seller, content=content).id))
    bundle = buyer.licences.evidence(order.licence_id)
    trusted = buyer.keys()
    hashes = {"data.txt": hashlib.sha256(content).hexdigest()}
    outcome = verify_bundle(bundle, file_hashes=hashes, trusted=trusted, now=datetime.now(UTC))
    assert [check for check in outcome.checks if not check.ok] == []
    other = {"data.txt": hashlib.sha256(b"other").hexdigest()}
    assert not verify_bundle(bundle, file_hashes=other, trusted=trusted, now=datetime.now(UTC)).ok
