"""The main journey in a real browser: publish, find, buy, own, download, be paid."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.e2e.browser.conftest import NewVisitor

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.slow]

CARD = """# Iris species

Logistic regression on four measurements.

<script>alert("never")</script>

| set | rows |
|---|---|
| all | 150 |
"""


async def test_a_work_is_published_found_bought_downloaded_and_paid_for(
    new_visitor: NewVisitor, iris_model: Path, iris_bytes: bytes, tmp_path: Path
) -> None:
    seller = await new_visitor()
    handle = await seller.sign_up("Journey Seller")
    path = await seller.publish(
        [iris_model],
        title="Iris species from four measurements",
        price="20.00",
        card=CARD,
        summary="Tells three species of iris apart from the lengths of their leaves.",
    )
    assert path == f"/{handle}/iris-species-from-four-measurements"
    await expect(seller.page.get_by_role("cell", name="0.9474")).to_be_visible()
    await seller.reload_until(seller.page.locator("#provenance", has_text="Published"))

    buyer = await new_visitor()
    await buyer.sign_up("Journey Buyer")
    await buyer.deposit("50.00")
    page = buyer.page
    found = page.locator(f'a.lot-link[href="{path}"]')
    await buyer.go("/search?q=which+flower+is+it+from+petal+lengths")
    await buyer.reload_until(found)  # a new listing is findable in about a second
    await found.click()
    await expect(page.locator(".prose-card script")).to_have_count(0)
    await page.get_by_role("button", name="Buy").locator("visible=true").click()
    await page.get_by_role("button", name="Pay $20.00").click()
    await expect(page.get_by_text("It is yours")).to_be_visible()
    await expect(page.get_by_role("row", name="Creator")).to_contain_text("$18.00")
    await expect(page.get_by_role("row", name="Platform")).to_contain_text("$2.00")

    await page.get_by_role("link", name="Files and licence").click()
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Download iris.onnx").click()
    saved = tmp_path / "iris.onnx"
    await (await download.value).save_as(saved)
    assert saved.read_bytes() == iris_bytes
    async with page.expect_download() as licence:
        await page.get_by_role("link", name="Licence file").click()
    await (await licence.value).save_as(tmp_path / "licence.jws")
    text = (tmp_path / "licence.jws").read_text()
    assert text.count(".") == 2, "the licence file is a compact JWS"

    await buyer.go("/wallet")
    await expect(page.locator(".stat-value").first).to_have_text("$30.00")
    await buyer.go(path)
    await expect(page.get_by_text("You own this").locator("visible=true")).to_be_visible()

    await seller.go("/selling")
    await expect(seller.page.locator(".stat-value").first).to_have_text("$18.00")
    await expect(seller.page.locator(".chart canvas").first).to_be_visible()
    await expect(seller.page.locator("table", has_text="Journey Buyer")).to_contain_text("$20.00")
    await seller.reload_until(seller.page.locator(".unread", has_text="1"))
    await seller.go("/notices")
    await seller.page.get_by_role("button", name="Mark all as read").click()
    await expect(seller.page.locator(".unread")).to_have_count(0)


async def test_a_published_work_is_edited_and_gets_a_new_version(
    new_visitor: NewVisitor, iris_model: Path, tmp_path: Path
) -> None:
    seller = await new_visitor()
    await seller.sign_up("Edit Seller")
    await seller.publish(
        [iris_model], title="Made twice", price="5", card="A card.", summary="Before."
    )
    page = seller.page
    await page.get_by_role("link", name="Edit the listing").locator("visible=true").click()
    await expect(page.get_by_text("What you save here is public at once")).to_be_visible()
    await page.get_by_label("In one sentence").fill("After.")
    await page.get_by_label("In one sentence").press("Tab")
    await page.get_by_role("button", name="Save and go on to the files").press("Enter")
    await expect(page.get_by_label("Version", exact=True)).to_have_value("1.1.0")
    notes = tmp_path / "notes.csv"
    notes.write_text("what,when\nnothing,never\n")
    await page.get_by_label("Choose files").set_input_files([iris_model, notes])
    for file in (iris_model, notes):
        row = page.locator("[data-files] li", has_text=file.name)
        await expect(row).to_contain_text("Scanned, clean", timeout=60_000)
    await page.get_by_label("What is new").fill("Notes beside the model.")
    await page.get_by_role("button", name="Go on to the price").click()
    await page.get_by_role("link", name="Keep and go on").click()
    await page.get_by_role("button", name="Publish 1.1.0").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Made twice")
    await expect(page.get_by_text("After.").first).to_be_visible()
    await page.get_by_role("link", name="Changes since 1.0.0").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("From 1.0.0 to 1.1.0")
    await expect(page.get_by_text("notes.csv").first).to_be_visible()


async def test_a_purchase_before_any_download_can_be_given_back(
    new_visitor: NewVisitor, iris_model: Path
) -> None:
    seller = await new_visitor()
    await seller.sign_up("Refund Seller")
    path = await seller.publish(
        [iris_model], title="Given back", price="5", card="A card.", summary="For a refund."
    )
    buyer = await new_visitor()
    await buyer.sign_up("Refund Buyer")
    await buyer.deposit("5")
    page = buyer.page
    await buyer.go(path)
    await page.get_by_role("button", name="Buy").locator("visible=true").click()
    pay = page.get_by_role("button", name="Pay $5.00")
    await pay.dblclick()
    await expect(page.get_by_text("It is yours")).to_be_visible()
    await page.get_by_role("button", name="Give it back").click()
    await page.get_by_role("button", name="Yes, go on").click()
    await expect(page.get_by_text("Refunded", exact=True)).to_be_visible()
    await buyer.go("/wallet")
    await expect(page.locator(".stat-value").first).to_have_text("$5.00")
    await buyer.go("/library")
    await expect(page.get_by_text("Revoked")).to_be_visible()


async def test_an_empty_wallet_buys_nothing_and_says_what_is_missing(
    new_visitor: NewVisitor, iris_model: Path
) -> None:
    seller = await new_visitor()
    await seller.sign_up("Dear Seller")
    path = await seller.publish(
        [iris_model], title="Too dear", price="1,250.50", card="A card.", summary="Dear."
    )
    buyer = await new_visitor()
    await buyer.sign_up("Poor Buyer")
    await buyer.go(path)
    await buyer.page.get_by_role("button", name="Buy").locator("visible=true").click()
    await expect(buyer.page.get_by_text("short by $1,250.50")).to_be_visible()
    await expect(buyer.page.get_by_role("button", name="Pay $1,250.50")).to_be_disabled()
