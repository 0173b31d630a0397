"""Hearts: at once in a browser, with the reason when it fails, and without scripts too."""

import asyncio
import secrets

import pytest
from playwright.async_api import Browser, Route, expect

from tests import market
from tests.e2e.browser.conftest import NewVisitor
from tests.e2e.browser.visitor import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.slow]


async def test_a_heart_fills_at_once_and_stays(new_visitor: NewVisitor, base_url: str) -> None:
    seller = await asyncio.to_thread(market.sign_up, base_url, "Heart Seller")
    listing = await asyncio.to_thread(lambda: market.publish(seller, title="Dear work"))
    visitor = await new_visitor()
    await visitor.sign_up("Heart Giver")
    page = visitor.page
    await visitor.go(f"/{listing.address}")
    heart = page.locator(".heart-wide")
    count = page.locator(f"[data-favourites-of='{listing.id}']")
    await expect(heart).to_have_attribute("aria-pressed", "false")

    answered = asyncio.Event()

    async def hold(route: Route) -> None:
        await answered.wait()
        await route.continue_()

    await page.route("**/favourites/toggle", hold)
    await heart.click()
    await expect(heart).to_have_attribute("aria-pressed", "true")
    await expect(count).to_have_text("1")
    answered.set()
    await expect(heart).not_to_have_attribute("data-busy", "")
    await page.unroute("**/favourites/toggle")

    await visitor.go("/favourites")
    await expect(page.get_by_role("heading", name="Dear work")).to_be_visible()
    await page.get_by_role("button", name="Favourite: Dear work").click()
    await expect(page.get_by_role("button", name="Favourite: Dear work")).to_have_attribute(
        "aria-pressed", "false"
    )
    await page.wait_for_function("!document.querySelector('.heart-btn[data-busy]')")
    await page.reload()
    await expect(page.get_by_text("Nothing kept yet")).to_be_visible()


async def test_a_refused_heart_goes_back_and_says_why(
    new_visitor: NewVisitor, base_url: str
) -> None:
    seller = await asyncio.to_thread(market.sign_up, base_url, "Brief Seller")
    listing = await asyncio.to_thread(lambda: market.publish(seller, title="Brief work"))
    visitor = await new_visitor()
    visitor.expected_statuses = {404}
    await visitor.sign_up("Late Giver")
    page = visitor.page
    await visitor.go(f"/{listing.address}")
    await asyncio.to_thread(seller.listings.retire, listing.id)
    heart = page.locator(".heart-wide")
    await heart.click()
    await expect(page.get_by_role("alert")).to_contain_text("no such listing")
    await expect(heart).to_have_attribute("aria-pressed", "false")
    await expect(page.locator(f"[data-favourites-of='{listing.id}']")).to_have_text("0")


async def test_hearts_follows_and_collections_work_without_scripts(
    browser: Browser, base_url: str
) -> None:
    seller = await asyncio.to_thread(market.sign_up, base_url, "Calm Seller")
    listing = await asyncio.to_thread(lambda: market.publish(seller, title="Calm work"))
    context = await browser.new_context(java_script_enabled=False)
    context.set_default_timeout(30_000)
    page = await context.new_page()
    await page.goto(f"{base_url}/{listing.address}")
    await page.locator(".heart-wide").click()
    await expect(page).to_have_url(
        f"{base_url}/sign-in?next=%2F{listing.address.replace('/', '%2F')}"
    )
    handle = f"calm-{secrets.token_hex(4)}"
    await page.goto(f"{base_url}/sign-up?next=/{listing.address}")
    await page.get_by_label("Your name").fill("Calm Giver")
    await page.get_by_label("Handle").fill(handle)
    await page.get_by_label("E-mail").fill(f"{handle}@example.org")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Make the account").click()

    await page.locator(".heart-wide").click()
    await expect(page.locator(".heart-wide")).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="Follow", exact=False).first.click()
    await expect(page.get_by_role("button", name="Following")).to_be_visible()
    await page.goto(f"{base_url}/following")
    await expect(page.get_by_role("link", name="Calm Seller")).to_be_visible()

    await page.goto(f"{base_url}/collections/new")
    await page.get_by_label("Title").fill("Quiet things")
    await page.get_by_role("button", name="Make the collection").click()
    await expect(page.get_by_role("heading", name="Quiet things")).to_be_visible()
    await page.get_by_label("Add a work").fill(listing.address)
    await page.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("heading", name="Calm work")).to_be_visible()
    await page.get_by_label("Note about Calm work").fill("For a rainy day")
    await page.get_by_role("button", name="Keep the note").click()
    await expect(page.locator(".shelf-note")).to_have_text("For a rainy day")
    await context.close()
