"""Uploads from the wizard live through lost connections and a reloaded page."""

import secrets
from collections import Counter
from pathlib import Path

import pytest
from playwright.async_api import Request, Route, expect

from tests.e2e.browser.conftest import NewVisitor
from tests.e2e.browser.visitor import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.slow]

ROW = "5.1,3.5,1.4,0.2,setosa\n"
SIZE_BYTES = 20 * 2**20


@pytest.fixture
def large_table(tmp_path: Path) -> Path:
    """A CSV file of several parts, with content of its own."""
    path = tmp_path / "measurements.csv"
    head = f"a,b,c,d,{secrets.token_hex(8)}\n"
    path.write_text(head + ROW * (SIZE_BYTES // len(ROW)))
    return path


async def to_the_files_step(visitor: Visitor) -> None:
    page = visitor.page
    await visitor.go("/publish")
    await page.get_by_text("Dataset", exact=True).click()
    await page.get_by_label("Title", exact=True).fill("Measurements")
    await page.get_by_role("button", name="Go on to the details").click()
    await page.get_by_label("In one sentence").fill("Many measurements.")
    await page.get_by_role("button", name="Go on to the files").click()


async def test_parts_that_get_lost_are_sent_again(
    new_visitor: NewVisitor, large_table: Path
) -> None:
    visitor = await new_visitor()
    visitor.losing_connections = True
    await visitor.sign_up("Far Seller")
    page = visitor.page
    tries: Counter[str] = Counter()

    async def lose_the_first(route: Route, request: Request) -> None:
        tries[request.url] += 1
        if tries[request.url] == 1:
            await route.abort("failed")
        else:
            await route.continue_()

    # Before the page is opened: one that is there already may send past a new route.
    await page.route("**/api/v1/uploads/*/parts/*", lose_the_first)
    await to_the_files_step(visitor)
    await page.get_by_label("Choose files").set_input_files(large_table)
    row = page.locator(".file-list li", has_text="measurements.csv")
    await expect(row).to_contain_text("Scanned, clean", timeout=60_000)
    assert len(tries) > 1 and all(count == 2 for count in tries.values())

    await page.reload()
    await expect(row).to_contain_text("Scanned, clean")
    await page.get_by_role("button", name="Go on to the price").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Set the price and the licence")


async def test_an_upload_that_was_given_up_goes_on_with_what_is_missing(
    new_visitor: NewVisitor, large_table: Path
) -> None:
    visitor = await new_visitor()
    visitor.losing_connections = True
    visitor.expected_statuses = {422}
    await visitor.sign_up("Cut Seller")
    page = visitor.page
    arrived: list[str] = []
    cut = True

    async def cut_off_after_the_first(route: Route, request: Request) -> None:
        number = request.url.rpartition("/")[2]
        if cut and number != "1":
            # Refused for good, so that the page does not try again by itself.
            await route.fulfill(status=422, content_type="application/json", body="{}")
        else:
            arrived.append(number)
            await route.continue_()

    await page.route("**/api/v1/uploads/*/parts/*", cut_off_after_the_first)
    await to_the_files_step(visitor)
    await page.get_by_label("Choose files").set_input_files(large_table)
    again = page.get_by_role("button", name="Try measurements.csv again")
    await expect(again).to_be_visible(timeout=30_000)
    await page.wait_for_timeout(1000)
    assert arrived == ["1"]
    cut = False
    await again.click()
    row = page.locator(".file-list li", has_text="measurements.csv")
    await expect(row).to_contain_text("Scanned, clean", timeout=60_000)
    assert arrived.count("1") == 1, "what had arrived is not sent again"
