"""The buyer's part: put money in, find the work by plain words, pay, and see the exact split."""

import time
from typing import Final

from souk.apps.demo import pictures
from souk.apps.demo.recipe import AFFILIATE_MINOR, CREATOR_MINOR, PLATFORM_MINOR, PRICE_MINOR
from souk.apps.demo.story import Person, Story, balance_minor
from souk_client.contracts.commerce import Order, OrderRequest
from souk_client.contracts.works import Listing
from souk_client.sdk import SoukApiError

DEPOSITS: Final = (("USD", 50_00), ("EUR", 20_00))
PLAIN_WORDS: Final = "recognise numbers that people wrote by hand"


def deposit(story: Story, buyer: Person) -> None:
    """Money in through the test provider, twice with one key: it counts once."""
    for currency, amount_minor in DEPOSITS:
        for _ in range(2):
            buyer.souk.wallet.deposit(
                amount_minor=amount_minor, currency=currency, idempotency_key=f"demo-{currency}"
            )
        story.stage.equal(
            f"{currency}: asked for twice with one Idempotency-Key, deposited once",
            balance_minor(buyer, currency),
            amount_minor,
        )
    story.stage.show(pictures.wallets([(buyer.name, buyer.souk.wallet.get())]))


def search(story: Story, buyer: Person, wanted: Listing) -> None:
    """Finds the model with words that its page does not use."""
    ran = buyer.mp.run("search", PLAIN_WORDS)
    story.stage.show(ran.picture())
    answer = buyer.souk.discovery.search(PLAIN_WORDS)
    story.stage.equal(
        "plain words find the model first",
        answer.items[0].listing.address if answer.items else None,
        wanted.address,
    )
    story.stage.show(
        pictures.facts(
            "The search",
            {
                "found by": ", ".join(answer.items[0].matched),
                "matches": answer.total,
                "in the engine": f"{answer.took_ms:.1f} ms",
            },
        )
    )


def refuse_the_poor(story: Story, poor: Person, seller: Person, wanted: Listing) -> None:
    """Without money nothing is bought and nothing moves."""
    before = balance_minor(seller, "USD")
    try:
        poor.souk.orders.create(OrderRequest(listing_id=wanted.id))
        code = "bought"
    except SoukApiError as error:
        code = error.code
        story.stage.show(pictures.facts(f"{error.status} {error.code}", {"detail": error.detail}))
    story.stage.equal("who has no money is told so", code, "insufficient_funds")
    story.stage.equal("and nothing moved", balance_minor(seller, "USD"), before)
    story.stage.equal("no licence exists", poor.souk.licences.list().items, [])


def buy(story: Story, buyer: Person, seller: Person, affiliate: Person, wanted: Listing) -> Order:
    """Buys through the affiliate's link; every cent is accounted for."""
    before = {one.handle: balance_minor(one, "USD") for one in (buyer, seller, affiliate)}
    started = time.perf_counter()
    ran = buyer.mp.run("buy", wanted.address, "--affiliate", affiliate.handle, "--yes", "--json")
    took_s = time.perf_counter() - started
    story.stage.check("`mp buy` buys", ran.code == 0, seen=ran.noted or ran.said)
    order = buyer.souk.orders.get(ran.answer["id"])
    story.stage.show(pictures.split(order))
    story.stage.show(pictures.facts("The command", {"took": f"{took_s:.2f} s", "order": order.id}))

    shares = {share.role: share.amount_minor for share in order.shares}
    story.stage.equal(
        "the split is 85/10/5 by largest remainder, to the cent",
        shares,
        {"creator": CREATOR_MINOR, "platform": PLATFORM_MINOR, "affiliate": AFFILIATE_MINOR},
    )
    story.stage.equal("it sums to the price", sum(shares.values()), PRICE_MINOR)
    moved = {
        one.handle: balance_minor(one, "USD") - before[one.handle]
        for one in (buyer, seller, affiliate)
    }
    story.stage.equal(
        "the wallets moved by exactly that",
        moved,
        {
            buyer.handle: -PRICE_MINOR,
            seller.handle: CREATOR_MINOR,
            affiliate.handle: AFFILIATE_MINOR,
        },
    )
    rows = [(one.name, one.souk.wallet.get()) for one in (buyer, seller, affiliate)]
    story.stage.show(pictures.wallets(rows))
    return order
