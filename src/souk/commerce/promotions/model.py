"""Rules of promotions: what a code may be, whether it is good, and how much it takes off."""

from datetime import datetime

import msgspec

from souk.kernel.errors import Conflict, Invalid
from souk.kernel.money import currency
from souk_client.contracts.promotions import PromotionRequest, PromotionState


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What a code is worth, for what and when; and how often it was used."""

    code: str
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
    ended_at: datetime | None


def normal_code(typed: str) -> str:
    """A code as it is kept: upper case."""
    return typed.strip().upper()


def discount_of(price_minor: int, *, percent_off: int | None, amount_off_minor: int | None) -> int:
    """What is taken off a price, in minor units; never more than the price.

    A percentage is rounded down to a whole minor unit: the buyer pays the rounding, and the rest of
    the price is what the sale's split divides.
    """
    if percent_off is not None:
        return price_minor * percent_off // 100
    return min(price_minor, amount_off_minor or 0)


def check_request(request: PromotionRequest, *, now: datetime) -> None:
    """Whether this can be a promotion.

    Raises:
        Invalid: `promotion_invalid`, `currency_unknown`.
    """
    if (request.percent_off is None) == (request.amount_off_minor is None):
        raise _invalid("Give either percent_off or amount_off_minor.")
    if request.currency is not None:
        currency(request.currency)
    elif request.amount_off_minor is not None or request.minimum_price_minor:
        raise _invalid("An amount needs its currency.")
    for name in ("starts_at", "ends_at"):
        moment = getattr(request, name)
        if moment is not None and moment.tzinfo is None:
            raise _invalid(f"{name} needs its offset from UTC, such as 2027-01-31T12:00:00Z.")
    starts_at = request.starts_at or now
    if request.ends_at is not None and request.ends_at <= max(starts_at, now):
        raise _invalid("ends_at must be after starts_at, and in the future.")


def state_of(terms: Terms, *, now: datetime) -> PromotionState:
    """How a code stands."""
    if terms.ended_at is not None:
        return "ended"
    if terms.ends_at is not None and now >= terms.ends_at:
        return "expired"
    if terms.max_uses is not None and terms.uses >= terms.max_uses:
        return "used_up"
    return "scheduled" if now < terms.starts_at else "active"


def check_good(
    terms: Terms,
    *,
    listing_id: str,
    price_minor: int,
    price_currency: str,
    uses_of_buyer: int,
    now: datetime,
) -> int:
    """The discount, when the code is good for this purchase.

    Raises:
        Conflict: `promotion_not_started`, `promotion_over`, `promotion_used_up`,
            `promotion_not_for_this`.
    """
    state = state_of(terms, now=now)
    if state in ("ended", "expired"):
        raise Conflict("promotion_over", f"The code {terms.code} is over.")
    if state == "used_up":
        raise Conflict("promotion_used_up", f"The code {terms.code} was used as often as it may.")
    if state == "scheduled":
        raise Conflict(
            "promotion_not_started",
            f"The code {terms.code} is good from {terms.starts_at:%Y-%m-%d %H:%M} UTC on.",
        )
    if terms.max_uses_per_buyer is not None and uses_of_buyer >= terms.max_uses_per_buyer:
        raise Conflict(
            "promotion_used_up", f"You used the code {terms.code} as often as one buyer may."
        )
    if terms.listing_id is not None and terms.listing_id != listing_id:
        raise _not_for(terms, "it is for another work")
    if terms.currency is not None and terms.currency != price_currency:
        raise _not_for(terms, f"it is for prices in {terms.currency}")
    if price_minor < terms.minimum_price_minor:
        raise _not_for(terms, "the price is below what the code asks for")
    discount = discount_of(
        price_minor, percent_off=terms.percent_off, amount_off_minor=terms.amount_off_minor
    )
    if not discount:
        raise _not_for(terms, "it takes nothing off this price")
    return discount


def _not_for(terms: Terms, why: str) -> Conflict:
    return Conflict("promotion_not_for_this", f"The code {terms.code} does not fit: {why}.")


def _invalid(detail: str) -> Invalid:
    return Invalid("promotion_invalid", f"This can be no promotion: {detail}")
