"""Finding and comparing: filters answer at once, live in the address, and outlast a way back."""

import re
import secrets
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from souk_client.contracts.works import Compatibility, Metric
from tests import market
from tests.e2e.browser.conftest import NewVisitor
from tests.e2e.browser.visitor import DESK, PHONE, Visitor

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.slow]

WORKS = (
    ("model", "Harbour", 900, 0.97, "onnx"),
    ("model", "Lantern", 300, 0.91, "onnx"),
    ("model", "Meadow", 0, 0.94, "safetensors"),
    ("dataset", "Orchard", 500, None, "onnx"),
    ("dataset", "Pebble", 1500, None, "onnx"),
    ("dataset", "Quarry", 2500, None, "onnx"),
)
"""Kind, title, price in cents, accuracy and tag of each work."""


@pytest.fixture(scope="module")
def word(base_url: str) -> Iterator[str]:
    """A word that the works of this module hold, and nothing else does."""
    rare = f"zeph{secrets.token_hex(3)}"
    seller = market.sign_up(base_url, "Search Seller")
    for kind, title, price, accuracy, tag in WORKS:
        metrics = [] if accuracy is None else [Metric(name="Accuracy", value=accuracy)]
        market.publish(
            seller,
            kind=kind,
            title=f"{title} {rare}",
            summary="One of six.",
            price_minor=price,
            metrics=metrics,
            tags=[tag],
            task="sorting",
            compatibility=Compatibility(frameworks=[tag], min_memory_gb=2),
        )
    end = time.monotonic() + 60
    while (
        httpx.get(f"{base_url}/api/v1/search", params={"q": f'"{rare}"'}).json().get("total") != 6
    ):
        assert time.monotonic() < end, "the works were not found in time"
        time.sleep(0.2)
    yield rare


async def open_search(visitor: Visitor, word: str, more: str = "") -> Page:
    await visitor.go(f"/search?q=%22{word}%22{more}")
    await expect(visitor.page.locator("#results")).to_be_visible()
    await visitor.page.wait_for_function("document.querySelector('[data-mounted]') !== null")
    await visitor.page.wait_for_load_state("networkidle")
    return visitor.page


async def count_is(page: Page, works: str) -> None:
    await expect(page.locator(".result-bar [role=status]")).to_contain_text(works)


