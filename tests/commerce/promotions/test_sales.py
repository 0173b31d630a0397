"""Codes in real sales: exact, used no more often than they may be, and given back."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from souk_client.contracts.commerce import Order, OrderRequest
from souk_client.contracts.promotions import PromotionQuoteRequest, PromotionRequest
from souk_client.sdk import Souk, SoukApiError
from tests.market import available, funded, organisation_of, publish, refused, sign_up


def code_of(seller: Souk, code: str = "SPRING", **fields: Any) -> str:
    values = fields if "amount_off_minor" in fields else {"percent_off": 25, **fields}
    return seller.promotions.create(PromotionRequest(code=code, **values)).id


def buy(buyer: Souk, listing_id: str, code: str | None = "SPRING", **fields: Any) -> Order:
    wish = OrderRequest(listing_id=listing_id, promotion_code=code, **fields)
    return buyer.orders.create(wish)


def test_a_code_makes_a_sale_cheaper_and_the_split_stays_exact(base_url: str) -> None:
    seller, buyer = sign_up(base_url), funded(base_url, 10_000)
    work = publish(seller, price_minor=1999)
    code_of(seller)
    quote = buyer.promotions.quote(PromotionQuoteRequest(listing_id=work.id, code="spring"))
    assert (quote.list_price_minor, quote.discount_minor, quote.price_minor) == (1999, 499, 1500)
    order = buy(buyer, work.id, "spring", expected_price_minor=1500)
    assert order.price_minor == sum(share.amount_minor for share in order.shares) == 1500
    assert order.promotion is not None
    assert (order.promotion.code, order.promotion.discount_minor) == ("SPRING", 499)
    assert buyer.orders.get(order.id) == order
    assert "Code       SPRING, -$4.99" in buyer.orders.receipt(order.id).text
    assert (available(buyer), available(seller)) == (8500, 1350)
    (promotion,) = seller.promotions.list().items
    assert (promotion.uses, promotion.state) == (1, "active")


def test_a_whole_discount_makes_a_free_sale(base_url: str) -> None:
    seller, buyer = sign_up(base_url), sign_up(base_url)
    work = publish(seller, price_minor=700)
    code_of(seller, amount_off_minor=5000, currency="USD")
    order = buy(buyer, work.id)
    assert (order.price_minor, order.transfer_id) == (0, None)
    assert buyer.licences.get(order.licence_id).state == "active"


def test_the_buyer_pays_what_the_buyer_saw(base_url: str) -> None:
    seller, buyer = sign_up(base_url), funded(base_url)
    work = publish(seller, price_minor=1000)
    code_of(seller)
    with refused("price_changed"):
        buy(buyer, work.id, expected_price_minor=1000)
    (promotion,) = seller.promotions.list().items
    assert promotion.uses == 0, "a purchase that failed used nothing"
    with refused("price_changed"):
        buy(buyer, work.id, None, expected_price_minor=750)


def test_a_refund_returns_the_money_that_was_paid_and_the_use(base_url: str) -> None:
    seller, buyer = sign_up(base_url), funded(base_url, 5000)
    work = publish(seller, price_minor=1000)
    code_of(seller, max_uses=1)
    order = buy(buyer, work.id)
    with refused("promotion_used_up"):
        buy(funded(base_url), work.id)
    buyer.orders.refund(order.id)
    assert available(buyer) == 5000
    assert seller.promotions.list().items[0].uses == 0
    assert buy(buyer, work.id).price_minor == 750


def test_racing_buyers_never_use_a_code_more_often_than_it_may_be(base_url: str) -> None:
    seller = sign_up(base_url)
    work = publish(seller, price_minor=1000)
    code_of(seller, max_uses=3)
    buyers = [funded(base_url) for _ in range(8)]
    outcomes: list[str] = []

    def race(buyer: Souk) -> None:
        try:
            outcomes.append(f"paid {buy(buyer, work.id).price_minor}")
        except SoukApiError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=race, args=[buyer]) for buyer in buyers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["paid 750"] * 3 + ["promotion_used_up"] * 5
    assert seller.promotions.list().items[0].uses == 3
    assert available(seller) == 3 * 675


def test_one_buyer_uses_a_code_once_unless_it_says_more(base_url: str) -> None:
    seller, buyer = sign_up(base_url), funded(base_url)
    first, second = publish(seller), publish(seller)
    code_of(seller)
    buy(buyer, first.id)
    with refused("promotion_used_up"):
        buy(buyer, second.id)
    code_of(seller, "MANY", max_uses_per_buyer=None)
    buy(buyer, second.id, "MANY")


def test_codes_are_for_what_they_say_and_end(base_url: str) -> None:
    seller, other, buyer = sign_up(base_url), sign_up(base_url), funded(base_url)
    work, another = publish(seller, price_minor=1000), publish(seller, price_minor=900)
    promotion_id = code_of(seller, listing_id=work.id)
    soon = datetime.now(UTC) + timedelta(days=1)
    code_of(seller, "SOON", starts_at=soon)
    code_of(seller, "RICH", minimum_price_minor=5000, currency="USD")
    with refused("promotion_not_for_this"):
        buy(buyer, another.id)
    with refused("promotion_not_started"):
        buy(buyer, work.id, "SOON")
    with refused("promotion_not_for_this"):
        buy(buyer, work.id, "RICH")
    with refused("promotion_unknown"):
        buy(buyer, publish(other).id)
    assert seller.promotions.end(promotion_id).state == "ended"
    with refused("promotion_unknown"):
        buy(buyer, work.id)
    code_of(seller)


def test_only_managers_make_codes_and_nobody_reads_others(base_url: str) -> None:
    seller, stranger = sign_up(base_url), sign_up(base_url)
    work = publish(seller)
    promotion_id = code_of(seller)
    with refused("promotion_code_taken"):
        code_of(seller, "spring")
    with refused("promotion_unknown"):
        stranger.promotions.end(promotion_id)
    with refused("organisation_unknown"):
        stranger.promotions.list(organisation_id=organisation_of(seller))
    with refused("organisation_unknown"):
        code_of(stranger, organisation_id=organisation_of(seller))
    with refused("listing_unknown"):
        code_of(stranger, listing_id=work.id)


@pytest.mark.parametrize("code", ["a", "-ab", "a b", "x" * 40, "é11"])
def test_what_is_no_code_is_refused(base_url: str, code: str) -> None:
    with refused("body_invalid"):
        code_of(sign_up(base_url), code)
