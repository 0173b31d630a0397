"""When a buyer may have the money back: the window ends, and the operator may be more generous."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.works import LicenceTerms, OfferRequest
from souk_client.sdk import Souk
from tests.market import available, funded, publish, refused, sign_up
from tests.serving import Marketplace


@pytest.fixture(scope="module")
def generous(owner_dsn: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Marketplace]:
    """Takes purchases back for a week, also after a download."""
    running = Marketplace(
        owner_dsn,
        tmp_path_factory.mktemp("generous"),
        SOUK_ORDERS_REFUND_DAYS="7",
        SOUK_ORDERS_REFUND_AFTER_DOWNLOAD="true",
    )
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="module")
def seller(generous: Marketplace) -> Souk:
    return sign_up(generous.base_url)


def test_a_download_does_not_end_the_window_where_the_operator_says_so(
    generous: Marketplace, seller: Souk, tmp_path: Path
) -> None:
    listing = publish(seller, price_minor=700)
    buyer = funded(generous.base_url, 1000)
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    buyer.download(order.licence_id, tmp_path)
    assert buyer.orders.refund(order.id, reason="does not fit").state == "refunded"
    assert available(buyer) == 1000


def test_uses_taken_do_not_end_it_either(generous: Marketplace, seller: Souk) -> None:
    counted = LicenceTerms(kind="counted", uses=3)
    listing = publish(seller, offers=[OfferRequest(price_minor=700, terms=counted)])
    buyer = funded(generous.base_url, 1000)
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    buyer.licences.use(order.licence_id, uses=2)
    assert buyer.orders.refund(order.id, reason="does not fit").state == "refunded"
    assert available(buyer) == 1000


def test_the_window_ends_for_the_buyer_and_not_for_the_seller(
    generous: Marketplace, seller: Souk
) -> None:
    listing = publish(seller, price_minor=700)
    buyer = funded(generous.base_url, 2000)
    in_time = buyer.orders.create(OrderRequest(listing_id=publish(seller).id))
    order = buyer.orders.create(OrderRequest(listing_id=listing.id))
    assert order.refundable_until is not None
    assert (order.refundable_until - order.created_at).days == 7
    make_older(generous.owner_dsn, in_time.id, hours=7 * 24 - 1)
    make_older(generous.owner_dsn, order.id, hours=7 * 24 + 1)
    assert buyer.orders.refund(in_time.id, reason="in time").state == "refunded"
    left = available(buyer)
    with refused("refund_window_over", 409):
        buyer.orders.refund(order.id, reason="too late")
    assert available(buyer) == left
    assert buyer.licences.get(order.licence_id).state == "active"
    assert seller.orders.refund(order.id, reason="goodwill").state == "refunded"
    assert available(buyer) == left + 700


def make_older(owner_dsn: str, order_id: str, *, hours: int) -> None:
    """Moves a purchase into the past, as its owner alone can."""
    with psycopg.connect(owner_dsn) as connection:
        moved = connection.execute(
            "UPDATE commerce.orders SET created_at = created_at - %s * interval '1 hour' "
            "WHERE id = %s",
            [hours, order_id],
        )
        assert moved.rowcount == 1
