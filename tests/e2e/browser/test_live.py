"""What is on a page changes while somebody looks at it, without a reload."""

import asyncio
import os
import time
from pathlib import Path
from typing import Final

import psycopg
import pytest
from playwright.async_api import Page, ViewportSize, expect

from souk_client.contracts.commerce import OrderRequest
from souk_client.sdk import Souk
from tests import market
from tests.e2e.browser.conftest import NewVisitor
from tests.e2e.browser.test_every_page import look_at
from tests.e2e.browser.visitor import DESK, PHONE

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.slow]

SEEN_LIMIT_S: Final = 1.0
TRIES: Final = 3
"""The quickest of these counts: a machine that is busy with other tests is not what is tried."""
ADMIN_PAGES: Final = (
    "/admin",
    "/admin/organisations",
    "/admin/quarantine",
    "/admin/dead-letters",
    "/admin/schedules",
    "/admin/system",
)
WATCH_BELL: Final = """() => {
  window.stamp = Math.random();
  new MutationObserver(() => { window.changedAt = performance.timeOrigin + performance.now(); })
    .observe(document.querySelector('[data-bell]'), { childList: true, subtree: true });
}"""


async def streaming(page: Page) -> None:
    """Waits until the page listens."""
    await expect(page.locator("html")).to_have_attribute("data-live-on", "")


async def test_the_bell_rings_within_a_second_of_a_sale(
    new_visitor: NewVisitor, base_url: str
) -> None:
    visitor = await new_visitor()
    seller_name = await visitor.sign_up("Bell Seller")
    seller = await asyncio.to_thread(visitor_client, base_url, seller_name)
    listing, *others = [await asyncio.to_thread(market.publish, seller) for _ in range(TRIES)]
    buyer = await asyncio.to_thread(market.funded, base_url)
    await visitor.go(f"/{listing.address}")
    await streaming(visitor.page)
    await visitor.page.evaluate(WATCH_BELL)
    stamp = await visitor.page.evaluate("window.stamp")
    took_s = []
    for count, sold in enumerate((listing, *others), start=1):
        await asyncio.to_thread(buyer.orders.create, OrderRequest(listing_id=sold.id))
        sold_at = time.time()
        await expect(visitor.page.locator("[data-bell] .unread")).to_have_text(str(count))
        took_s.append(await visitor.page.evaluate("window.changedAt / 1000") - sold_at)
    await expect(visitor.page.locator(".lot-numbers")).to_contain_text("1 sale")
    assert await visitor.page.evaluate("window.stamp") == stamp, "the page was loaded anew"
    assert min(took_s) < SEEN_LIMIT_S


async def test_what_was_missed_while_offline_is_made_up_for(
    new_visitor: NewVisitor, base_url: str
) -> None:
    visitor = await new_visitor()
    visitor.losing_connections = True
    seller_name = await visitor.sign_up("Away Seller")
    seller = await asyncio.to_thread(visitor_client, base_url, seller_name)
    listing = await asyncio.to_thread(market.publish, seller)
    buyer = await asyncio.to_thread(market.funded, base_url)
    await visitor.go("/notices")
    await streaming(visitor.page)
    await visitor.context.set_offline(True)
    await expect(visitor.page.get_by_role("status").filter(has_text="offline")).to_be_visible()
    await asyncio.to_thread(buyer.orders.create, OrderRequest(listing_id=listing.id))
    await visitor.context.set_offline(False)
    await expect(visitor.page.locator(".offline-bar")).to_have_count(0)
    await expect(visitor.page.locator("[data-bell] .unread")).to_have_text("1")
    await expect(visitor.page.get_by_text("bought", exact=False).first).to_be_visible()
    visitor.complaints = [one for one in visitor.complaints if "INTERNET_DISCONNECTED" not in one]


@pytest.mark.parametrize(
    ("size", "dark"), [(PHONE, False), (PHONE, True), (DESK, False), (DESK, True)]
)
async def test_the_operators_pages_fit_and_can_be_read(
    new_visitor: NewVisitor, session_owner_dsn: str, size: ViewportSize, dark: bool
) -> None:
    visitor = await new_visitor(size=size, dark=dark)
    handle = await visitor.sign_up("Operator")
    await asyncio.to_thread(make_admin, session_owner_dsn, f"{handle}@example.org")
    await visitor.until_admitted("/admin")
    folder = os.environ.get("SOUK_SCREENSHOTS")
    look = f"{size['width']}-{'dark' if dark else 'light'}"
    for path in (*ADMIN_PAGES, "/account/notifications", "/notices"):
        name = f"{path.strip('/').replace('/', '-')}-{look}"
        await look_at(visitor, path, shots=Path(folder) if folder else None, name=name)
    await visitor.go("/admin/system")
    first = await visitor.page.locator("#system p").first.inner_text()
    await expect(visitor.page.locator("#system p").first).not_to_have_text(first, timeout=30_000)


def visitor_client(base_url: str, handle: str) -> Souk:
    """The API in the name of somebody who signed up in the browser."""
    client = market.connect(base_url)
    client.auth.login(email=f"{handle}@example.org", password=market.PASSWORD)
    return client


def make_admin(owner_dsn: str, email: str) -> None:
    """As `souk admin` does, also for who is signed in already."""
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute(
            "WITH made AS (UPDATE people.users SET roles = '{buyer,seller,admin}' "
            "WHERE email = %s RETURNING id) SELECT pg_notify('souk_access', id) FROM made",
            [email],
        )
