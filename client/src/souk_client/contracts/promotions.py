"""Promotions: codes with which a seller's works cost less."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from souk_client.contracts.base import AmountMinor, Answer, CurrencyCode, Id, Request

PromotionCode = Annotated[
    str,
    Meta(
        pattern="^[A-Za-z0-9](?:[A-Za-z0-9_-]{1,30})[A-Za-z0-9]$",
        description="3 to 32 letters, digits, dashes and underscores; upper and lower case are one",
        examples=["SPRING-25"],
    ),
]
PromotionState = Literal["active", "scheduled", "used_up", "expired", "ended"]


class PromotionRequest(Request, frozen=True, kw_only=True):
    """A new code. Either `percent_off` or `amount_off_minor` with its currency."""

    code: PromotionCode
    organisation_id: Id | None = None
    """Whose works cost less; the caller's personal organisation when left out."""
    listing_id: Id | None = None
    """The one work it is good for; every work of the organisation when left out."""
    percent_off: Annotated[int, Meta(ge=1, le=100)] | None = None
    amount_off_minor: Annotated[int, Meta(ge=1, le=10**15)] | None = None
    currency: CurrencyCode | None = None
    """Of `amount_off_minor` and `minimum_price_minor`: other currencies' offers take no such code.
    Any currency when left out."""
    minimum_price_minor: AmountMinor = 0
    """Only offers that cost this much or more take the code. Needs `currency` unless 0."""
    starts_at: datetime | None = None
    """Now when left out."""
    ends_at: datetime | None = None
    """No end when left out."""
    max_uses: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    """In all; no limit when left out."""
    max_uses_per_buyer: Annotated[int, Meta(ge=1, le=1000)] | None = 1
    """For each organisation that buys; null is no limit."""


class Promotion(Answer, frozen=True, kw_only=True):
    """A code as its seller sees it."""

    id: str
    organisation_id: str
    code: str
    """In upper case."""
    listing_id: str | None
    percent_off: int | None
    amount_off_minor: int | None
    currency: str | None
    minimum_price_minor: int
    starts_at: datetime
    ends_at: datetime | None
    max_uses: int | None
    max_uses_per_buyer: int | None
    uses: int
    """Orders that used it and stand; a refund gives its use back."""
    state: PromotionState
    created_at: datetime
    ended_at: datetime | None


class PromotionQuoteRequest(Request, frozen=True, kw_only=True):
    """Asks what an offer costs with a code."""

    listing_id: Id
    offer_id: Id | None = None
    """May be left out when the listing has one active offer."""
    code: PromotionCode
    organisation_id: Id | None = None
    """Who would buy; the caller's personal organisation when left out."""


class PromotionQuote(Answer, frozen=True, kw_only=True):
    """What a code is good for, at this moment."""

    listing_id: str
    offer_id: str
    code: str
    list_price_minor: int
    discount_minor: int
    price_minor: int
    """What would be paid: `list_price_minor - discount_minor`."""
    currency: str


class AppliedPromotion(Answer, frozen=True, kw_only=True):
    """A code as it was used in an order."""

    code: str
    list_price_minor: int
    discount_minor: int
