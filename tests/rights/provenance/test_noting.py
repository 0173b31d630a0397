"""Events that sellers' own programs tell: many at once, once each, only of their own works."""

import httpx
import pytest

from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM
from souk.kernel.clock import SystemClock
from souk.rights.provenance import store
from souk_client.contracts.rights import NotedEvent
from souk_client.contracts.works import ListingRequest
from souk_client.proofs import leaf_hash_of, read_jwks, verify_checkpoint, verify_inclusion
from souk_client.sdk import Souk
from tests.market import organisation_of, publish, refused, sign_up


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url, "Ada Tells")


@pytest.fixture(scope="module")
def listing_id(seller: Souk) -> str:
    return publish(seller).id


def told(listing_id: str, count: int = 1) -> list[NotedEvent]:
    return [
        NotedEvent(listing_id=listing_id, event="training.step", details={"step": str(number)})
        for number in range(count)
    ]


def test_events_keep_their_order_and_can_be_proven(seller: Souk, listing_id: str) -> None:
    ids = seller.provenance.append(told(listing_id, 300)).entry_ids
    assert len(set(ids)) == 300 and ids == sorted(ids)
    proof = seller.provenance.proof(ids[7])
    body = proof.entry.body
    assert (proof.entry.kind, body["actor_organisation_id"]) == ("noted", organisation_of(seller))
    assert body["details"] == {"event": "training.step", "step": "7"}
    head = verify_checkpoint(proof.head.checkpoint, read_jwks(seller.provenance.keys()))
    verify_inclusion(
        leaf_hash_of(body),
        leaf_index=proof.leaf_index,
        tree_size=head.tree_size,
        proof=[bytes.fromhex(digest) for digest in proof.path],
        root=head.root,
    )


def test_a_request_that_comes_twice_tells_once(seller: Souk, listing_id: str) -> None:
    first = seller.provenance.append(told(listing_id, 3), idempotency_key="told-once-only")
    again = seller.provenance.append(told(listing_id, 3), idempotency_key="told-once-only")
    assert first == again
    with refused("idempotency_key_reused", 409):
        seller.provenance.append(told(listing_id, 2), idempotency_key="told-once-only")


def test_all_or_none_and_only_of_ones_own_public_works(
    base_url: str, seller: Souk, listing_id: str
) -> None:
    other = sign_up(base_url, "Mallory Tells")
    theirs = publish(other).id
    with refused("listing_unknown", 404):
        seller.provenance.append([*told(listing_id), *told(theirs)])
    draft = seller.listings.create(
        ListingRequest(kind="dataset", slug="told-draft", title="Draft", licence="MIT")
    )
    with refused("listing_not_published", 409):
        seller.provenance.append(told(draft.id))
    kinds = [one.kind for one in seller.provenance.log(listing_id=theirs).items]
    assert "noted" not in kinds


@pytest.mark.parametrize(
    "event",
    [
        {"event": "Sold!"},
        {"event": "x", "details": {"event": "y"}},
        {"event": "x", "details": {"Größe": "1"}},
        {"event": "x", "details": {"a": "b" * 501}},
        {"event": "x", "details": {"a": "\u0000"}},
        {"event": "x", "kind": "sold"},
    ],
)
def test_what_is_wrong_is_refused(
    base_url: str, seller: Souk, listing_id: str, event: dict[str, object]
) -> None:
    token = seller.api_keys.create(name="teller").key
    answer = httpx.post(
        f"{base_url}/api/v1/provenance/events",
        json={"events": [{"listing_id": listing_id, **event}]},
        headers={"authorization": f"Bearer {token}", "idempotency-key": ascii(event)[:80]},
    )
    assert answer.status_code in (400, 422), answer.text


def test_a_thousand_at_once_and_no_more(seller: Souk, listing_id: str) -> None:
    with refused("body_invalid"):
        seller.provenance.append(told(listing_id, 1001))
    with refused("body_invalid"):
        seller.provenance.append([])


async def test_a_days_events_are_counted_by_organisation(database: Database) -> None:
    day = SystemClock().now().date()
    async with database.transaction(SYSTEM) as uow:
        assert await store.count_noted(uow, "org_a", day=day, count=5) == 5
        assert await store.count_noted(uow, "org_b", day=day, count=1) == 1
        assert await store.count_noted(uow, "org_a", day=day, count=7) == 12
