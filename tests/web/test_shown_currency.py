"""Prices in the visitor's currency: beside the real one, dated, or not at all."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from tests.admins import admin_client
from tests.market import publish, sign_up

TODAY = datetime.now(UTC).date().isoformat()


@pytest.fixture(scope="module")
def rates(base_url: str, session_owner_dsn: str) -> None:
    body = {"source": "shown", "base": "NOK", "as_of": TODAY}
    quoted = [{"currency": "FTNS", "rate": "0.5"}, {"currency": "DKK", "rate": "0.6"}]
    with admin_client(base_url, session_owner_dsn) as admin:
        assert admin.put("/api/v1/rates", json={**body, "rates": quoted}).status_code == 200


@pytest.fixture(scope="module")
def address(base_url: str, rates: None) -> str:
    return publish(sign_up(base_url), price_minor=3_000_000, currency="FTNS").address


@pytest.fixture
def visitor(base_url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=base_url, timeout=30, headers={"accept": "text/html"}) as client:
        yield client


def choose(visitor: httpx.Client, currency: str, back: str) -> httpx.Response:
    found = re.search(r'name="_csrf_token" value="([^"]+)"', visitor.get(back).text)
    assert found is not None
    form = {"currency": currency, "back": back, "_csrf_token": found[1]}
    return visitor.post("/preferences/currency", data=form)


def test_a_visitor_sees_prices_in_their_own_currency_too(
    visitor: httpx.Client, address: str
) -> None:
    plain = visitor.get(f"/{address}").text
    assert "about <span" not in plain
    assert "<option>DKK</option>" in plain
    gone = choose(visitor, "DKK", f"/{address}")
    assert (gone.status_code, gone.headers["location"]) == (303, f"/{address}")
    page = visitor.get(f"/{address}").text
    assert 'about <span class="num">3.60 DKK</span>' in page
    assert f'(rate of <time datetime="{TODAY}">{TODAY}</time>)' in page
    assert "3.00 FTNS" in page
    assert "<option selected>DKK</option>" in page


def test_without_a_rate_nothing_is_converted(visitor: httpx.Client, address: str) -> None:
    choose(visitor, "ISK", f"/{address}")
    page = visitor.get(f"/{address}").text
    assert "3.00 FTNS" in page
    assert "price-about" not in page


def test_a_currency_that_is_none_is_not_kept(visitor: httpx.Client, address: str) -> None:
    for value in ("", "XXX", "<b>", "eur", "\0"):
        assert choose(visitor, value, f"/{address}").status_code == 303
        assert not visitor.cookies.get("souk_currency", "").strip('"')
