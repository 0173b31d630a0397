"""Buying with a wallet: one order, exactly once, whatever happens around the payment."""

import os
import re
import signal

import psycopg
import pytest
from eth_account.signers.local import LocalAccount
from playwright.async_api import Browser, Page, ViewportSize, expect

from souk.apps.application_role import app_dsn
from souk.apps.container import Container
from souk.infra.outbox.store import write_events
from souk.infra.postgres.database import Database
from souk.infra.postgres.scope import SYSTEM, scope_of
from souk.kernel.errors import TooMany
from souk_client.contracts.chain_sales import ChainSale, ChainSaleRequest
from souk_client.contracts.commerce import OrderRequest
from souk_client.contracts.promotions import PromotionRequest
from souk_client.contracts.works import OfferRequest
from souk_client.sdk import Souk
from tests.commerce.chain_sales.hand import Bazaar, Later, actor_of, new_account, until
from tests.commerce.chain_sales.injected import InjectedWallet
from tests.e2e.browser.visitor import Visitor
from tests.market import available, funded, publish, refused, sign_up
from tests.serving import SECRET

PRICE_USD = 2000
PRICE_GWEI = 10_000_000
"""$20.00 at 0.0005 ETH a dollar."""


@pytest.fixture(scope="module")
def seller(bazaar: Bazaar) -> Souk:
    return sign_up(bazaar.base_url)


@pytest.fixture(scope="module")
def listing_id(seller: Souk) -> str:
    return publish(seller, price_minor=PRICE_USD).id


def counted(bazaar: Bazaar, sql: str, *values: object) -> int:
    with psycopg.connect(bazaar.market.owner_dsn) as connection:
        row = connection.execute(sql, values).fetchone()
        assert row is not None
        return int(row[0])


