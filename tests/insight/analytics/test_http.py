"""Facts from real requests to the numbers that sellers read, over the public API."""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from souk_client.contracts.analytics import AnalyticsReport
from souk_client.contracts.commerce import OrderRequest
from tests.market import connect, funded, organisation_of, publish, refused, sign_up

TODAY = datetime.now(UTC).date()
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PATIENCE_S = 15.0


def look(base_url: str, path: str, **headers: str) -> int:
    """A visit by a browser without an account."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = httpx.get(f"{base_url}{path}", headers={"user-agent": BROWSER, **named})
    return answer.status_code


def until(report: Callable[[], Any], satisfied: Callable[[Any], bool]) -> Any:
    """The report once it is as it should be."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = report()
        if satisfied(found):
            return found
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def test_views_clicks_and_sales_reach_the_sellers_report(base_url: str) -> None:
    seller, buyer = sign_up(base_url), funded(base_url)
    work = publish(seller, price_minor=2000)
    address = f"/{work.address}"
    assert look(base_url, address, referer="https://news.example.org/best?of=week") == 200
    assert look(base_url, address, referer=f"{base_url}/search?q=Small+DATA") == 200
    assert look(base_url, f"/api/v1/listings/{work.id}", user_agent=f"{BROWSER} two") == 200
    order = buyer.orders.create(OrderRequest(listing_id=work.id))
    files = buyer.licences.files(order.licence_id).items
    assert httpx.get(files[0].url).status_code == 200

    def done(report: AnalyticsReport) -> bool:
        numbers = report.totals
        return numbers.views == 3 and numbers.orders == 1 and numbers.downloads == 1

    report = until(lambda: seller.analytics.listing(work.id), done)
    assert (report.totals.visitors, report.totals.clicks) == (2, 1)
    assert report.totals.conversion == 0.5
    assert [one.value for one in report.queries] == ["small data"]
    sources = {one.value: one.views for one in report.sources}
    assert sources == {"news.example.org": 1, "search": 1, "api": 1, "unknown": 0}
    (money,) = report.earnings
    assert (money.currency, money.gross_minor, money.net_minor) == ("USD", 2000, 1800)
    assert len(report.points) == 30
    assert report.points[-1].numbers.views == 3
    whole = seller.analytics.organisation()
    assert (whole.totals.views, whole.totals.visitors) == (3, 2)
    (listed,) = seller.analytics.listings().items
    assert (listed.listing_id, listed.address, listed.numbers.views) == (work.id, work.address, 3)
    seller.orders.refund(order.id)
    report = until(
        lambda: seller.analytics.listing(work.id, grain="hour"), lambda r: r.totals.refunds == 1
    )
    (money,) = report.earnings
    assert (money.net_minor, money.refunded_minor) == (1800, 1800)


def test_only_the_sellers_own_people_read_the_numbers(base_url: str) -> None:
    seller, other = sign_up(base_url), sign_up(base_url)
    work = publish(seller)
    with refused("listing_unknown", 404):
        other.analytics.listing(work.id)
    with refused("organisation_unknown", 404):
        other.analytics.organisation(organisation_id=organisation_of(seller))
    with refused("permission_missing", 403):
        other.analytics.searches()
    with refused("sign_in_needed", 401):
        connect(base_url).analytics.organisation()
    assert seller.analytics.organisation().totals.views == 0


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"since": TODAY, "until": TODAY - timedelta(days=1)}, "`since` must be from"),
        ({"until": TODAY + timedelta(days=2)}, "`until` must be from"),
        ({"until": date.max}, "`until` must be from"),
        ({"since": date.min}, "`since` must be from"),
        ({"since": TODAY - timedelta(days=400)}, "at most 366"),
        ({"since": TODAY - timedelta(days=20), "grain": "hour"}, "at most 14"),
    ],
)
def test_a_range_that_cannot_be_answered_is_explained(
    base_url: str, asked: dict[str, Any], says: str
) -> None:
    seller = sign_up(base_url)
    with refused("range_invalid", 422) as refusal:
        seller.analytics.organisation(**asked)
    assert says in str(refusal.problem)


def test_listings_come_page_by_page_and_foreign_cursors_are_refused(base_url: str) -> None:
    seller = sign_up(base_url)
    works = [publish(seller) for _ in range(3)]
    for views, work in enumerate(works, start=1):
        for _ in range(views):
            look(base_url, f"/{work.address}")
    until(seller.analytics.organisation, lambda report: report.totals.views == 6)
    first = seller.analytics.listings(limit=2)
    assert [one.listing_id for one in first.items] == [works[2].id, works[1].id]
    rest = seller.analytics.listings(limit=2, cursor=first.next_cursor)
    assert ([one.numbers.views for one in rest.items], rest.next_cursor) == ([1], None)
    with refused("cursor_invalid"):
        seller.analytics.listings(cursor="WzEsMl0")


def test_sellers_refreshes_and_who_asks_not_to_be_are_not_counted(base_url: str) -> None:
    seller = sign_up(base_url)
    work = publish(seller)
    assert seller.listings.get(work.id).id == work.id
    assert look(base_url, f"/{work.address}", hx_request="true") == 200
    assert look(base_url, f"/{work.address}", dnt="1") == 200
    assert look(base_url, f"/{work.address}") == 200
    report = until(lambda: seller.analytics.listing(work.id), lambda r: r.totals.views)
    assert report.totals.views == 1
