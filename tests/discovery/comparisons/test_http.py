"""Comparing over HTTP, by the API and on its page."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import Compatibility, ListingRequest, Metric
from tests.admins import admin_client
from tests.market import publish, sign_up

pytestmark = [pytest.mark.database, pytest.mark.slow]


@pytest.fixture(scope="module")
def addresses(base_url: str) -> list[str]:
    """Three published works: the middle one is cheapest, the first most accurate."""
    seller = sign_up(base_url, "Compare Seller")
    return [
        publish(
            seller,
            kind="model",
            title=title,
            price_minor=price,
            metrics=[Metric(name="Accuracy", value=value, dataset="Iris")],
            compatibility=Compatibility(frameworks=["onnx"], min_memory_gb=memory),
        ).address
        for title, price, value, memory in (
            ("First", 900, 0.97, 4),
            ("Second", 300, 0.91, 2),
            ("Third", 500, 0.94, 2),
        )
    ]


def compare(base_url: str, *listings: str, **query: str) -> httpx.Response:
    named: Mapping[str, str | Sequence[str]] = {"listing": list(listings), **query}
    return httpx.get(f"{base_url}/api/v1/compare", params=named)


def row(answer: httpx.Response, name: str) -> Any:
    return next(one for one in answer.json()["rows"] if one["name"] == name)


def best(answer: httpx.Response, name: str) -> list[bool]:
    return [cell["best"] for cell in row(answer, name)["cells"]]


def test_listings_stand_side_by_side_in_the_order_asked(
    base_url: str, addresses: list[str]
) -> None:
    answer = compare(base_url, *addresses)
    assert answer.status_code == 200
    assert [one["address"] for one in answer.json()["listings"]] == addresses
    assert all(len(one["cells"]) == 3 for one in answer.json()["rows"])
    assert best(answer, "Price") == [False, True, False]
    assert best(answer, "Accuracy") == [True, False, False]
    assert best(answer, "Memory needed") == [False, True, True], "ties are all marked"
    assert row(answer, "Memory needed")["unit"] == "GB"


def test_a_listing_named_twice_stands_once(base_url: str, addresses: list[str]) -> None:
    known = compare(base_url, addresses[0]).json()["listings"][0]["id"]
    answer = compare(base_url, addresses[0], known, addresses[0])
    assert [one["address"] for one in answer.json()["listings"]] == addresses[:1]


def test_more_than_six_none_and_nonsense_are_refused(base_url: str, addresses: list[str]) -> None:
    too_many = compare(base_url, *(f"ada/work-{n}" for n in range(7)))
    assert (too_many.status_code, too_many.json()["code"]) == (422, "comparison_too_large")
    assert compare(base_url).json()["code"] == "comparison_empty"
    for nonsense in ("\0", "a/b/c", "../../etc", "💥/x", "lst_" + "0" * 26, "x" * 3000):
        answer = compare(base_url, addresses[0], nonsense)
        assert (answer.status_code, answer.json()["code"]) == (404, "compared_unknown"), nonsense
        assert answer.json()["unknown"] == [nonsense.strip()[:200]]
    assert compare(base_url, addresses[0], currency="XYZ").json()["code"] == "currency_unknown"


def test_a_draft_looks_like_one_that_is_not_there(base_url: str, addresses: list[str]) -> None:
    seller = sign_up(base_url, "Draft Seller")
    draft = seller.listings.create(ListingRequest(kind="model", slug="secret-draft", title="Mine"))
    answer = compare(base_url, addresses[0], draft.address)
    assert (answer.status_code, answer.json()["code"]) == (404, "compared_unknown")
    assert answer.json()["unknown"] == [draft.address]


def test_the_page_shows_the_comparison_and_can_be_shared(
    base_url: str, addresses: list[str]
) -> None:
    answer = httpx.get(f"{base_url}/compare?ids={','.join(addresses)}")
    assert answer.status_code == 200
    assert answer.text.count('<th scope="col">') == 3
    assert answer.text.count("best-mark") == 1 + 1 + 2 + 3, (
        "price, accuracy, memory, and three of a size"
    )
    assert len(re.findall(r'href="/checkout/lst_\w+">Buy<', answer.text)) == 3
    assert "compare-form" not in answer.text, "the tray would only lead here"
    differ = httpx.get(f"{base_url}/compare?ids={','.join(addresses)}&only=differences").text
    assert "Accuracy" in differ and "Frameworks" not in differ


def test_the_page_shows_what_is_left_of_a_link(base_url: str, addresses: list[str]) -> None:
    answer = httpx.get(f"{base_url}/compare?ids={addresses[0]},nobody/nothing,%00")
    assert answer.status_code == 200
    assert "nobody/nothing" in answer.text and answer.text.count('<th scope="col">') == 1
    assert httpx.get(f"{base_url}/compare?ids=nobody/nothing").status_code == 404
    too_many = ",".join([*addresses, *(f"nobody/n-{n}" for n in range(4))])
    answer = httpx.get(f"{base_url}/compare?ids={too_many}")
    assert answer.status_code == 422 and "at most 6" in answer.text
    assert httpx.get(f"{base_url}/compare").status_code == 200


def test_the_tray_is_kept_in_a_cookie_and_holds_six(base_url: str, addresses: list[str]) -> None:
    with httpx.Client(base_url=base_url, headers={"accept": "text/html"}) as browser:
        page = browser.get("/compare").text
        [token] = set(re.findall(r'name="_csrf_token" value="([^"]+)"', page))

        def put(**fields: str) -> httpx.Response:
            own = {"_csrf_token": token, "back": "/search?q=x"}
            return browser.post("/compare", data={**own, **fields})

        answer = put(add=addresses[0])
        assert (answer.status_code, answer.headers["location"]) == (303, "/search?q=x")
        assert put(add=addresses[1]).status_code == 303
        assert put(back="//evil.example", remove="x/y").headers["location"] == "/"
        shown = browser.get("/compare")
        assert shown.headers["location"] == f"/compare?ids={addresses[0]},{addresses[1]}"
        assert 'data-compared="' + " ".join(addresses[:2]) in browser.get("/search").text
        assert put(remove=addresses[0]).status_code == 303
        assert f'data-compared="{addresses[1]}"' in browser.get("/compare/tray").text
        for number in range(5):
            assert put(add=f"ada/more-{number}").status_code == 303
        full = put(add="ada/one-too-many")
        assert full.status_code == 422 and "At most 6" in full.text
        assert put(add="no address").status_code == 422
        assert put(clear="all").status_code == 303
        assert 'data-compared=""' in browser.get("/compare/tray").text


def test_the_tray_needs_the_token_of_every_form(base_url: str) -> None:
    assert httpx.post(f"{base_url}/compare", data={"add": "a/b"}).status_code == 403


def test_a_rating_is_a_row_once_somebody_rated(base_url: str) -> None:
    seller = sign_up(base_url, "Rated Seller")
    rated = publish(seller, price_minor=0, title="Rated")
    other = publish(seller, price_minor=0, title="Not rated")
    before = compare(base_url, rated.address, other.address).json()["rows"]
    assert "Rating" not in [one["name"] for one in before]
    buyer = sign_up(base_url, "Reviewer")
    buyer.orders.create(OrderRequest(listing_id=rated.id))
    buyer.reviews.write(rated.id, stars=4, text="Does what it says.")
    found = row(compare(base_url, rated.address, other.address), "Rating")
    assert [cell["number"] for cell in found["cells"]] == [4.0, None]
    assert found["cells"][0]["note"] == "1 review" and found["better"] == "higher"


def test_prices_of_two_currencies_are_compared_by_the_rate_of_the_day(
    base_url: str, session_owner_dsn: str
) -> None:
    seller = sign_up(base_url, "Currency Seller")
    pol = publish(seller, price_minor=10**9, currency="POL", title="One POL")
    ftns = publish(seller, price_minor=3 * 10**6, currency="FTNS", title="Three FTNS")
    without = row(compare(base_url, pol.address, ftns.address), "Price")
    with admin_client(base_url, session_owner_dsn) as admin:
        rates = [{"currency": "FTNS", "rate": "2"}, {"currency": "GENX", "rate": "4"}]
        today = f"{datetime.now(UTC):%F}"
        body = {"source": "treasury", "base": "POL", "as_of": today, "rates": rates}
        assert admin.put("/api/v1/rates", json=body).status_code == 200
    found = row(compare(base_url, pol.address, ftns.address), "Price")
    assert [cell["best"] for cell in found["cells"]] == [True, False], without
    assert found["cells"][1]["money"]["converted_minor"] == 1_500_000_000
    assert found["cells"][1]["money"]["rate_as_of"] == today
    asked = row(compare(base_url, pol.address, currency="GENX"), "Price")
    assert asked["cells"][0]["money"]["converted_minor"] == 4_000_000