def test_a_payment_becomes_an_order_like_any_other(
    bazaar: Bazaar, seller: Souk, listing_id: str
) -> None:
    buyer, wallet = sign_up(bazaar.base_url), bazaar.wallet("first")
    before = available(seller, "ETH")
    quote = next(q for q in buyer.chain_sales.quote(listing_id).quotes if q.currency == "ETH")
    assert (quote.price_minor, quote.price_units) == (PRICE_GWEI, str(PRICE_GWEI * 10**9))
    assert quote.rate == "0.0005" and quote.rate_source == "tests"
    sale = bazaar.open(buyer, listing_id, wallet, max_price_minor=quote.price_minor)
    assert sale.state == "pending" and sale.order_id is None
    digest = bazaar.pay(wallet, sale)

    paid = bazaar.settled(buyer, sale, "confirmed")
    assert paid.transaction_hash == digest
    assert paid.transaction_url == f"https://explorer.example/tx/{digest}"
    assert paid.order_id and paid.licence_id
    order = buyer.orders.get(paid.order_id)
    assert (order.price_minor, order.currency, order.payment) == (PRICE_GWEI, "ETH", "chain")
    assert [(s.role, s.amount_minor) for s in order.shares] == [
        ("creator", PRICE_GWEI * 9 // 10),
        ("platform", PRICE_GWEI // 10),
    ]
    assert buyer.licences.get(paid.licence_id).state == "active"
    assert buyer.provenance.entry(order.provenance_entry_id).kind == "sold"
    assert available(seller, "ETH") - before == PRICE_GWEI * 9 // 10
    with refused("order_paid_on_chain", 409):
        seller.orders.refund(order.id)

    bazaar.node.rpc("evm_mine")
    final = bazaar.settled(buyer, sale, "final")
    assert [step.state for step in final.steps] == ["pending", "confirmed", "final"]
    # The page was closed, came back, and says it again.
    for _ in range(2):
        again = buyer.chain_sales.hint(sale.id, transaction_hash=digest)
        assert (again.state, again.order_id) == ("final", paid.order_id)
    assert [o.id for o in buyer.orders.list().items] == [paid.order_id]
    stranger = sign_up(bazaar.base_url)
    with refused("chain_sale_unknown", 404):
        stranger.chain_sales.get(sale.id)


def test_a_seller_with_a_wallet_is_paid_on_the_chain_itself(bazaar: Bazaar) -> None:
    seller, buyer = sign_up(bazaar.base_url), sign_up(bazaar.base_url)
    listing = publish(seller, price_minor=PRICE_USD)
    purse = new_account()
    with refused("wallet_not_linked_here", 409):
        seller.chain_sales.set_payout(purse.address)
    bazaar.link(seller, purse)
    assert seller.chain_sales.set_payout(purse.address).wallet == purse.address.lower()

    sale, _ = bazaar.bought(buyer, listing.id, "second")

    assert bazaar.owed(sale.market, purse.address) == PRICE_GWEI * 9 // 10 * 10**9
    assert available(seller, "ETH") == 0
    assert seller.chain_sales.set_payout(None).wallet is None

    seller.chain_sales.set_payout(purse.address)
    seller.wallets.unlink(seller.wallets.list().items[0].id)
    until(seller.chain_sales.payout, lambda now: now.wallet is None)


def test_tokens_are_paid_with_a_permit_for_exactly_the_price(
    bazaar: Bazaar, listing_id: str
) -> None:
    buyer, wallet = sign_up(bazaar.base_url), bazaar.wallet("third")
    sale = bazaar.open(buyer, listing_id, wallet, currency="GENX")
    assert sale.price_minor == 50_000_000 and sale.price_units == str(50 * 10**18)
    assert sale.pay is not None and sale.pay.permit is not None
    owner = until(lambda: registrar(bazaar), bool)
    bazaar.node.rpc("anvil_impersonateAccount", owner)
    given = "0xa9059cbb" + wallet.address[2:].lower().rjust(64, "0") + f"{10**20:064x}"
    bazaar.node.rpc("eth_sendTransaction", {"from": owner, "to": sale.token, "data": given})
    assert sale.pay.permit["message"]["value"] == sale.price_units
    bazaar.pay(wallet, sale)
    paid = bazaar.settled(buyer, sale)
    assert buyer.orders.get(paid.order_id or "").currency == "GENX"


def registrar(bazaar: Bazaar) -> str:
    with psycopg.connect(bazaar.market.owner_dsn) as connection:
        row = connection.execute("SELECT sender FROM chain.lanes").fetchone()
    return str(row[0]) if row else ""


def test_what_cannot_be_paid_is_refused_before_and_explained_after(
    bazaar: Bazaar, seller: Souk, listing_id: str
) -> None:
    buyer, wallet = sign_up(bazaar.base_url), bazaar.wallet("fourth")
    with refused("own_listing", 409):
        bazaar.open(seller, listing_id, wallet)
    with refused("chain_unknown", 404):
        bazaar.open(buyer, listing_id, wallet, chain="polygon")
    with refused("chain_currency_unknown", 422):
        bazaar.open(buyer, listing_id, wallet, currency="POL")
    with refused("chain_rate_missing", 409):
        bazaar.open(buyer, listing_id, wallet, currency="FTNS")
    with refused("chain_price_moved", 409):
        bazaar.open(buyer, listing_id, wallet, max_price_minor=PRICE_GWEI - 1)
    with refused("price_changed", 409):
        bazaar.open(buyer, listing_id, wallet, expected_price_minor=1999)
    free = publish(seller, price_minor=0)
    with refused("nothing_to_pay", 409):
        bazaar.open(buyer, free.id, wallet)

    sale = bazaar.open(buyer, listing_id, wallet)
    assert sale.pay is not None
    for value, words in (
        (int(sale.pay.value) - 1, "pays less than the price"),
        (int(sale.pay.value) + 1, "pays more than the price"),
    ):
        digest = bazaar.send(bazaar.signed(wallet, sale.pay, value=value))
        buyer.chain_sales.hint(sale.id, transaction_hash=digest)
        assert bazaar.explained(buyer, sale, words).state == "pending"
    astray = bazaar.send(bazaar.signed(wallet, sale.pay, to=new_account().address))
    buyer.chain_sales.hint(sale.id, transaction_hash=astray)
    bazaar.explained(buyer, sale, "went to")
    # Whatever was said before, the right payment counts.
    bazaar.pay(wallet, sale)
    assert bazaar.settled(buyer, sale).problem == ""


def test_what_was_signed_is_kept_when_the_listing_changes(bazaar: Bazaar) -> None:
    seller, buyer = sign_up(bazaar.base_url), sign_up(bazaar.base_url)
    listing, wallet = publish(seller, price_minor=PRICE_USD), bazaar.wallet("fifth")
    seller.promotions.create(PromotionRequest(code="HALF-OFF", percent_off=50))
    sale = bazaar.open(buyer, listing.id, wallet, promotion_code="half-off")
    assert (sale.price_minor, sale.quoted_minor) == (PRICE_GWEI // 2, PRICE_USD // 2)
    seller.listings.retire(listing.id)
    bazaar.pay(wallet, sale)
    paid = bazaar.settled(buyer, sale)
    assert buyer.licences.get(paid.licence_id or "").state == "active"
    promotion = buyer.orders.get(paid.order_id or "").promotion
    assert promotion and (promotion.code, promotion.list_price_minor) == ("HALF-OFF", PRICE_GWEI)


def test_who_pays_for_what_is_owned_has_the_money_here(bazaar: Bazaar, listing_id: str) -> None:
    buyer, wallet = funded(bazaar.base_url, PRICE_USD), bazaar.wallet("sixth")
    sale = bazaar.open(buyer, listing_id, wallet)
    buyer.orders.create(OrderRequest(listing_id=listing_id))
    bazaar.pay(wallet, sale)
    credited = bazaar.settled(buyer, sale, "credited")
    assert "own this already" in credited.problem
    assert available(buyer, "ETH") == PRICE_GWEI
    with refused("already_owned", 409):
        bazaar.open(buyer, listing_id, wallet)


def test_a_block_taken_back_undoes_the_sale_until_the_payment_returns(
    bazaar: Bazaar, seller: Souk, listing_id: str
) -> None:
    buyer, wallet = sign_up(bazaar.base_url), bazaar.wallet("seventh")
    sale = bazaar.open(buyer, listing_id, wallet)
    assert sale.pay is not None
    before = available(seller, "ETH")
    snapshot = bazaar.node.rpc("evm_snapshot")
    raw = bazaar.signed(wallet, sale.pay)
    bazaar.send(raw)
    first = bazaar.settled(buyer, sale, "confirmed")

    bazaar.node.rpc("evm_revert", snapshot)
    for _ in range(3):
        bazaar.node.rpc("evm_mine")
    undone = bazaar.settled(buyer, sale, "undone")
    assert "took the block" in undone.problem and undone.transaction_hash is None
    assert buyer.licences.get(first.licence_id or "").state == "revoked"
    assert buyer.orders.get(first.order_id or "").state == "refunded"
    assert available(seller, "ETH") == before

    bazaar.send(raw)
    again = bazaar.settled(buyer, sale)
    assert again.order_id != first.order_id and again.problem == ""
    assert buyer.licences.get(again.licence_id or "").state == "active"
    assert available(seller, "ETH") - before == PRICE_GWEI * 9 // 10
    states = [step.state for step in again.steps]
    assert states[:4] == ["pending", "confirmed", "undone", "confirmed"]


def test_a_killed_worker_settles_once_when_it_is_back(bazaar: Bazaar, listing_id: str) -> None:
    buyer, wallet = sign_up(bazaar.base_url), bazaar.wallet("eighth")
    sale = bazaar.open(buyer, listing_id, wallet)
    bazaar.market.kill("worker")
    bazaar.pay(wallet, sale)
    assert buyer.chain_sales.get(sale.id).state == "pending"
    bazaar.market.start("worker")
    until(
        lambda: counted(bazaar, "SELECT count(*) FROM infra.deliveries"),
        lambda _: buyer.chain_sales.get(sale.id).state in ("confirmed", "final"),
    )
    bazaar.market.kill("worker")
    bazaar.market.start("worker")
    bazaar.node.rpc("evm_mine")
    final = bazaar.settled(buyer, sale, "final")
    orders = "SELECT count(*) FROM commerce.orders WHERE buyer_organisation_id = %s"
    assert counted(bazaar, orders, final.buyer_organisation_id) == 1


def test_while_the_chain_is_down_all_else_is_sold(
    bazaar: Bazaar, seller: Souk, listing_id: str
) -> None:
    buyer, wallet = funded(bazaar.base_url, PRICE_USD), bazaar.wallet("ninth")
    other = publish(seller, price_minor=PRICE_USD)
    os.kill(bazaar.node.process_id, signal.SIGSTOP)
    try:
        assert buyer.orders.create(OrderRequest(listing_id=other.id)).payment == "wallet"
        sale = bazaar.open(buyer, listing_id, wallet)
        assert sale.state == "pending"
    finally:
        os.kill(bazaar.node.process_id, signal.SIGCONT)
    bazaar.pay(wallet, sale)
    assert bazaar.settled(buyer, sale).order_id


async def offered(
    container: Container, buyer: Souk, listing_id: str, wallet: LocalAccount
) -> ChainSale:
    """An offer with a refund window."""
    actor = actor_of(buyer)
    wish = ChainSaleRequest(
        listing_id=listing_id, chain="local", currency="ETH", wallet=wallet.address
    )
    async with container.core.database.transaction(scope_of(actor)) as uow:
        return await container.chain_sales.chain_sales.open(uow, actor, wish)


async def test_the_buyer_gets_the_money_back_from_the_contract(
    bazaar: Bazaar, generous: Container
) -> None:
    seller, buyer = sign_up(bazaar.base_url), sign_up(bazaar.base_url)
    listing, wallet = publish(seller, price_minor=PRICE_USD), bazaar.wallet("tenth")
    sale = await offered(generous, buyer, listing.id, wallet)
    assert sale.refund_window_s == 3600
    bazaar.pay(wallet, sale)
    paid = bazaar.settled(buyer, sale)
    assert paid.refund is not None and paid.refund_until is not None
    assert available(seller, "ETH") == PRICE_GWEI * 9 // 10

    bazaar.send(bazaar.signed(wallet, paid.refund))

    back = bazaar.settled(buyer, sale, "refunded")
    assert back.refund is None
    assert bazaar.owed(sale.market, wallet.address) == int(sale.price_units)
    assert available(seller, "ETH") == 0
    assert buyer.licences.get(paid.licence_id or "").state == "revoked"
    assert buyer.orders.get(paid.order_id or "").state == "refunded"
    again, _ = bazaar.bought(buyer, listing.id, "tenth")
    assert again.order_id != paid.order_id


async def test_an_unpaid_offer_gives_back_what_it_kept_and_there_are_not_too_many(
    bazaar: Bazaar, generous: Container
) -> None:
    seller, buyer = sign_up(bazaar.base_url), sign_up(bazaar.base_url)
    last = OfferRequest(price_minor=PRICE_USD, stock=1)
    listing, wallet = publish(seller, offers=[last]), bazaar.wallet("eleventh")
    sale = await offered(generous, buyer, listing.id, wallet)
    with refused("offer_sold_out", 409):
        bazaar.open(sign_up(bazaar.base_url), listing.id, wallet)
    other = publish(seller, price_minor=PRICE_USD)
    await offered(generous, buyer, other.id, wallet)
    with pytest.raises(TooMany):
        await offered(generous, buyer, other.id, wallet)

    await at_work(generous, bazaar, "chain_sales.expire", hours=2)

    with psycopg.connect(bazaar.market.owner_dsn, autocommit=True) as connection:
        back = "UPDATE chain_sales.sales SET deadline = now() - interval '1 hour' WHERE id = %s"
        connection.execute(back, [sale.id])
    expired = buyer.chain_sales.get(sale.id)
    assert (expired.state, expired.pay) == ("expired", None)
    assert expired.steps[-1].said == "Not paid in time."
    bazaar.open(sign_up(bazaar.base_url), listing.id, wallet)
    # The contract took it in time though it was heard of late: what was signed is kept.
    bazaar.pay(wallet, sale)
    assert bazaar.settled(buyer, sale).order_id


async def at_work(container: Container, bazaar: Bazaar, name: str, *, hours: int) -> None:
    """Runs one of the worker's schedules so many hours from now."""
    schedules = container.chain_sales.parts.schedules
    schedule = next(one for one in schedules if one.name == name)
    dsn = app_dsn(bazaar.market.owner_dsn, SECRET)
    later = Database(dsn, pool_size=2, clock=Later(hours), write_events=write_events)
    await later.open()
    try:
        async with later.transaction(SYSTEM) as uow:
            await schedule.run(uow)
    finally:
        await later.close()


async def test_chain_sales_orders_and_books_agree(bazaar: Bazaar, generous: Container) -> None:
    async with generous.core.database.transaction(SYSTEM) as uow:
        (chain,) = await generous.chain_index.chains.all(uow)
        assert await generous.chain_sales.comparison.differences(uow, chain.network) == []
        victim = await uow.value("SELECT id FROM chain_sales.sales WHERE state = 'final' LIMIT 1")
        await uow.execute(
            "UPDATE chain_sales.sales SET state = 'undone' WHERE id = %(id)s", id=victim
        )
        told = await generous.chain_sales.comparison.differences(uow, chain.network)
        assert any(victim in sentence for sentence in told) and len(told) == 2
        await uow.rollback()


@pytest.mark.browser
async def test_a_visitor_buys_in_a_browser_and_the_page_survives_a_refresh(
    bazaar: Bazaar, browser: Browser, seller: Souk
) -> None:
    listing = publish(seller, price_minor=PRICE_USD, title="Rivers of the north")
    wallet = InjectedWallet(bazaar.node, bazaar.wallet("visitor").address)
    context = await browser.new_context(
        viewport=ViewportSize(width=1280, height=900), reduced_motion="reduce"
    )
    context.set_default_timeout(60_000)
    await wallet.into(context)
    page = await context.new_page()
    visitor = Visitor(context, page, bazaar.base_url)
    await visitor.sign_up("Wallet Holder")
    await visitor.go(f"/checkout/{listing.id}")
    await look(page, "checkout")
    await page.get_by_role("button", name="Connect").click()
    await expect(page.get_by_text("What your wallet will ask")).to_be_visible()
    await expect(page.locator(".order-total")).to_contain_text("0.01 ETH")
    await look(page, "pending")
    address = page.url
    await visitor.go("/library")
    await expect(page.get_by_role("link", name="Rivers of the north")).to_be_visible()
    await look(page, "library")
    await visitor.go("/account/payout")
    await look(page, "payout")
    await page.goto(address)

    wallet.refuses = True
    pay = page.get_by_role("button", name="Pay 0.01 ETH")
    await pay.click()
    await expect(page.get_by_text("You declined in the wallet")).to_be_visible()
    assert wallet.chain_id == bazaar.node.chain_id, "it was switched to the right chain"
    wallet.refuses = False
    await pay.click()
    await expect(page.get_by_text("It is yours")).to_be_visible()
    await expect(page.locator(".status", has_text="Paid")).to_be_visible()
    await look(page, "confirmed")

    bazaar.node.rpc("evm_mine")
    await expect(page.locator(".status", has_text="Paid, final")).to_be_visible()
    await page.reload()
    await expect(page.locator(".status", has_text="Paid, final")).to_be_visible()
    await expect(page.get_by_role("link", name="Explorer")).to_have_attribute(
        "href", re.compile(r"^https://explorer\.example/tx/0x[0-9a-f]{64}$")
    )
    await look(page, "final")
    await page.get_by_role("link", name="Receipt").click()
    await expect(page.get_by_text("The local chain, final")).to_be_visible()
    await look(page, "receipt")
    assert visitor.complaints == []
    await context.close()


async def look(page: Page, name: str) -> None:
    """Nothing sticks out on a phone; leaves pictures where SOUK_SCREENSHOTS names a folder."""
    folder = os.environ.get("SOUK_SCREENSHOTS")
    for window in (360, 1280):
        await page.set_viewport_size(ViewportSize(width=window, height=900))
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= window, f"{name} is {width} px wide"
        for scheme in ("light", "dark") if folder else ():
            await page.emulate_media(color_scheme=scheme)
            path = f"{folder}/chain-{name}-{window}-{scheme}.png"
            await page.screenshot(path=path, full_page=True)
    await page.emulate_media(color_scheme="light")


async def test_money_that_nobody_wanted_back_is_divided_after_the_window(
    bazaar: Bazaar, generous: Container
) -> None:
    """The last test: the chain's clock is hours ahead after it."""
    seller, buyer = sign_up(bazaar.base_url), sign_up(bazaar.base_url)
    listing, wallet = publish(seller, price_minor=PRICE_USD), bazaar.wallet("twelfth")
    sale = await offered(generous, buyer, listing.id, wallet)
    bazaar.pay(wallet, sale)
    bazaar.settled(buyer, sale)
    bazaar.node.rpc("evm_mine")
    bazaar.settled(buyer, sale, "final")
    treasury = sale.offer["message"]["shares"][0]["account"]
    before = bazaar.owed(sale.market, treasury)
    bazaar.node.pass_time(2 * 3600)

    await at_work(generous, bazaar, "chain_sales.release", hours=2)
    with psycopg.connect(bazaar.market.owner_dsn, autocommit=True) as connection:
        # The worker's own clock is not ahead, and would wait two hours.
        connection.execute("UPDATE chain.transactions SET not_before = now()")

    until(lambda: buyer.chain_sales.get(sale.id), lambda now: now.refund is None)
    # Money of other tests' sales, held as well, may have been divided with it.
    assert bazaar.owed(sale.market, treasury) - before >= int(sale.price_units)
