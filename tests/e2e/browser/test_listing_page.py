"""A listing's page in a browser: the gallery by keyboard, nothing shifts, phone and dark."""

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.compute.evaluation.models import nine_of_ten
from tests.e2e.browser.conftest import NewVisitor
from tests.e2e.browser.visitor import DESK, PHONE
from tests.security.world import Person
from tests.works.galleries.pictures import picture

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.slow]

SHIFT = """() => new Promise((done) => {
  let sum = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value;
  }).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(sum), 300);
})"""
ALTS = ("Accuracy by class", "Confusion matrix", "Loss by epoch")


def make_listing(base_url: str) -> Any:
    """A dataset with three pictures of different shapes and two versions."""
    seller = Person(base_url, "Gallery Seller")
    listing = seller.publish(
        nine_of_ten(),
        "data.csv",
        card="# Rows\n\nFirst words.",
        metrics=[{"name": "rows", "value": 100}],
        compatibility={"frameworks": ["csv"], "runtimes": ["pandas"], "hardware": ["cpu", "gpu"]},
    )
    path = f"/listings/{listing['id']}"
    for alt, size in zip(ALTS, ((900, 560), (700, 700), (500, 800)), strict=True):
        body = {"sha256": seller.upload(picture(*size), "plot.png"), "alt": alt}
        seller.do("POST", f"{path}/images", body)
    seller.do("PATCH", path, {"card": "# Rows\n\nOther words."})
    files = [{"path": "data.csv", "sha256": seller.upload(nine_of_ten() + b"1,2,1\n")}]
    seller.do("POST", f"{path}/versions", {"version": "2.0.0", "files": files})
    published = seller.do("POST", f"{path}/publish")
    seller.close()
    return published


@pytest.fixture(scope="module")
def listing(base_url: str) -> Any:
    return make_listing(base_url)


async def keep_picture(page: Page, name: str) -> None:
    folder = os.environ.get("SOUK_SCREENSHOTS")
    if folder:
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


async def shown(page: Page) -> str:
    """The picture that the strip has in view."""
    value = await page.evaluate(
        """() => {
          const strip = document.querySelector('.gallery-strip');
          const left = strip.getBoundingClientRect().left;
          const items = [...strip.querySelectorAll('figure')];
          const away = (one) => Math.abs(one.getBoundingClientRect().left - left);
          return items.sort((a, b) => away(a) - away(b))[0].querySelector('figcaption').textContent;
        }"""
    )
    return str(value)


async def wait_shown(page: Page, alt: str) -> None:
    for _ in range(100):
        if await shown(page) == alt:
            return
        await page.wait_for_timeout(50)
    raise AssertionError(f"{alt} is not in view, but {await shown(page)}")


async def test_the_gallery_goes_by_keyboard(new_visitor: NewVisitor, listing: Any) -> None:
    visitor = await new_visitor(size=DESK)
    page = visitor.page
    await visitor.go(f"/{listing['address']}")
    strip = page.get_by_role("group", name="Pictures, 3 in all: use the arrow keys")
    await expect(page.locator("[data-island=gallery][data-mounted]")).to_be_attached()
    await strip.focus()
    for key, alt in (
        ("ArrowRight", ALTS[1]),
        ("End", ALTS[2]),
        ("ArrowRight", ALTS[2]),
        ("ArrowLeft", ALTS[1]),
        ("Home", ALTS[0]),
    ):
        await page.keyboard.press(key)
        await wait_shown(page, alt)
    await page.get_by_role("link", name=f"Show picture 3: {ALTS[2]}").click()
    await wait_shown(page, ALTS[2])
    current = page.locator(".gallery-thumbs a[aria-current=true]")
    await expect(current).to_have_attribute("aria-label", f"Show picture 3: {ALTS[2]}")
    await keep_picture(page, "listing-gallery-desk")


