"""Commerce: orders, receipts, refunds, revenue."""

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import AmountMinor, Answer, CurrencyCode, Id, OwnerRef, Request
from souk_client.contracts.promotions import AppliedPromotion, PromotionCode

OrderState = Literal["paid", "refunded"]


class OrderRequest(Request, frozen=True, kw_only=True):
    """Buys one offer of a listing from a wallet."""

    listing_id: Id
    offer_id: Id | None = None
    """The edition to buy; may be left out when the listing has one active offer."""
    organisation_id: Id | None = None
    """Who buys; the caller's personal organisation when left out."""
    affiliate: Annotated[str, Meta(max_length=96)] | None = None
    """Slug of the organisation whose link brought the buyer."""
    promotion_code: PromotionCode | None = None
    """A code of the seller's with which it costs less."""
    expected_price_minor: AmountMinor | None = None
    """What the buyer expects to pay (with a code, after it); refused with 409 when it is not so."""
    expected_currency: CurrencyCode | None = None


class OrderShare(Answer, frozen=True, kw_only=True):
    """One part of a sale's split."""

    role: str
    organisation: OwnerRef | None
    """None for the platform's own accounts."""
    basis_points: int
    amount_minor: int


class Order(Answer, frozen=True, kw_only=True):
    id: str
    number: str
    """For people, on the receipt: `S-000123`."""
    state: OrderState
    listing_id: str
    listing_address: str
    listing_title: str
    version: str | None
    edition: str
    buyer: OwnerRef
    seller: OwnerRef
    price_minor: int
    currency: str
    shares: list[OrderShare]
    licence_id: str
    provenance_entry_id: str
    transfer_id: str | None
    created_at: datetime
    payment: Literal["wallet", "chain"] = "wallet"
    """From the organisation's wallet here, or by a wallet on a chain."""
    refundable_until: datetime | None = None
    """None when it cannot be refunded by the buyer any more."""
    refunded_at: datetime | None = None
    promotion: AppliedPromotion | None = None
    """The code that was used; `price_minor` is what was paid, after it."""


class RefundRequest(Request, frozen=True, kw_only=True):
    reason: Annotated[str, Meta(max_length=500)] = ""


class Receipt(Answer, frozen=True, kw_only=True):
    """What a buyer keeps: who sold what to whom, for how much, when, and how it can be checked."""

    number: str
    order: Order
    issued_at: datetime
    marketplace: str
    text: str
    """The receipt as plain text."""


class RevenueDay(Answer, frozen=True, kw_only=True):
    day: date
    currency: str
    orders: int
    gross_minor: int
    net_minor: int
    """What reached the seller's wallet."""


class Revenue(Answer, frozen=True, kw_only=True):
    organisation_id: str
    days: list[RevenueDay]
    by_listing: list["ListingRevenue"]


class ListingRevenue(Answer, frozen=True, kw_only=True):
    listing_id: str
    title: str
    currency: str
    orders: int
    net_minor: int
