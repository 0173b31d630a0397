"""A purchase with the keyboard alone; where the focus is can always be seen."""

import asyncio
import time

import httpx
import pytest
from playwright.async_api import Page, expect

from tests import market
from tests.e2e.browser.conftest import NewVisitor

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.slow]

MAX_TABS = 90
FOCUS = """() => {
  const at = document.activeElement;
  const style = getComputedStyle(at);
  const host = at.closest('.lot, .choice, .dropzone, .hero-search');
  const around = host ? getComputedStyle(host) : style;
  const drawn = (one) => one.outlineStyle !== 'none' && one.outlineWidth !== '0px';
  const seen = [style, around].some((one) => drawn(one) || one.boxShadow !== 'none');
  return {seen, tag: at.tagName + ' ' + at.className, text: at.textContent.trim().slice(0, 40)};
}"""


def wait_until_suggested(base_url: str, typed: str, address: str) -> None:
    """Waits until the index has a new listing."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = httpx.get(f"{base_url}/search/suggest", params={"q": typed}).json()
        if any(item["address"] == address for item in found.get("items", [])):
            return
        time.sleep(0.2)
    raise AssertionError(f"{address} is not suggested for {typed!r}: {found}")


async def tab_to(page: Page, selector: str) -> None:
    """Presses Tab until the focus is there; every stop on the way must show it."""
    for _ in range(MAX_TABS):
        await page.keyboard.press("Tab")
        focus = await page.evaluate(FOCUS)
        assert focus["seen"] or focus["tag"].startswith("BODY"), f"no visible focus on {focus}"
        if await page.evaluate("(s) => document.activeElement.matches(s)", selector):
            return
    raise AssertionError(f"{selector} is not reached by Tab on {page.url}")


async def test_a_purchase_needs_no_pointer(new_visitor: NewVisitor, base_url: str) -> None:
    seller = await asyncio.to_thread(market.sign_up, base_url, "Keyboard Seller")
    listing = await asyncio.to_thread(
        lambda: market.publish(seller, title="Keyboard work", price_minor=700, card="A card.")
    )
    visitor = await new_visitor()
    await visitor.sign_up("Keyboard Buyer")
    await visitor.deposit("7")
    page = visitor.page

    await visitor.go("/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()
    await tab_to(page, "#q-home")

    await visitor.go(f"/{listing.address}")
    await tab_to(page, "form[action^='/checkout'] button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Check and pay")
    await tab_to(page, "form[method='post'][action^='/checkout'] button")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("It is yours")).to_be_visible()


async def test_menus_open_and_close_with_the_keyboard(new_visitor: NewVisitor) -> None:
    visitor = await new_visitor()
    await visitor.sign_up("Menu Person")
    page = visitor.page
    await tab_to(page, ".head-account > summary")
    await page.keyboard.press("Enter")
    wallet = page.locator(".head-account").get_by_role("link", name="Wallet")
    await expect(wallet).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(wallet).to_be_hidden()
    await expect(page.locator(".head-account > summary")).to_be_focused()


async def test_the_search_box_suggests_and_the_arrows_choose(
    new_visitor: NewVisitor, base_url: str
) -> None:
    seller = await asyncio.to_thread(market.sign_up, base_url, "Suggest Seller")
    listing = await asyncio.to_thread(
        lambda: market.publish(seller, title="Quokka photographs", card="A card.")
    )
    await asyncio.to_thread(wait_until_suggested, base_url, "quokka", listing.address)
    visitor = await new_visitor()
    page = visitor.page
    await visitor.go("/search")
    await page.locator("#q-head").press_sequentially("quokka", delay=40)
    option = page.locator(f"a[role=option][href='/{listing.address}']")
    await expect(option).to_be_visible()
    await page.wait_for_timeout(500)  # the answer to the last letter may still be on its way
    for _ in range(9):
        await page.keyboard.press("ArrowDown")
        if await option.get_attribute("aria-selected") == "true":
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Quokka photographs")
