"""After the sale: the seller's revenue and notices, and another order that is given back."""

import time
from typing import Final

from rich.panel import Panel
from rich.text import Text

from souk.apps.demo import pictures
from souk.apps.demo.recipe import CREATOR_MINOR, DATASET_PRICE_MINOR
from souk.apps.demo.story import Person, Story, balance_minor
from souk_client.contracts.commerce import Order, OrderRequest
from souk_client.contracts.insight import Notice
from souk_client.contracts.works import Listing
from souk_client.sdk import SoukApiError

NOTICE_PATIENCE_S: Final = 10.0


def see_revenue(story: Story, seller: Person, sold: Listing) -> None:
    """The seller's dashboard in numbers, and the same in the ledger."""
    earned = seller.souk.orders.revenue()
    story.stage.show(pictures.revenue(earned))
    lines = seller.souk.wallet.statement(currency="USD").items
    story.stage.show(pictures.statement("The seller's statement", lines))
    rows = {row.listing_id: (row.orders, row.net_minor) for row in earned.by_listing}
    story.stage.equal("one sale, and what it earned", rows.get(sold.id), (1, CREATOR_MINOR))
    story.stage.equal("the statement says the same", lines[0].amount_minor, CREATOR_MINOR)
    story.stage.equal("the listing counts its sale", seller.souk.listings.get(sold.id).sales, 1)


def see_notices(story: Story, buyer: Person, seller: Person, order: Order) -> None:
    """Both parties are told, and the buyer has a receipt."""
    told = {one.handle: _notice_kinds(one) for one in (buyer, seller)}
    story.stage.show(pictures.notices([(one.name, _notices(one)) for one in (buyer, seller)]))
    story.stage.check("the buyer is told", "order_paid" in told[buyer.handle], seen=told)
    story.stage.check("the seller is told", "order_sold" in told[seller.handle], seen=told)
    receipt = buyer.souk.orders.receipt(order.id)
    story.stage.show(Panel(Text(receipt.text.strip()), title="Receipt", expand=False))
    story.stage.equal("the receipt is for this order", receipt.order.id, order.id)


def _notices(person: Person) -> list[Notice]:
    return person.souk.notices.list().items


def _notice_kinds(person: Person) -> list[str]:
    """What a person was told; notices arrive through the outbox, a moment after the sale."""
    deadline = time.monotonic() + NOTICE_PATIENCE_S
    while not (kinds := [notice.kind for notice in _notices(person)]):
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    return kinds


def refund(story: Story, buyer: Person, seller: Person, wanted: Listing) -> None:
    """Buys the dataset, gives it back before any download: as if it had never been, but logged."""
    before = {one.handle: balance_minor(one, "EUR") for one in (buyer, seller)}
    order = buyer.souk.orders.create(OrderRequest(listing_id=wanted.id))
    story.stage.equal(
        "the dataset is paid",
        balance_minor(buyer, "EUR"),
        before[buyer.handle] - DATASET_PRICE_MINOR,
    )
    given_back = buyer.souk.orders.refund(order.id, reason="I wanted the other one")
    story.stage.show(
        pictures.statement("The buyer's euros", buyer.souk.wallet.statement(currency="EUR").items)
    )
    story.stage.equal("the order is refunded", given_back.state, "refunded")
    after = {one.handle: balance_minor(one, "EUR") for one in (buyer, seller)}
    story.stage.equal("every cent is back where it was", after, before)
    licence = buyer.souk.licences.get(order.licence_id)
    story.stage.equal("the licence is revoked", licence.state, "revoked")
    story.stage.check(
        "its files are closed", _refused(lambda: buyer.souk.licences.files(order.licence_id))
    )
    kinds = [entry.kind for entry in buyer.souk.provenance.log(limit=20).items]
    story.stage.check("the public log says `refunded`", "refunded" in kinds, seen=kinds)
    story.stage.check(
        "a second refund is refused", _refused(lambda: buyer.souk.orders.refund(order.id))
    )


def keep_what_was_downloaded(story: Story, buyer: Person, order: Order) -> None:
    """After a download there is no refund any more."""
    refusal = _refused(lambda: buyer.souk.orders.refund(order.id))
    story.stage.check("what was downloaded cannot be given back", refusal)
    story.stage.show(pictures.facts("The refusal", {"detail": refusal}))


def _refused(attempt: object) -> str:
    """The detail of the refusal; empty when it was allowed."""
    assert callable(attempt)
    try:
        attempt()
    except SoukApiError as error:
        return error.detail
    return ""