async def test_search_filter_compare_and_back(new_visitor: NewVisitor, word: str) -> None:
    visitor = await new_visitor()
    page = await open_search(visitor, word)
    await count_is(page, "6 works")

    await page.get_by_role("checkbox", name="Models").check()
    await count_is(page, "3 works")
    await expect(page).to_have_url(re.compile(r"kind=model"))
    await page.get_by_role("radio", name="Under $10").check()
    await count_is(page, "2 works")
    await expect(page.get_by_role("link", name="Remove the filter Models")).to_be_visible()
    await page.get_by_role("textbox", name="Price from").fill("0")
    await page.get_by_role("textbox", name="Price to").fill("5")
    await page.get_by_role("textbox", name="Price to").press("Enter")
    await expect(page).to_have_url(re.compile(r"price_max=5"))
    await expect(page.get_by_role("link", name="Remove the filter Price")).to_be_visible()
    await page.get_by_role("link", name="Remove the filter Price").click()
    await count_is(page, "3 works")
    await page.get_by_label("Sort by").select_option("price_desc")
    await expect(page).to_have_url(re.compile(r"sort=price_desc"))
    await expect(page.locator(".lot-title").first).to_contain_text("Harbour")
    await page.get_by_role("link", name="As a list").click()
    await expect(page.locator(".lot-rows")).to_be_visible()

    for title in ("Harbour", "Lantern"):
        await page.get_by_role("button", name=f"Compare {title}").click()
    tray = page.locator("#compare-form")
    await expect(tray).to_contain_text("2 works")
    await expect(page.get_by_role("button", name="Compare Harbour")).to_have_attribute(
        "aria-pressed", "true"
    )
    filtered = page.url
    await tray.get_by_role("link", name="Compare").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Compare works")
    row = page.get_by_role("row", name=re.compile("^Accuracy"))
    await expect(row.locator("td").first).to_contain_text("Best")
    await expect(
        page.get_by_role("row", name=re.compile("^Price ")).locator("td").nth(1)
    ).to_contain_text("Best")
    await expect(page.get_by_role("columnheader", name=re.compile("Lantern"))).to_be_visible()

    await page.go_back()
    await expect(page).to_have_url(filtered)
    await expect(page.get_by_role("checkbox", name="Models")).to_be_checked()
    await expect(page.locator(".lot-rows")).to_be_visible()
    await expect(page.get_by_label("Sort by")).to_have_value("price_desc")
    await expect(page.get_by_role("button", name="Compare Harbour")).to_have_attribute(
        "aria-pressed", "true"
    )
    await page.locator("#compare-form").get_by_role("button", name="Empty the tray").click()
    await expect(page.locator("#compare-form")).to_be_hidden()


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone in the dark"])
async def test_search_filter_compare_buy_and_review(
    new_visitor: NewVisitor, word: str, size: ViewportSize
) -> None:
    on_phone = size is PHONE
    visitor = await new_visitor(size=size, dark=on_phone)
    await visitor.sign_up("Whole Walk")
    await visitor.deposit("20")
    page = await open_search(visitor, word)
    if on_phone:
        await page.locator(".filters-fold > summary").press("Enter")
        await expect(page.get_by_role("button", name="Close the filters")).to_be_focused()
    await page.get_by_role("checkbox", name="Models").press("Space")
    if on_phone:
        await page.get_by_role("button", name="Show 3 works").press("Enter")
    await count_is(page, "3 works")
    tray = page.locator("#compare-form")
    for title, works in (("Harbour", "1 work"), ("Lantern", "2 works")):
        await page.get_by_role("button", name=f"Compare {title}").press("Enter")
        await expect(tray).to_contain_text(works)
    await tray.get_by_role("link", name="Compare").press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Compare works")
    await expect(tray).to_have_count(0)
    await visitor.no_sideways_scroll()
    await page.get_by_role("link", name=re.compile("^Buy.*Lantern")).press("Enter")
    await page.get_by_role("button", name="Pay $3.00").press("Enter")
    await expect(page.get_by_text("It is yours")).to_be_visible()
    await visitor.no_sideways_scroll()
    await page.get_by_role("link", name=f"Lantern {word}").first.press("Enter")
    await page.get_by_role("radio", name="1 star: Poor").focus()
    for _ in range(4):
        await page.keyboard.press("ArrowRight")
    await page.get_by_label("Your review").fill("It lights the way.")
    await page.get_by_role("button", name="Publish the review").press("Enter")
    review = page.get_by_role("article", name="Review by Whole Walk")
    await expect(review.filter(has_text="It lights the way.").first).to_be_visible()
    await visitor.no_sideways_scroll()


async def test_back_and_forward_through_filters(new_visitor: NewVisitor, word: str) -> None:
    page = await open_search(await new_visitor(), word)
    await page.get_by_role("checkbox", name="Datasets").check()
    await count_is(page, "3 works")
    await page.get_by_role("radio", name="$10 to $100").check()
    await count_is(page, "2 works")
    await page.go_back()
    await count_is(page, "3 works")
    await expect(page.get_by_role("checkbox", name="Datasets")).to_be_checked()
    await page.go_back()
    await count_is(page, "6 works")
    await expect(page.get_by_role("checkbox", name="Datasets")).not_to_be_checked()
    await page.go_forward()
    await count_is(page, "3 works")
    await expect(page.get_by_role("checkbox", name="Datasets")).to_be_checked()


async def test_coming_back_from_a_work_shows_the_same_place(
    new_visitor: NewVisitor, word: str
) -> None:
    page = await open_search(await new_visitor(size=PHONE), word, "&kind=model")
    await page.locator(".lot-link").last.scroll_into_view_if_needed()
    before = await page.evaluate("window.scrollY")
    assert before > 100
    await page.locator(".lot-link").last.click()
    await expect(page.locator(".lot-page")).to_be_visible()
    await page.go_back()
    await count_is(page, "3 works")
    await page.wait_for_function("window.scrollY > 100")
    assert abs(await page.evaluate("window.scrollY") - before) < 80


async def test_filters_need_no_pointer(new_visitor: NewVisitor, word: str) -> None:
    page = await open_search(await new_visitor(), word)
    await page.get_by_role("checkbox", name="Models").focus()
    await page.keyboard.press("Space")
    await count_is(page, "3 works")
    await expect(page.get_by_role("checkbox", name="Models")).to_be_focused()
    await expect(page.get_by_role("checkbox", name="Models")).to_be_checked()
    await page.get_by_role("radio", name="Any").first.focus()
    await page.keyboard.press("ArrowDown")
    await expect(page).to_have_url(re.compile("price="))
    await expect(page.get_by_role("radio", name="Free")).to_be_focused()
    await count_is(page, "1 work")
    await page.keyboard.press("ArrowUp")
    await count_is(page, "3 works")


