"""Every page at phone and desk width, by day and by night: nothing sticks out or lacks a name."""

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from playwright.async_api import Page, ViewportSize

from tests import market
from tests.e2e.browser.conftest import NewVisitor
from tests.e2e.browser.visitor import DESK, PHONE, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.slow]

AXE: Final = Path(__file__).parents[3] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE: Final = """async () => {
  const found = await axe.run(document, {
    resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'],
  });
  return found.violations.map(
    (v) => v.id + ': ' + v.nodes.slice(0, 3).map((n) => n.html.slice(0, 160)).join(' | '));
}"""
PUBLIC: Final = (
    "/",
    "/search",
    "/search?q=no+such+thing+at+all",
    "/search?kind=dataset&price=1..&view=list&sort=newest",
    "/search?q=kind:toaster",
    "/compare",
    "/sign-in",
    "/sign-up",
    "/_design",
)
PRIVATE: Final = (
    "/library",
    "/wallet",
    "/selling",
    "/selling/promotions",
    "/notices",
    "/account",
    "/account/keys",
    "/account/searches",
    "/account/organisations",
    "/publish",
    "/workspaces",
)
CARD: Final = (
    "Text with `code`, a [link](https://example.org).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
)


@pytest.fixture(scope="module")
def shots() -> Iterator[Path | None]:
    """Where pictures of every page go, when SOUK_SCREENSHOTS names a folder."""
    folder = os.environ.get("SOUK_SCREENSHOTS")
    yield Path(folder) if folder else None


async def look_at(visitor: Visitor, path: str, *, shots: Path | None, name: str) -> None:
    """Opens a page and checks what a machine can check; what axe finds joins the complaints."""
    await visitor.go(path)
    page: Page = visitor.page
    await visitor.no_sideways_scroll()
    assert await page.locator("h1").count() == 1, f"{path} has one headline of level one"
    if shots:
        await page.screenshot(path=shots / f"{name}.png", full_page=True)
    await page.evaluate(AXE.read_text())
    visitor.complaints += [f"{path}: {found}" for found in await page.evaluate(RUN_AXE)]


@pytest.mark.parametrize(("size", "dark"), [(PHONE, False), (DESK, True)])
async def test_every_page_fits_and_can_be_read_by_everyone(
    new_visitor: NewVisitor, base_url: str, size: ViewportSize, dark: bool, shots: Path | None
) -> None:
    seller = await asyncio.to_thread(market.sign_up, base_url, "Page Seller")
    listing = await asyncio.to_thread(
        lambda: market.publish(
            seller, title="A work with a rather long title, to see how it wraps", card=CARD
        )
    )
    visitor = await new_visitor(size=size, dark=dark)
    visitor.expected_statuses = {404, 422}
    look = f"{size['width']}-{'night' if dark else 'day'}"
    for path in (*PUBLIC, f"/{listing.address}", "/there/is-nothing"):
        await look_at(
            visitor, path, shots=shots, name=f"{look}-{len(path)}-{path[1:6].strip('/?')}"
        )

    await visitor.sign_up("Page Buyer")
    await visitor.deposit("50")
    await visitor.go(f"/{listing.address}")
    page = visitor.page
    await page.get_by_role("button", name="Buy").locator("visible=true").click()
    checkout = page.url.removeprefix(base_url)
    await look_at(visitor, checkout, shots=shots, name=f"{look}-checkout")
    await page.get_by_role("button", name="Pay $10.00").click()
    await page.wait_for_url("**/orders/**")
    receipt = page.url.removeprefix(base_url)
    await look_at(visitor, receipt, shots=shots, name=f"{look}-receipt")
    licence = await page.get_by_role("link", name="Files and licence").get_attribute("href")
    assert licence is not None
    await look_at(visitor, licence, shots=shots, name=f"{look}-licence")
    for path in PRIVATE:
        await look_at(visitor, path, shots=shots, name=f"{look}{path.replace('/', '-')}")
    await visitor.go("/publish")
    await page.get_by_label("Title", exact=True).fill("A draft")
    await page.get_by_role("button", name="Go on to the details").click()
    draft = page.url.removeprefix(base_url).rpartition("/")[0]
    for step in ("details", "files", "price", "review"):
        await look_at(visitor, f"{draft}/{step}", shots=shots, name=f"{look}-{step}")
