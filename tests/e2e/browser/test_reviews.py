"""From buying to reviewing, voting, replying, reporting, deciding and appealing, on the pages."""

import asyncio

import pytest
from playwright.async_api import expect

from souk_client.contracts.commerce import OrderRequest
from tests import market
from tests.e2e.browser.conftest import NewVisitor
from tests.e2e.browser.test_every_page import look_at
from tests.e2e.browser.visitor import PASSWORD, PHONE, Visitor
from tests.trust.moderation.test_moderation import moderator_client

pytestmark = [pytest.mark.browser, pytest.mark.database, pytest.mark.slow]


async def sign_in(visitor: Visitor, email: str) -> None:
    """Through the form, with an account that exists."""
    await visitor.go("/sign-in")
    await visitor.page.get_by_label("E-mail").fill(email)
    await visitor.page.get_by_label("Password", exact=True).fill(PASSWORD)
    await visitor.page.get_by_role("button", name="Sign in", exact=True).click()
    await expect(visitor.page.locator(".head-account, .head-menu").first).to_be_attached()


async def test_a_buyer_writes_a_review_changes_it_and_others_find_it_helpful(
    new_visitor: NewVisitor, base_url: str
) -> None:
    seller = await asyncio.to_thread(market.sign_up, base_url, "Review Seller")
    listing = await asyncio.to_thread(
        lambda: market.publish(seller, title="A reviewed work", price_minor=0, card="A card.")
    )
    path = f"/{listing.address}"
    buyer = await new_visitor()
    await buyer.sign_up("Review Buyer")
    page = buyer.page
    await buyer.go(path)
    await expect(page.get_by_role("heading", name="Write a review")).to_have_count(0)
    await (
        page.get_by_role("button", name="Get it")
        .or_(page.get_by_role("button", name="Buy"))
        .locator("visible=true")
        .click()
    )
    await page.locator("main form button.btn-primary, main form button.btn-accent").first.click()
    await page.wait_for_url("**/orders/**")
    await buyer.go(path)
    await page.get_by_role("radio", name="1 star: Poor").focus()
    for _ in range(3):
        await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("radio", name="4 stars: Good")).to_be_checked()
    await page.get_by_label("Your review").fill("Fast, **really**. <script>alert(1)</script>")
    await page.get_by_role("button", name="Publish the review").click()
    review = page.get_by_role("article", name="Review by Review Buyer")
    await expect(review.locator("strong", has_text="really")).to_be_visible()
    await expect(review.locator("script")).to_have_count(0)
    await expect(review.get_by_text("Verified buyer")).to_be_visible()
    await expect(page.get_by_role("heading", name="Write a review")).to_have_count(0)
    await review.get_by_role("link", name="Edit or delete").click()
    await page.get_by_title("Excellent").click()
    await page.get_by_role("button", name="Save the changes").click()
    await expect(page.get_by_role("heading", name="Before")).to_be_visible()

    reader = await new_visitor(size=PHONE, dark=True)
    await reader.sign_up("Review Reader")
    await look_at(reader, f"{path}/reviews", shots=None, name="")
    vote = reader.page.get_by_role("button", name="Helpful")
    await vote.click()
    await expect(vote).to_have_attribute("aria-pressed", "true")
    await expect(vote).to_contain_text("1")
    await vote.click()
    await expect(vote).to_have_attribute("aria-pressed", "false")


async def test_a_review_is_answered_reported_hidden_and_appealed(
    new_visitor: NewVisitor, base_url: str, session_owner_dsn: str
) -> None:
    seller, author, reader, staff = await asyncio.to_thread(
        lambda: (
            market.sign_up(base_url, "Judged Seller"),
            market.sign_up(base_url, "Judged Author"),
            market.sign_up(base_url, "Judged Reader"),
            moderator_client(base_url, session_owner_dsn),
        )
    )
    listing = await asyncio.to_thread(lambda: market.publish(seller, title="Judged", price_minor=0))
    author.orders.create(OrderRequest(listing_id=listing.id))
    review = author.reviews.write(listing.id, stars=2, text="Buy mine instead.")

    owner = await new_visitor()
    await sign_in(owner, seller.account.get().user.email)
    await look_at(owner, f"/reviews/{review.id}", shots=None, name="")
    await owner.page.get_by_label("Reply as").fill("Thank you.")
    await owner.page.get_by_role("button", name="Publish the reply").click()
    await expect(owner.page.locator(".review-reply", has_text="Thank you.")).to_be_visible()

    visitor = await new_visitor(size=PHONE)
    await sign_in(visitor, reader.account.get().user.email)
    await look_at(visitor, f"/report/review/{review.id}", shots=None, name="")
    await visitor.page.get_by_text("Spam, or an advertisement").click()
    await visitor.page.get_by_role("button", name="Send the report").click()
    await expect(visitor.page.get_by_text("the moderators have it")).to_be_visible()

    moderator = await new_visitor()
    await sign_in(moderator, staff.account.get().user.email)
    page = moderator.page
    await moderator.go("/admin/moderation?kind=review")
    await page.get_by_role("link", name="2 stars for Judged").click()
    await look_at(moderator, page.url.removeprefix(base_url), shots=None, name="")
    await page.get_by_role("button", name="Take it").click()
    await page.get_by_text("Hide it").click()
    await page.get_by_role("textbox", name="Reason").fill("It is an advertisement.")
    await page.get_by_role("button", name="Decide").click()
    await expect(page.get_by_role("link", name="2 stars for Judged")).to_have_count(0)

    concerned = await new_visitor()
    await sign_in(concerned, author.account.get().user.email)
    await concerned.go(f"/{listing.address}/reviews")
    hidden = concerned.page.get_by_text("Hidden by a moderator: It is an advertisement.")
    await expect(hidden).to_be_visible()
    await concerned.go("/account/reports")
    await concerned.page.get_by_role("link", name="Appeal").click()
    await concerned.page.get_by_label("What was overlooked?").fill("I only said what I think.")
    await concerned.page.get_by_role("button", name="Send the appeal").click()
    await expect(concerned.page.get_by_text("It waits for a moderator.")).to_be_visible()
