"""The seller's dashboard: its numbers, its days, its file, and whose they are."""

import csv
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.sdk import Souk
from tests import market

pytestmark = [pytest.mark.database, pytest.mark.slow]

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PATIENCE_S = 15.0


@contextmanager
def page_session(base_url: str, client: Souk) -> Iterator[httpx.Client]:
    """A browser, signed in as the user of an API client."""
    browser = httpx.Client(base_url=base_url, timeout=30, headers={"user-agent": FIREFOX})
    token = browser.get("/sign-in").text.split('name="_csrf_token" value="')[1].split('"')[0]
    fields = {
        "email": client.account.get().user.email,
        "password": market.PASSWORD,
        "_csrf_token": token,
    }
    assert browser.post("/sign-in", data=fields).status_code == 303
    try:
        yield browser
    finally:
        browser.close()


def test_a_seller_sees_visitors_and_sales_and_nobody_elses(base_url: str) -> None:
    seller, buyer = market.sign_up(base_url), market.funded(base_url)
    work = market.publish(seller, price_minor=2000, title="Pomegranate <b>prices</b>")
    with page_session(base_url, buyer) as visitor:
        assert visitor.get(f"/{work.address}").status_code == 200
        assert visitor.get(f"/checkout/{work.id}").status_code == 200
    buyer.orders.create(OrderRequest(listing_id=work.id))
    deadline = time.monotonic() + PATIENCE_S
    while not (totals := seller.analytics.listing(work.id).totals).orders or not totals.views:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    with page_session(base_url, seller) as desk:
        whole = desk.get("/selling?days=7").text
        assert "Pomegranate &lt;b&gt;prices&lt;/b&gt;" in whole
        assert "$18.00" in whole
        assert "over the last 7 days" in whole
        one = desk.get(f"/selling/{work.id}/analytics?days=nonsense").text
        assert "over the last 30 days" in one
        assert "1 checkout begun" in one
        assert "100.0 %" in one
        for path in ("/selling/numbers.csv", f"/selling/{work.id}/numbers.csv?days=90"):
            answer = desk.get(path)
            assert answer.headers["content-type"] == "text/csv; charset=utf-8"
            rows = list(csv.DictReader(io.StringIO(answer.text)))
            assert len(rows) == (90 if "90" in path else 30)
            last = rows[-1]
            assert (last["visitors"], last["orders"], last["net_usd"]) == ("1", "1", "18.00")
    with page_session(base_url, buyer) as stranger:
        assert stranger.get(f"/selling/{work.id}/analytics").status_code == 404
        assert stranger.get(f"/selling/{work.id}/numbers.csv").status_code == 404
        empty = stranger.get("/selling").text
        assert "Nothing on your stall yet" in empty
        assert "data-island" not in empty.split('id="main"')[1].split("Nothing on")[0]


def test_strangers_are_sent_to_sign_in(base_url: str) -> None:
    answer = httpx.get(f"{base_url}/selling/numbers.csv", headers={"accept": "text/html"})
    assert answer.status_code in (303, 401)
