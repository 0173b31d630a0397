"""Promotions on the pages: making a code, using it at the checkout, and what goes wrong."""

import re

import httpx
import pytest

from tests import market
from tests.web.test_selling import page_session

pytestmark = [pytest.mark.database, pytest.mark.slow]


def send(browser: httpx.Client, path: str, page: str, **fields: str) -> httpx.Response:
    """Sends a page's form: its hidden fields, then what is typed."""
    text = browser.get(page).text
    start = f' method="post" action="{path}"'
    form = next(part for part in text.split("<form")[1:] if part.startswith(start))
    hidden = re.findall(
        r'<input type="hidden" name="([\w]+)" value="([^"]*)"', form.partition("</form>")[0]
    )
    return browser.post(path, data={**dict(hidden), **fields})


def test_a_code_is_made_on_the_page_and_used_at_the_checkout(base_url: str) -> None:
    seller, buyer = market.sign_up(base_url), market.funded(base_url, 5000)
    work = market.publish(seller, price_minor=1999)
    page = "/selling/promotions"
    with page_session(base_url, seller) as desk:
        wrong = send(desk, page, page, code="-", kind="percent", value="200", currency="USD")
        assert wrong.status_code == 422
        assert "Must be at most 100." in wrong.text
        made = send(
            desk,
            page,
            page,
            code="spring-25",
            kind="percent",
            value="25",
            currency="USD",
            ends_at="2099-12-31",
            max_uses_per_buyer="1",
            max_uses="5",
        )
        assert made.status_code == 303, made.text
        assert "SPRING-25" in desk.get(page).text
        again = send(desk, page, page, code="SPRING-25", kind="amount", value="3", currency="USD")
        assert again.status_code == 409
        assert "You have a code SPRING-25 already" in again.text
    checkout = f"/checkout/{work.id}"
    with page_session(base_url, buyer) as visitor:
        for code, words in (("nothing", "has no code NOTHING"), ("\0", "This is no code")):
            shown = visitor.get(checkout, params={"code": code})
            assert shown.status_code == 200
            assert words in shown.text
        quoted = visitor.get(checkout, params={"code": "spring-25"}).text
        assert "Pay $15.00" in quoted
        paid = send(visitor, checkout, f"{checkout}?code=spring-25")
        assert paid.status_code == 303, paid.text
        receipt = visitor.get(paid.headers["location"]).text
        assert "Code SPRING-25" in receipt
        assert "$19.99" in receipt
    assert market.available(buyer) == 3500
    with page_session(base_url, seller) as desk:
        promotion_id = seller.promotions.list().items[0].id
        ended = send(desk, f"{page}/{promotion_id}/end", page)
        assert ended.status_code == 303
        assert "Ended" in desk.get(page).text