@pytest.mark.parametrize(("size", "dark"), [(DESK, False), (PHONE, True)], ids=["desk", "phone"])
async def test_nothing_shifts_and_nothing_is_cut_off(
    new_visitor: NewVisitor, listing: Any, size: Any, dark: bool
) -> None:
    visitor = await new_visitor(size=size, dark=dark)
    page = visitor.page
    await visitor.go(f"/{listing['address']}")
    await expect(page.get_by_role("img", name=ALTS[0])).to_be_visible()
    await page.wait_for_load_state("load")
    assert await page.evaluate(SHIFT) < 0.05
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    for heading in ("Metrics", "Files", "Versions", "Compatibility", "Licence", "Provenance"):
        await expect(page.get_by_role("heading", name=heading, exact=True)).to_be_visible()
    await expect(page.get_by_role("row", name="pandas")).to_be_visible()
    if size == DESK:
        await page.get_by_text("Share", exact=True).click()
        address = page.get_by_label("Address of this page")
        await expect(address).to_have_value(f"{visitor.base_url}/{listing['address']}")
    await keep_picture(page, f"listing-{'phone-dark' if dark else 'desk'}")


async def test_changes_between_versions_are_a_click_away(
    new_visitor: NewVisitor, listing: Any
) -> None:
    visitor = await new_visitor(size=PHONE)
    page = visitor.page
    await visitor.go(f"/{listing['address']}")
    await page.get_by_role("link", name="Changes since 1.0.0").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("From 1.0.0 to 2.0.0")
    await expect(page.locator("ins", has_text="Other words.")).to_be_visible()
    await expect(page.locator("del", has_text="First words.")).to_be_visible()
    await page.get_by_label("From version").select_option("2.0.0")
    await page.get_by_label("to version", exact=True).select_option("1.0.0")
    await page.get_by_role("button", name="Compare", exact=True).click()
    await page.wait_for_url("**/diff?from=2.0.0&to=1.0.0", timeout=30_000)
    await expect(page.locator("ins", has_text="First words.")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    await keep_picture(page, "listing-diff-phone")


async def test_a_seller_adds_a_picture(new_visitor: NewVisitor, tmp_path: Path) -> None:
    path = tmp_path / "plot.png"
    await asyncio.to_thread(path.write_bytes, picture(640, 400))
    visitor = await new_visitor(size=PHONE, dark=True)
    page = visitor.page
    await visitor.sign_up("Picture Seller")
    await visitor.go("/publish")
    await page.get_by_text("Dataset", exact=True).first.click()
    await page.get_by_label("Title").fill("A work with a picture")
    await page.get_by_role("button", name="Go on").click()
    await page.wait_for_url("**/details")
    await visitor.go(page.url.removeprefix(visitor.base_url).replace("/details", "/gallery"))
    await page.get_by_label("Picture", exact=True).set_input_files(path)
    await page.get_by_label("What it shows").fill("Loss by epoch")
    await page.get_by_role("button", name="Add it").click()
    await expect(page.get_by_role("img", name="Loss by epoch")).to_be_visible()
    await keep_picture(page, "gallery-edit-phone-dark")


@pytest.mark.parametrize(
    ("page_name", "size"),
    [("home", PHONE), ("search", DESK), ("rows", PHONE), ("storefront", DESK)],
)
async def test_lists_with_pictures_do_not_shift(
    new_visitor: NewVisitor, listing: Any, page_name: str, size: Any
) -> None:
    seller = listing["owner"]["slug"]
    path = {
        "home": "/",
        "search": f"/search?owner={seller}",
        "rows": f"/search?owner={seller}&view=list",
        "storefront": f"/{seller}",
    }[page_name]
    visitor = await new_visitor(size=size)
    page = visitor.page
    cover = page.locator(".lot-tile img.cover").first
    for _ in range(200):  # the index, and the front page's lists, follow within seconds
        await visitor.go(path)
        if await cover.count():
            break
        await page.wait_for_timeout(250)
    await cover.scroll_into_view_if_needed()
    await expect(cover).to_have_js_property("complete", True)
    assert await cover.evaluate("image => image.naturalWidth") > 0
    await visitor.go(path)
    await page.wait_for_load_state("load")
    assert await page.evaluate(SHIFT) < 0.05
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
