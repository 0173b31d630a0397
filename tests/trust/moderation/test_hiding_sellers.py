"""Hiding collections and whole sellers, and giving them back."""

import time
from collections.abc import Callable, Iterator

import httpx
import psycopg
import pytest

from souk_client.contracts.collections import CollectionRequest, CollectionUpdate
from souk_client.contracts.works import Listing
from souk_client.sdk import Souk
from tests.market import connect, organisation_of, publish, refused, sign_up, slug_of
from tests.trust.moderation.test_moderation import case_of, moderator_client


@pytest.fixture(scope="module")
def moderator(base_url: str, session_owner_dsn: str) -> Iterator[Souk]:
    yield moderator_client(base_url, session_owner_dsn)


@pytest.fixture(scope="module")
def reporter(base_url: str) -> Souk:
    return sign_up(base_url, "Mary Jackson")


@pytest.fixture
def seller(base_url: str) -> Souk:
    return sign_up(base_url, "Rear Window")


def until(true: Callable[[], bool]) -> None:
    """Waits for what follows an event."""
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def reported(reporter: Souk, moderator: Souk, kind: str, subject: str) -> str:
    """A case about it; its id."""
    reporter.reports.create(kind, subject, reason="illegal")  # type: ignore[arg-type]  # a kind
    return case_of(moderator, subject).id


def status(base_url: str, path: str) -> int:
    return httpx.get(f"{base_url}{path}", headers={"accept": "text/html"}).status_code


def curate(seller: Souk, listing: Listing) -> tuple[str, str]:
    """A public collection with one work; its id and its address."""
    made = seller.collections.create(CollectionRequest(title="Best of", description="Fine works."))
    seller.collections.put_item(made.id, listing.id)
    return made.id, made.address


def test_a_hidden_collection_is_its_owners_alone_until_it_is_given_back(
    base_url: str, moderator: Souk, reporter: Souk, seller: Souk
) -> None:
    stranger = connect(base_url)
    made, address = curate(seller, publish(seller))
    page = f"/collections/{address}"

    def shown() -> list[str]:
        return [one.id for one in stranger.collections.list(limit=100).items]

    assert made in shown() and status(base_url, page) == 200
    case = reported(reporter, moderator, "collection", made)
    assert moderator.moderation.decide(case, action="hide", reason="A list of bad things.").hidden
    with refused("collection_unknown", 404):
        stranger.collections.get(made)
    with refused("subject_unknown", 404):
        sign_up(base_url).reports.create("collection", made, reason="spam")
    assert made not in shown() and status(base_url, page) == 404
    assert seller.collections.get(made).hidden
    seller.collections.edit(made, CollectionUpdate(title="Even better"))
    assert seller.collections.get(made).hidden
    assert seller.moderation.appeal(case, text="They are not bad.").state == "appealed"
    moderator.moderation.decide(case, action="restore", reason="Right.")
    assert not stranger.collections.get(made).hidden
    assert made in shown() and status(base_url, page) == 200


def test_a_hidden_seller_leaves_the_market_with_everything_and_comes_back(
    base_url: str, moderator: Souk, reporter: Souk, seller: Souk
) -> None:
    stranger, organisation, slug = connect(base_url), organisation_of(seller), slug_of(seller)
    word = f"quokka{slug[-4:]}".replace("-", "")
    shown, alone = publish(seller, title=f"A {word}"), publish(seller)
    curated, _ = curate(seller, shown)

    def found() -> bool:
        hits = stranger.discovery.search(word, limit=100).items
        return shown.id in [hit.listing.id for hit in hits]

    until(found)
    own_case = reported(reporter, moderator, "listing", alone.id)
    moderator.moderation.decide(own_case, action="hide", reason="Malware.")
    case = reported(reporter, moderator, "organisation", organisation)
    assert moderator.moderation.decide(case, action="hide", reason="A band of thieves.").hidden

    until(lambda: not found())
    assert status(base_url, f"/{slug}") == 404
    with refused("organisation_unknown", 404):
        stranger.storefronts.get(slug)
    with refused("organisation_unknown", 404):
        reporter.following.follow(slug)
    with refused("collection_unknown", 404):
        stranger.collections.get(curated)
    assert stranger.listings.get(shown.id).hidden
    answer = httpx.get(f"{base_url}/api/v1/organisations/{organisation}")
    assert (answer.status_code, answer.json()["code"]) == (404, "organisation_unknown")
    assert seller.storefronts.get(slug).hidden
    draft = publish_refused(seller)
    assert seller.moderation.appeal(case, text="We are honest.").state == "appealed"

    moderator.moderation.decide(case, action="restore", reason="They are.")
    until(found)
    assert status(base_url, f"/{slug}") == 200
    assert not stranger.storefronts.get(slug).hidden
    assert stranger.collections.get(curated).id == curated
    assert stranger.listings.get(shown.id).state == "published"
    assert stranger.listings.get(alone.id).hidden
    assert seller.listings.publish(draft).state == "published"


def publish_refused(seller: Souk) -> str:
    """A draft that cannot be published now; its id."""
    with refused("publish_refused", 409) as refusal:
        publish(seller)
    assert "moderators" in refusal.problem.problem.detail
    return seller.listings.list(state="draft").items[0].id


def test_a_listing_restored_while_its_seller_is_hidden_comes_back_with_the_seller(
    base_url: str, moderator: Souk, reporter: Souk, seller: Souk
) -> None:
    stranger, listing = connect(base_url), publish(seller)
    own_case = reported(reporter, moderator, "listing", listing.id)
    case = reported(reporter, moderator, "organisation", organisation_of(seller))
    moderator.moderation.decide(case, action="hide", reason="A band of thieves.")
    moderator.moderation.decide(own_case, action="hide", reason="And malware.")
    moderator.moderation.decide(own_case, action="restore", reason="No malware.")
    assert stranger.listings.get(listing.id).hidden
    moderator.moderation.decide(case, action="restore", reason="No thieves either.")
    assert stranger.listings.get(listing.id).state == "published"


def test_only_moderators_hide_and_restore_whatever_a_query_says(
    session_owner_dsn: str, seller: Souk
) -> None:
    organisation = organisation_of(seller)
    with psycopg.connect(session_owner_dsn) as connection:
        connection.execute("SET ROLE souk_app")
        connection.execute(f"SET LOCAL souk.organisations = '{{{organisation}}}'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "UPDATE people.organisations SET hidden_at = now(), hidden_reason = 'fun' "
                "WHERE id = %s",
                [organisation],
            )
        connection.rollback()
