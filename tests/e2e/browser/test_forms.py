"""Forms say what is wrong beside the field, keep what was typed, and refuse forged requests."""

import httpx
import pytest
from playwright.async_api import expect

from tests.e2e.browser.conftest import NewVisitor
from tests.e2e.browser.visitor import PASSWORD

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.slow]


async def test_a_refused_sign_up_says_why_and_keeps_the_words(new_visitor: NewVisitor) -> None:
    visitor = await new_visitor()
    visitor.expected_statuses = {422}
    page = visitor.page
    await visitor.go("/sign-up")
    await page.get_by_label("Your name").fill("Support Desk")
    await page.get_by_label("Handle").fill("support")
    await page.get_by_label("E-mail").fill("support.desk@example.org")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Make the account").click()
    await expect(page.get_by_label("Handle")).to_have_attribute("aria-invalid", "true")
    await expect(page.locator("#f-handle-error")).to_contain_text("kept for the marketplace")
    await expect(page.get_by_label("Your name")).to_have_value("Support Desk")
    await expect(page.get_by_label("Password", exact=True)).to_have_value("")


async def test_a_wrong_password_says_so_and_no_more(new_visitor: NewVisitor) -> None:
    visitor = await new_visitor()
    visitor.expected_statuses = {422}
    page = visitor.page
    await visitor.go("/sign-in?next=/wallet")
    await page.get_by_label("E-mail").fill("nobody@example.org")
    await page.get_by_label("Password", exact=True).fill("not the password")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_label("E-mail")).to_have_value("nobody@example.org")


async def test_signing_in_leads_back_to_where_it_was_needed(new_visitor: NewVisitor) -> None:
    visitor = await new_visitor()
    handle = await visitor.sign_up("Back Again")
    page = visitor.page
    await page.locator(".head-account > summary").click()
    await page.locator(".head-account").get_by_role("button", name="Sign out").click()
    await expect(page.get_by_role("link", name="Join")).to_be_visible()
    await visitor.go("/wallet")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Welcome back")
    await page.get_by_label("E-mail").fill(f"{handle}@example.org")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Wallet")


async def test_the_theme_is_kept_and_arrives_with_the_page(new_visitor: NewVisitor) -> None:
    visitor = await new_visitor()
    page = visitor.page
    await visitor.go("/")
    await page.locator(".head-theme > summary").click()
    async with page.expect_response("**/preferences/theme"):
        await page.locator(".head-theme").get_by_role("button", name="Theme: Dark").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "night")
    answer = await page.goto(visitor.base_url + "/search")
    assert answer is not None
    assert 'data-theme="night"' in await answer.text()


async def test_an_unsafe_file_is_refused_with_the_reason(
    new_visitor: NewVisitor, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shady = tmp_path_factory.mktemp("shady") / "model.pkl"
    shady.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    visitor = await new_visitor()
    await visitor.sign_up("Shady Seller")
    page = visitor.page
    await visitor.go("/publish")
    await page.get_by_label("Title", exact=True).fill("Shady")
    await page.get_by_role("button", name="Go on to the details").click()
    await page.get_by_label("In one sentence").fill("Shady")
    await page.get_by_role("button", name="Go on to the files").click()
    await page.get_by_label("Choose files").set_input_files(shady)
    row = page.locator(".file-list li", has_text="model.pkl")
    await expect(row).to_contain_text("Not safe to publish", timeout=30_000)
    visitor.expected_statuses = {422}
    await page.get_by_role("button", name="Go on to the price").click()
    await expect(page.get_by_text("Add at least one file")).to_be_visible()


async def test_a_form_without_its_token_changes_nothing(base_url: str) -> None:
    async with httpx.AsyncClient(base_url=base_url) as client:
        await client.get("/sign-in")
        form = {"email": "a@example.org", "password": PASSWORD}
        forged = await client.post("/sign-in", data=form, headers={"accept": "text/html"})
    assert forged.status_code == 403
    assert "This form has waited too long" in forged.text


async def test_pages_forbid_everything_that_is_not_from_here(base_url: str) -> None:
    async with httpx.AsyncClient(base_url=base_url) as client:
        policy = (await client.get("/")).headers["content-security-policy"]
    assert "unsafe" not in policy
    for part in ("script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
        assert part in policy