async def test_a_fold_stays_as_it_was_left(new_visitor: NewVisitor, word: str) -> None:
    page = await open_search(await new_visitor(), word)
    await page.locator("[data-fold=task] > summary").click()
    await page.locator("[data-fold=memory] > summary").click()
    await page.get_by_label("Memory needed to").fill("1")
    await page.get_by_label("Memory needed to").press("Enter")
    await count_is(page, "0 works")
    await expect(page.get_by_text("Nothing matches all of that")).to_be_visible()
    await expect(page.get_by_label("Memory needed to")).to_have_value("1")
    await page.get_by_role("link", name="Search without filters").click()
    await count_is(page, "6 works")
    await expect(page.locator("[data-fold=task]")).not_to_have_attribute("open", "")
    await expect(page.locator("[data-fold=memory]")).to_have_attribute("open", "")


async def test_a_mistake_in_the_query_is_shown_where_it_is(
    new_visitor: NewVisitor, word: str
) -> None:
    visitor = await new_visitor()
    visitor.expected_statuses = {422}
    page = await open_search(visitor, word, "&kind=model")
    await page.locator("#q-head").fill(f"{word} kind:modell")
    await page.keyboard.press("Enter")
    problem = page.get_by_role("alert").filter(has_text="cannot be read")
    await expect(problem.locator("mark")).to_have_text("modell")
    await expect(page.locator("#q-head")).to_have_attribute("aria-invalid", "true")
    await expect(page.get_by_role("checkbox", name="Models")).to_be_checked()
    await problem.get_by_role("link").click()
    await expect(page).to_have_url(re.compile(r"kind%3Amodel"))
    await expect(page.get_by_role("link", name="Remove the filter Kind: model")).to_be_visible()
    await expect(page.locator("#q-head")).not_to_have_attribute("aria-invalid", "true")


async def test_suggestions_forgive_typing_errors_and_complete_filters(
    new_visitor: NewVisitor, word: str
) -> None:
    page = await open_search(await new_visitor(), word, "&sort=newest")
    box = page.locator("#q-head")
    await expect(box).to_have_attribute("role", "combobox")
    await box.fill("")
    await box.press_sequentially("lantren", delay=20)
    option = page.get_by_role("option", name=re.compile("lantern", re.I)).first
    await expect(option).to_be_visible()
    await expect(box).to_have_attribute("aria-expanded", "true")
    await page.keyboard.press("Escape")
    await expect(box).to_have_attribute("aria-expanded", "false")
    await box.fill("")
    await box.press_sequentially("kin", delay=20)
    field = page.get_by_role("option", name=re.compile("^kind:")).first
    await expect(field).to_be_visible()
    await field.click()
    await expect(box).to_have_value(re.compile("^kind:"))
    await expect(page.get_by_role("option", name=re.compile("dataset")).first).to_be_visible()
    await page.keyboard.press("ArrowDown")
    chosen = await box.get_attribute("aria-activedescendant")
    assert chosen
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile(r"q=kind%3A\w+"))
    await expect(page).to_have_url(re.compile("sort=newest"))


async def test_no_suggestion_of_the_home_page_is_cut_off(
    new_visitor: NewVisitor, word: str
) -> None:
    visitor = await new_visitor(size=PHONE)
    page = visitor.page
    await visitor.go("/")
    box = page.locator("#q-home")
    await expect(box).to_have_attribute("role", "combobox")
    await box.press_sequentially(word[:4], delay=20)
    options = page.get_by_role("option")
    await expect(options.filter(has_text=word)).not_to_have_count(0)
    for option in await options.all():
        await option.scroll_into_view_if_needed()
        on_top = await option.evaluate(
            """(one) => {
              const box = one.getBoundingClientRect();
              return one.contains(document.elementFromPoint(box.x + 20, box.bottom - 4));
            }"""
        )
        assert on_top, await option.text_content()


