"""The postings of a sale: who pays, and who gets which part."""

from collections.abc import Sequence

from souk.commerce.orders.api import BoundPurchase
from souk.commerce.orders.model import Share, account_of
from souk.treasury.ledger.api import Posting, wallet


def wallet_postings(purchase: BoundPurchase) -> list[Posting]:
    """A purchase that the buyer's wallet pays."""
    offer = purchase.item.offer
    payer = wallet(purchase.buyer.id, offer.currency)
    return [Posting(payer, -offer.price_minor), *paid_in(purchase.shares, offer.currency)]


def paid_in(shares: Sequence[Share], currency: str) -> list[Posting]:
    """Every part into the account of whom it belongs to."""
    return [
        Posting(account_of(share, currency), share.amount_minor)
        for share in shares
        if share.amount_minor
    ]
