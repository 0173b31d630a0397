"""Wallets in a real browser: linked, shown, signed in with, declined."""

from playwright.async_api import expect

from tests.e2e.browser.conftest import NewVisitor
from tests.e2e.browser.visitor import Visitor
from tests.e2e.browser.wallet_provider import BrowserWallet


async def link(visitor: Visitor, name: str) -> None:
    await visitor.go("/account/wallets")
    await visitor.page.get_by_label("What do you call it?").fill(name)
    await visitor.page.get_by_role("button", name="Link a wallet").click()


async def test_a_wallet_is_linked_and_signs_in(new_visitor: NewVisitor) -> None:
    ada = await new_visitor()
    wallet = await BrowserWallet.put_into(ada)
    handle = await ada.sign_up("Ada Lovelace")
    page = ada.page
    await link(ada, "Laptop")
    await expect(page.get_by_text("The wallet is linked")).to_be_visible()
    row = page.get_by_role("row", name="Laptop")
    await expect(row).to_contain_text("Ethereum")
    await expect(row).to_contain_text("never")

    again = await new_visitor()
    await BrowserWallet.put_into(again, account=wallet.account)
    await again.go("/sign-in?next=/account/wallets")
    await again.page.get_by_role("button", name="Sign in with a wallet").click()
    await expect(again.page.get_by_role("heading", name="Linked wallets")).to_be_visible()
    row = again.page.get_by_role("row", name="Laptop")
    await expect(row).not_to_contain_text("never")

    await row.get_by_role("button", name="Only you").click()
    await again.page.get_by_role("button", name="Yes, go on").click()
    await expect(again.page.get_by_text("Everybody can see it")).to_be_visible()
    await again.page.get_by_role("link", name="DID document").click()
    await expect(again.page.locator("body")).to_contain_text(wallet.account.address)
    await expect(again.page.locator("body")).to_contain_text(f":organisations:{handle}")
    await again.go("/account/wallets")
    await again.page.get_by_role("button", name="Unlink Laptop").click()
    await again.page.get_by_role("button", name="Yes, go on").click()
    await expect(again.page.get_by_text("No wallet is linked")).to_be_visible()


async def test_what_may_go_wrong_is_said_in_words(new_visitor: NewVisitor) -> None:
    nobody = await new_visitor()
    nobody.expected_statuses = {422}
    await nobody.go("/sign-in")
    button = nobody.page.get_by_role("button", name="Sign in with a wallet")
    await button.click()
    toasts = nobody.page.get_by_role("alert")
    await expect(toasts).to_contain_text("There is no wallet in this browser")

    first = await BrowserWallet.put_into(nobody, name="First")
    second = await BrowserWallet.put_into(nobody, name="Second")
    await nobody.go("/sign-in")
    await button.click()
    await nobody.page.get_by_role("button", name="Second").click()  # which of the two
    await expect(toasts).to_contain_text("No account is linked to")
    assert first.asked == []
    assert second.asked == ["eth_requestAccounts", "eth_chainId", "personal_sign"]

    await nobody.go("/sign-in")
    second.refuses.add("personal_sign")
    await button.click()
    await nobody.page.get_by_role("button", name="Second").click()
    await expect(toasts).to_contain_text("You declined in the wallet")
    second.refuses.clear()
    second.chain_id = 5
    await nobody.go("/sign-in")
    nobody.expected_statuses = {422}
    await button.click()
    await nobody.page.get_by_role("button", name="Second").click()
    await expect(toasts).to_contain_text("Switch the wallet to one of them")
    await button.click()
    await nobody.page.get_by_role("button", name="Cancel").click()
    await expect(toasts.filter(has_text="No wallet was chosen")).to_be_visible()
