"""Saving searches, and being told once of what comes to match them."""

import secrets
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from souk_client.contracts.works import ListingUpdate, OfferUpdate
from souk_client.sdk import Souk
from tests.market import publish, sign_up

pytestmark = [pytest.mark.database, pytest.mark.slow]

TOLD_WITHIN_S = 30


class Person:
    """Somebody with saved searches."""

    def __init__(self, base_url: str) -> None:
        self.souk: Souk = sign_up(base_url, "Collector")
        session = self.souk.credentials.session
        assert session is not None
        self.http = httpx.Client(
            base_url=f"{base_url}/api/v1",
            headers={"authorization": f"Bearer {session.access_token}"},
            timeout=30,
        )

    def save(self, query: str = "", **fields: Any) -> httpx.Response:
        return self.http.post("/saved-searches", json={"query": query, **fields})

    def kept(self, query: str = "", **fields: Any) -> str:
        answer = self.save(query, **fields)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def told(self) -> list[dict[str, Any]]:
        notices = self.http.get("/notices", params={"limit": 100}).json()["items"]
        return [one for one in notices if one["kind"] == "alert.saved_search"]

    def matches(self, saved: str) -> int:
        return int(self.http.get(f"/saved-searches/{saved}").json()["matches"])


def until(true: Callable[[], bool]) -> None:
    """Waits for what follows a moment after an action."""
    end = time.monotonic() + TOLD_WITHIN_S
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.2)


@pytest.fixture(scope="module", autouse=True)
def _ready(base_url: str) -> None:
    """The index of a fresh marketplace takes a moment."""
    until(lambda: httpx.get(f"{base_url}/api/v1/search").status_code == 200)


@pytest.fixture
def person(base_url: str) -> Person:
    return Person(base_url)


@pytest.fixture(scope="module")
def seller(base_url: str) -> Souk:
    return sign_up(base_url, "Alert Seller")


def word() -> str:
    """A word that nothing else contains."""
    return f"zq{secrets.token_hex(5)}"


def test_a_search_is_kept_renamed_paused_and_deleted(person: Person) -> None:
    saved = person.kept("kind:model wine", filters={"tags": ["nlp"], "price_max_minor": 1000})
    [one] = person.http.get("/saved-searches").json()["items"]
    assert (one["id"], one["name"], one["query"]) == (saved, "kind:model wine", "kind:model wine")
    assert one["filters"]["tags"] == ["nlp"] and one["filters"]["price_max_minor"] == 1000
    changed = person.http.patch(f"/saved-searches/{saved}", json={"name": "Wine", "paused": True})
    assert changed.json()["name"] == "Wine" and changed.json()["paused"] is True
    assert person.http.delete(f"/saved-searches/{saved}").status_code == 204
    gone = person.http.get(f"/saved-searches/{saved}")
    assert (gone.status_code, gone.json()["code"]) == (404, "saved_search_unknown")
    assert person.http.delete(f"/saved-searches/{saved}").status_code == 404
    assert person.http.patch(f"/saved-searches/{saved}", json={}).status_code == 404


def test_what_cannot_be_searched_is_not_kept(person: Person) -> None:
    refusals = [
        (person.save("kind:toaster"), 400, "query_invalid"),
        (person.save(), 422, "saved_search_empty"),
        (person.save("   "), 422, "saved_search_empty"),
        (person.save("x", filters={"currency": "XYZ"}), 422, "currency_unknown"),
    ]
    person.kept("red wine", filters={"tags": ["a", "b"]})
    again = person.save("red wine ", filters={"tags": ["b", "a"]})
    refusals.append((again, 409, "saved_search_exists"))
    for answer, status, code in refusals:
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    for body in ({"query": "a\0b"}, {"query": "x" * 901}, {"filters": {"kinds": ["toaster"]}}):
        assert person.http.post("/saved-searches", json=body).status_code in (400, 422)
    assert len(person.http.get("/saved-searches").json()["items"]) == 1


def test_nobody_else_sees_or_changes_it(person: Person, base_url: str) -> None:
    saved = person.kept("mine alone")
    other = Person(base_url)
    assert other.http.get("/saved-searches").json()["items"] == []
    for answer in (
        other.http.get(f"/saved-searches/{saved}"),
        other.http.patch(f"/saved-searches/{saved}", json={"name": "Theirs"}),
        other.http.delete(f"/saved-searches/{saved}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "saved_search_unknown")
    assert httpx.get(f"{base_url}/api/v1/saved-searches").status_code == 401


def test_a_limit_holds(person: Person) -> None:
    for number in range(50):
        person.kept(f"search {number}")
    full = person.save("one more")
    assert (full.status_code, full.json()["code"]) == (409, "saved_searches_full")


def test_new_and_changed_works_are_told_of_once(person: Person, seller: Souk) -> None:
    wanted = word()
    by_words = person.kept(wanted, name="By words")
    cheap = person.kept(f"{wanted} price:<5", name="Cheap ones")
    other = person.kept(f"kind:model {wanted}", name="Other kind")
    some = person.kept(f"{wanted} {word()}", name="Only some of the words")
    away = person.kept(f"{wanted} -{wanted}x", name="Paused")
    person.http.patch(f"/saved-searches/{away}", json={"paused": True})

    listing = publish(seller, title=f"About {wanted}", summary="Short.", price_minor=900)
    until(lambda: bool(person.told()))
    [told] = person.told()
    assert told["title"] == f"About {wanted} matches “By words”"
    assert told["body"] == "Short. · dataset by Alert Seller · $9.00"
    assert told["link"] == f"/{listing.address}"

    # Now it is cheap: that search matches it for the first time, the other was told before.
    offer = seller.listings.get(listing.id).offers[0]
    seller.listings.change_offer(offer.id, OfferUpdate(price_minor=300))
    until(lambda: person.matches(cheap) == 1)
    seller.listings.update(listing.id, ListingUpdate(summary=f"Shorter, {wanted}."))
    second = publish(seller, title=f"More {wanted}", price_minor=100)
    until(lambda: person.matches(cheap) == 2)
    until(lambda: person.matches(by_words) == 2)
    assert sorted(one["title"] for one in person.told()) == sorted(
        [
            f"About {wanted} matches “By words”",
            f"About {wanted} matches “Cheap ones”",
            f"More {wanted} matches “By words”",
            f"More {wanted} matches “Cheap ones”",
        ]
    )
    assert second.address in {str(one["link"]).removeprefix("/") for one in person.told()}
    assert person.matches(other) == person.matches(away) == person.matches(some) == 0


def test_a_seller_is_not_told_of_their_own_works(base_url: str) -> None:
    wanted = word()
    seller, watcher = Person(base_url), Person(base_url)
    own, theirs = seller.kept(wanted), watcher.kept(wanted)
    publish(seller.souk, title=f"About {wanted}")
    until(lambda: watcher.matches(theirs) == 1)
    assert seller.matches(own) == 0
