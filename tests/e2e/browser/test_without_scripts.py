"""Buying works in a browser that runs no scripts."""

import asyncio
import secrets

import pytest
from playwright.async_api import Browser, expect

from tests import market
from tests.e2e.browser.visitor import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.slow]


async def test_a_work_is_found_and_bought_without_scripts(browser: Browser, base_url: str) -> None:
    seller = await asyncio.to_thread(market.sign_up, base_url, "Plain Seller")
    listing = await asyncio.to_thread(
        lambda: market.publish(seller, title="Plain work", price_minor=300, card="A card.")
    )
    context = await browser.new_context(java_script_enabled=False)
    context.set_default_timeout(30_000)
    page = await context.new_page()
    handle = f"plain-{secrets.token_hex(4)}"
    await page.goto(f"{base_url}/sign-up?next=/wallet")
    await page.get_by_label("Your name").fill("Plain Buyer")
    await page.get_by_label("Handle").fill(handle)
    await page.get_by_label("E-mail").fill(f"{handle}@example.org")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Make the account").click()
    await page.get_by_label("Amount").fill("3")
    await page.get_by_role("button", name="Put it in").click()
    await expect(page.get_by_text("The money is in your wallet")).to_be_visible()
    await page.goto(f"{base_url}/{listing.address}")
    await page.get_by_role("button", name="Buy").locator("visible=true").click()
    await page.get_by_role("button", name="Pay $3.00").click()
    await expect(page.get_by_text("It is yours")).to_be_visible()
    await page.get_by_role("link", name="Files and licence").click()
    await expect(page.get_by_role("link", name="Download data.txt")).to_be_visible()
    await context.close()