async def test_on_a_phone_the_filters_are_a_drawer(new_visitor: NewVisitor, word: str) -> None:
    visitor = await new_visitor(size=PHONE)
    page = await open_search(visitor, word)
    await visitor.no_sideways_scroll()
    opener = page.locator(".filters-fold > summary")
    await opener.click()
    panel = page.locator("#filters")
    await expect(panel).to_be_in_viewport()
    await expect(page.get_by_role("button", name="Close the filters")).to_be_focused()
    await panel.get_by_role("checkbox", name="Models").check()
    await expect(panel.get_by_role("button", name="Show 3 works")).to_be_visible()
    await visitor.no_sideways_scroll()
    await panel.get_by_role("button", name="Show 3 works").click()
    await expect(panel).to_be_hidden()
    await expect(opener).to_be_focused()
    await count_is(page, "3 works")
    await opener.click()
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()

    for title in ("Harbour", "Lantern", "Meadow"):
        await page.get_by_role("button", name=f"Compare {title}").click()
    await page.locator("#compare-form").get_by_role("link", name="Compare").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Compare works")
    await visitor.no_sideways_scroll()
    box = page.locator(".compare-box")
    await box.evaluate("(one) => { one.scrollLeft = 300; }")
    name = page.get_by_role("rowheader", name=re.compile("^Accuracy"))
    edge = await name.bounding_box()
    frame = await box.bounding_box()
    assert edge and frame and abs(edge["x"] - frame["x"]) < 3, "the first column stays in sight"


async def test_without_a_network_the_page_stays_and_asks_again(
    new_visitor: NewVisitor, word: str
) -> None:
    visitor = await new_visitor()
    visitor.losing_connections = True
    page = await open_search(visitor, word)
    await visitor.context.set_offline(True)
    await page.get_by_role("checkbox", name="Models").check()
    await expect(page.get_by_role("alert").filter(has_text="You are offline")).to_be_visible()
    await count_is(page, "6 works")
    await visitor.context.set_offline(False)
    await count_is(page, "3 works")
    await expect(page.locator("[data-offline]")).to_be_hidden()
    # htmx and Chromium both report the requests that could not leave.
    lost = ("ERR_INTERNET", "htmx:sendError", "htmx:afterRequest")
    visitor.complaints = [
        one for one in visitor.complaints if not any(name in one for name in lost)
    ]


async def test_a_search_is_saved_and_leads_back_to_itself(
    new_visitor: NewVisitor, word: str
) -> None:
    visitor = await new_visitor()
    await visitor.sign_up("Saver")
    page = await open_search(visitor, word, "&kind=model&price=..5")
    await page.get_by_role("button", name="Save this search").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Saved searches")
    await page.get_by_text("Rename").click()
    await page.get_by_label("New name of").fill("Cheap models")
    await page.get_by_role("button", name="Keep the name").click()
    await expect(page.get_by_role("link", name="Cheap models")).to_be_visible()
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_text("Paused", exact=True)).to_be_visible()
    await page.get_by_role("link", name="Cheap models").click()
    await expect(page.get_by_role("checkbox", name="Models")).to_be_checked()
    await expect(page.get_by_role("textbox", name="Price to")).to_have_value("5")
    await page.go_back()
    await page.get_by_role("button", name="Delete Cheap models").click()
    await page.get_by_role("button", name="Yes, go on").click()
    await expect(page.get_by_text("No saved searches yet")).to_be_visible()


async def test_filters_and_comparing_work_without_scripts(
    browser: Browser, base_url: str, word: str
) -> None:
    context = await browser.new_context(java_script_enabled=False)
    context.set_default_timeout(30_000)
    page = await context.new_page()
    await page.goto(f"{base_url}/search?q=%22{word}%22&sort=newest")
    await page.get_by_role("checkbox", name="Models").check()
    await page.locator("#f-price-own").check()
    await page.get_by_role("textbox", name="Price from").fill("5")
    await page.get_by_role("button", name=re.compile(r"^Show \d+ work")).click()
    await count_is(page, "1 work")
    await expect(page.get_by_role("checkbox", name="Models")).to_be_checked()
    await expect(page.get_by_role("textbox", name="Price from")).to_have_value("5")
    await expect(page.get_by_label("Sort by")).to_have_value("newest")
    await page.get_by_role("button", name="Compare Harbour").click()
    await expect(page.get_by_role("checkbox", name="Models")).to_be_checked()
    tray = page.locator("#compare-form")
    await expect(tray).to_contain_text("1 work")
    await tray.get_by_role("link", name="Compare").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Compare works")
    await context.close()
